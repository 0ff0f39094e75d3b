// The firmware bundle holds src, mqtt-packet's writing half and nothing else: no Node builtin, and
// none of the Node packages that mqtt-packet would otherwise bring along.

import { execFileSync } from "node:child_process";
import { relative } from "node:path";
import { ROOT } from "./repository.js";

interface Bundle {
	/** Every file that rollup read, whether or not something of it is left. */
	readonly modules: readonly string[];
	readonly imports: readonly string[];
	readonly exports: readonly string[];
	readonly code: string;
}

/** In a process of its own: rollup's native half and jest's module registry do not mix. */
const BUNDLER = `
import { rollup } from "rollup";
import configurations from "./rollup.config.js";
const configuration = configurations.find(({ input }) => input === "src/device.ts");
const bundle = await rollup(configuration);
const { output } = await bundle.generate({ format: "es" });
const [{ imports, dynamicImports, exports, code }] = output;
const modules = bundle.watchFiles;
console.log(JSON.stringify({ modules, imports: [...imports, ...dynamicImports], exports, code }));
`;

function bundleDevice(): Bundle {
	const run = ["--input-type=module", "--eval", BUNDLER];
	const output = execFileSync(process.execPath, run, { cwd: ROOT, maxBuffer: 64 << 20 });
	return JSON.parse(output.toString()) as Bundle;
}

function graphFindings({ modules, imports }: Pick<Bundle, "modules" | "imports">): string[] {
	const foreign = modules.map((file) => relative(ROOT, file)).filter((path) => !OURS.test(path));
	return [
		...imports.map((name) => `device.js imports ${name}: take it through ports.ts`),
		...foreign.map((path) => `device.js reads ${path}: add a stand-in to src/mqtt/node-stand-ins`),
	];
}

const OURS = /^(src|node_modules\/mqtt-packet)\//;

describe("build/device.js", () => {
	const bundle = bundleDevice();

	it("contains src and the writing half of mqtt-packet alone", () => {
		expect(graphFindings(bundle)).toEqual([]);
		expect(bundle.modules.filter((file) => file.endsWith("/mqtt-packet/parser.js"))).toEqual([]);
	});

	it("exports the device and imports nothing", () => {
		expect(bundle.exports).toEqual(["Device"]);
		expect(/^\s*(import|export\s.*\sfrom)\s/m.test(bundle.code)).toBe(false);
	});

	it("is refused when a Node package gets in", () => {
		const modules = [`${ROOT}/node_modules/bl/bl.js`, `${ROOT}/src/device.ts`];
		expect(graphFindings({ modules, imports: ["node:fs"] })).toHaveLength(2);
	});
});
