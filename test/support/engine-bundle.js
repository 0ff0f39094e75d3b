// Bundles for the XS engine: node engine-bundle.js tests OUT FILE..., or script OUT FILE. A
// process of its own, because rollup's native half and jest's module registry do not mix.
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { rollup } from "rollup";
import configurations from "../../rollup.config.js";

const { plugins } = configurations.find(({ input }) => input === "src/device.ts");
const [, , kind, out, ...files] = process.argv;
const ENTRY = "\0engine-entry";
const SETUP = "\0engine-setup";
const shim = resolve("test/support/jest-shim.ts");
const program = resolve("hosts/linux/program.ts");
const seed = process.env.HOLDFAST_SEED;
const environment = JSON.stringify(seed === undefined ? {} : { HOLDFAST_SEED: seed });

const entry = {
	name: "engine-entry",
	resolveId: (id) => (id === ENTRY || id === SETUP ? id : null),
	load(id) {
		if (id === SETUP) {
			return `import { jestShim } from ${JSON.stringify(shim)};
				jestShim.install(${environment});`;
		}
		if (id === ENTRY) {
			return `import ${JSON.stringify(SETUP)};
				${files.map((file) => `import ${JSON.stringify(resolve(file))};`).join("\n")}
				import { jestShim } from ${JSON.stringify(shim)};
				import { program } from ${JSON.stringify(program)};
				program.exit((await jestShim.run((line) => program.print(line))) ? 0 : 1);`;
		}
		if (id.endsWith(".json")) return `export default ${readFileSync(id, "utf8")};`;
		return null;
	},
};

const bundle = await rollup({
	input: kind === "tests" ? ENTRY : resolve(files[0]),
	plugins: [entry, ...plugins],
	treeshake: false,
	onwarn(warning) {
		if (warning.code !== "CIRCULAR_DEPENDENCY") throw new Error(warning.message);
	},
});
await bundle.write({ file: out, format: "es" });
