// Hostile arguments into every binding on XS, at random: HOLDFAST_SEED replays a run,
// HOLDFAST_FUZZ_RUNS makes it longer.
import { spawnSync } from "node:child_process";
import { engine } from "../support/engine.js";
import { chosenSeed } from "../support/seed.js";
import { TemporaryFolder } from "../support/temporary-folder.js";

const CALLS = process.env.HOLDFAST_FUZZ_RUNS ?? "3000";
const TIMEOUT_MS = 50_000;

describe("native classes on XS, given hostile arguments", () => {
	engine.it("throw or answer, and work afterwards", async () => {
		const seed = chosenSeed();
		const folder = new TemporaryFolder();
		const bundle = engine.bundle("hostile", ["test/engine/native/hostile.ts"]);
		// A panic starts the program again, like the chip: without end, if it always comes.
		const { stdout, stderr, status } = spawnSync(
			engine.program,
			[bundle, folder.path, `${seed}`, CALLS],
			{ encoding: "utf8", timeout: TIMEOUT_MS, killSignal: "SIGKILL" },
		);
		folder.remove();
		const panics = stderr.split("\n").filter((line) => /panic|corrupt|invalid|abort/.test(line));
		const lines = stdout.trim().split("\n");
		const code = status;
		const { failed } = engine.summary({ code, lines, errors: stderr });
		expect({ seed, panics, failed }).toEqual({ seed, panics: [], failed: [] });
	});
});
