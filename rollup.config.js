// Two sorts of artefact: build/device.js, the whole of src with mqtt-packet's writing half and
// nothing else, which every host loads unchanged; and one file per Node program, whose packages
// stay outside.
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import commonjs from "@rollup/plugin-commonjs";
import nodeResolve from "@rollup/plugin-node-resolve";
import typescript from "./tools/typescript-plugin.js";

const standIns = JSON.parse(readFileSync("src/mqtt/node-stand-ins/table.json", "utf8"));

/** What mqtt-packet expects of Node is served by the small stand-ins of src/mqtt/node-stand-ins. */
function nodeStandIns() {
	return {
		name: "node-stand-ins",
		resolveId(specifier) {
			const file = standIns[specifier];
			return file
				? fileURLToPath(new URL(`src/mqtt/node-stand-ins/${file}`, import.meta.url))
				: null;
		},
	};
}

const programs = {
	holdfast: "tools/cli.ts",
	firmware: "tools/firmware/firmware.ts",
	start: "tools/start/start.ts",
	bench: "tools/bench/bench.ts",
	"bench-node-pump": "tools/bench/programs/node-pump.ts",
	"node-host": "hosts/node/main.ts",
	"node-device": "hosts/node/device-process.ts",
};

/**
 * The firmware for the XS host: the native modules' TypeScript, and the bundle as it is, which
 * stays a file of its own.
 */
const firmware = fileURLToPath(new URL("src/device.ts", import.meta.url));
const linuxMain = {
	input: "hosts/linux/main.ts",
	plugins: [typescript()],
	external: [firmware],
	output: {
		file: "build/linux-main.js",
		format: "es",
		paths: { [firmware]: "./device.js" },
	},
};

/** `npm run sim`: the simulated world around the bundle as it is, and its worker. */
const simulator = {
	input: { sim: "tools/sim/sim.ts", "sim-worker": "tools/sim/life-worker.ts" },
	plugins: [typescript()],
	external: (id) => id === firmware || (!id.startsWith(".") && !id.startsWith("/")),
	output: {
		dir: "build",
		format: "es",
		chunkFileNames: "sim-[name].js",
		paths: { [firmware]: "./device.js" },
	},
};

/** Where tweetnacl would take random numbers from; the bench wants none of it. */
const noNodeCrypto = {
	name: "no-node-crypto",
	resolveId: (specifier) => (specifier === "crypto" ? "\0no-node-crypto" : null),
	load: (id) => (id === "\0no-node-crypto" ? "export default {};" : null),
};

/** What `npm run bench` runs on the XS host: parts of src and the native modules, in one file. */
const benchOnXS = ["xs-costs", "xs-pump"].map((name) => ({
	input: `tools/bench/programs/${name}.ts`,
	plugins: [nodeStandIns(), typescript(), noNodeCrypto, nodeResolve(), commonjs()],
	output: { file: `build/bench-${name}.js`, format: "es" },
}));

export default [
	{
		input: "src/device.ts",
		plugins: [nodeStandIns(), typescript(), nodeResolve(), commonjs()],
		output: { file: "build/device.js", format: "es" },
		onwarn(warning) {
			throw new Error(`device.js: ${warning.message}`);
		},
	},
	{
		input: Object.fromEntries(Object.entries(programs).filter(([, file]) => existsSync(file))),
		plugins: [typescript()],
		external: (id) => !id.startsWith(".") && !id.startsWith("/"),
		output: { dir: "build", format: "es", chunkFileNames: "chunks/[name]-[hash].js" },
	},
	linuxMain,
	simulator,
	...benchOnXS,
];
