// Hours without a broker at a reading a second: a bounded outbox, a flat heap, and every reading
// accounted for by the verifier from signed gap records. All of a day: `npm run sim -- --offline`.

import { execFile, execFileSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { promisify } from "node:util";
import { isAccounted, type OfflineResult } from "../../hosts/simulator/run/offline.js";
import { MQTT_IN_FLIGHT_MAX } from "../../src/limits.js";
import { HEAP_GROWTH_BYTES_MAX } from "../../tools/sim/heap-growth.js";

const HOURS = 3;
const PROGRAM = "build/simulation/offline-program.js";

/** Without compiled code, which would come and go on the heap. */
async function run(...words: string[]): Promise<OfflineResult & { growthBytes: number }> {
	const command = ["--expose-gc", "--jitless", PROGRAM, String(HOURS), ...words];
	const { stdout } = await promisify(execFile)(process.execPath, command);
	return JSON.parse(stdout) as OfflineResult & { growthBytes: number };
}

describe("a device offline at a reading a second", () => {
	let result: Awaited<ReturnType<typeof run>>;
	let leaking: typeof result;

	beforeAll(async () => {
		mkdirSync("build/simulation", { recursive: true });
		const words = ["test/support/lives-bundle.js", "test/simulation/offline-program.ts", PROGRAM];
		execFileSync(process.execPath, words);
		[result, leaking] = await Promise.all([run(), run("leak")]);
	}, 180_000);

	it("drops what has no room, and the verifier counts each lost reading", () => {
		const { accepted, deliveredBefore, deliveredDuring, deliveredAfter, lost } = result;
		expect(result.finding).toBe(undefined);
		expect(accepted).toBe((HOURS * 60 + 10 + 60) * 60 + 1);
		expect(lost).toBeGreaterThan(HOURS * 3600 - 100);
		expect(deliveredDuring).toBe(0);
		expect(deliveredBefore + deliveredAfter + lost).toBe(accepted);
		expect(result.counted - result.replaced - result.cameAllTheSame).toBe(lost);
		expect(result.replaced).toBeGreaterThan(100);
		expect(result.cameAllTheSame).toBeLessThanOrEqual(MQTT_IN_FLIGHT_MAX);
		expect(result).toMatchObject({ unnamed: 0, unexplained: 0, refused: 0 });
		expect(isAccounted(result)).toBe(true);
	});

	it("says so when one reading is not accounted for", () => {
		const { lost, counted, deliveredAfter } = result;
		expect(isAccounted({ ...result, lost: lost + 1 })).toBe(false);
		expect(isAccounted({ ...result, counted: counted + 1 })).toBe(false);
		expect(isAccounted({ ...result, lost: lost - 1, deliveredAfter: deliveredAfter + 1 })).toBe(
			false,
		);
		for (const name of ["unnamed", "unexplained", "refused"] as const) {
			expect(isAccounted({ ...result, [name]: 1 })).toBe(false);
		}
	});

	it("has a bounded outbox and few timers, and wears its blocks evenly", () => {
		expect(result.recordsMax).toBeLessThan(150);
		expect(result.timersMax).toBeLessThan(8);
		expect(result.erasesPerDayWorst - result.erasesPerDay).toBeLessThan(20);
	});

	it("has a flat heap, and one that is not when two numbers of each reading are kept", () => {
		expect(result.growthBytes).toBeLessThan(HEAP_GROWTH_BYTES_MAX);
		expect(leaking.growthBytes).toBeGreaterThan(HEAP_GROWTH_BYTES_MAX);
	});
});
