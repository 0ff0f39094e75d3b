// Native code with planted faults, loaded into the XS host beside its own: what a test must notice.
import { execFileSync } from "node:child_process";
import { resolve } from "node:path";

const XS = "node_modules/@agoric/xsnap/moddable/xs";

/** The environment in which the XS host finds the functions of test/engine/native/planted.c. */
export function withPlantedNatives(): NodeJS.ProcessEnv {
	const library = resolve("build/engine/planted.so");
	const includes = [`-I${XS}/includes`, `-I${XS}/platforms`];
	const parts = ["-shared", "-fPIC", "-O0", "-w", ...includes, "-o", library];
	execFileSync("gcc", [...parts, "test/engine/native/planted.c"], { stdio: "pipe" });
	return { ...process.env, LD_PRELOAD: library };
}
