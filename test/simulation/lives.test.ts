// A few hundred short stormy lives, on both cores. `npm run sim` lives longer ones.

import { live as liveHere } from "../support/live.js";
import { buildLives, live } from "../support/lives-program.js";

const STORM = { profile: "storm", days: 0.1 } as const;
const LIVES = 240;

describe("a stormy life", () => {
	it("breaks no promise, whatever its seed", async () => {
		const file = buildLives("storm");
		const half = LIVES / 2;
		const halves = await Promise.all([
			live(file, { ...STORM, first: 1, last: half }),
			live(file, { ...STORM, first: half + 1, last: LIVES }),
		]);
		expect(halves.map(({ finding }) => finding)).toEqual([undefined, undefined]);
		expect(halves.map(({ lives }) => lives)).toEqual([half, half]);
	}, 300_000);

	it("is the same again from the same seed, and another from another", () => {
		const digests = [3, 3, 4].map((seed) => liveHere({ ...STORM, seed }).digest);
		expect(digests[1]).toBe(digests[0]);
		expect(digests[2] === digests[0]).toBe(false);
	});

	it("has the same digest whether or not its trace is kept", () => {
		const told = liveHere({ ...STORM, seed: 5 }, { keepsTrace: true });
		const { digest, trace } = liveHere({ ...STORM, seed: 5 });
		expect(trace).toEqual([]);
		expect(told.trace.length).toBeGreaterThan(100);
		expect(digest).toBe(told.digest);
	});
});
