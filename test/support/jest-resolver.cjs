// Finds TypeScript behind the .js of relative specifiers.
const { existsSync } = require("node:fs");
const { resolve, sep } = require("node:path");

const packages = `${sep}node_modules${sep}`;

module.exports = (specifier, options) => {
	const inPackage = options.basedir.includes(packages);
	if (!inPackage && specifier.startsWith(".") && specifier.endsWith(".js")) {
		const source = resolve(options.basedir, specifier.replace(/\.js$/, ".ts"));
		if (existsSync(source)) return source;
	}
	return options.defaultResolver(specifier, options);
};
