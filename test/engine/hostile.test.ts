// Hostile arguments into every binding on XS, at random: HOLDFAST_SEED replays a run,
// HOLDFAST_FUZZ_RUNS makes it longer.
import { spawnSync } from "node:child_process";
import { engine } from "../support/engine.js";
import { withPlantedNatives } from "../support/planted-natives.js";
import { chosenSeed } from "../support/seed.js";
import { TemporaryFolder } from "../support/temporary-folder.js";

const CALLS = process.env.HOLDFAST_FUZZ_RUNS ?? "3000";
const TIMEOUT_MS = 50_000;
/** The planted fault comes within the first calls, and then again in each life. */
const PLANTED_TIMEOUT_MS = 5_000;

/** The lines on standard error in which a process says that its memory is broken. */
function panicsOf(errors: string): string[] {
	return errors.split("\n").filter((line) => /panic|corrupt|invalid|abort/.test(line));
}

function call(seed: number, more: readonly string[] = [], env = process.env) {
	const folder = new TemporaryFolder();
	const bundle = engine.bundle("hostile", ["test/engine/native/hostile.ts"]);
	// A panic starts the program again, like the chip: without end, if it always comes.
	const timeout = more.length > 0 ? PLANTED_TIMEOUT_MS : TIMEOUT_MS;
	const run = spawnSync(engine.program, [bundle, folder.path, `${seed}`, CALLS, ...more], {
		...({ encoding: "utf8", timeout, killSignal: "SIGKILL", env } as const),
	});
	folder.remove();
	return run;
}

describe("native classes on XS, given hostile arguments", () => {
	engine.it("throw or answer, and work afterwards", async () => {
		const seed = chosenSeed();
		const { stdout, stderr, status } = call(seed);
		const lines = stdout.trim().split("\n");
		const { failed } = engine.summary({ code: status, lines, errors: stderr });
		expect({ seed, panics: panicsOf(stderr), failed }).toEqual({ seed, panics: [], failed: [] });
	});

	engine.it("would be found out if one believed what an argument says of itself", async () => {
		const { stderr } = call(1, ["planted"], withPlantedNatives());
		expect(panicsOf(stderr).length).toBeGreaterThan(0);
	});
});
