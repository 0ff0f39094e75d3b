// Finds TypeScript behind the .js of relative specifiers, and for mqtt-packet alone the stand-ins that
// the firmware bundle has too: one table serves both (src/mqtt/node-stand-ins/table.json).
const { existsSync } = require("node:fs");
const { join, resolve, sep } = require("node:path");

const root = join(__dirname, "../..");
const standInFolder = join(root, "src/mqtt/node-stand-ins");
const standIns = require(join(standInFolder, "table.json"));
const packages = `${sep}node_modules${sep}`;

module.exports = (specifier, options) => {
	const inPackage = options.basedir.includes(packages);
	if (!inPackage && specifier.startsWith(".") && specifier.endsWith(".js")) {
		const source = resolve(options.basedir, specifier.replace(/\.js$/, ".ts"));
		if (existsSync(source)) return source;
	}
	if (options.basedir.endsWith(`${packages}mqtt-packet`) && Object.hasOwn(standIns, specifier)) {
		return join(standInFolder, standIns[specifier]);
	}
	return options.defaultResolver(specifier, options);
};
