// Gives mqtt-packet the stand-ins that the firmware bundle has too: one table serves both
// (src/mqtt/node-stand-ins/table.json). A transform, because jest asks no resolver about Node's own
// modules.
const { createHash } = require("node:crypto");
const { join } = require("node:path");

const folder = join(__dirname, "../../src/mqtt/node-stand-ins");
const standIns = require(join(folder, "table.json"));

module.exports = {
	process(source) {
		const code = source.replace(/require\('([^']+)'\)/g, (whole, specifier) => {
			if (!Object.hasOwn(standIns, specifier)) return whole;
			return `require(${JSON.stringify(join(folder, standIns[specifier]))})`;
		});
		return { code };
	},
	/** The table is part of the input. */
	getCacheKey(source, path) {
		return createHash("sha1")
			.update(path + JSON.stringify(standIns) + source)
			.digest("hex");
	},
};
