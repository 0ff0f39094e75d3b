// One file with the simulator, the firmware and a program around them: node lives-bundle.js FILE
// OUT. A process of its own, because rollup's native half and jest's module registry do not mix.
import { resolve } from "node:path";
import { rollup } from "rollup";
import configurations from "../../rollup.config.js";

const { plugins } = configurations.find(({ input }) => input === "src/device.ts");
const [, , file, out] = process.argv;
const bundle = await rollup({
	input: resolve(file),
	plugins,
	external: (id) => id.startsWith("node:"),
	onwarn(warning) {
		if (warning.code !== "CIRCULAR_DEPENDENCY") throw new Error(warning.message);
	},
});
await bundle.write({ file: out, format: "es" });
