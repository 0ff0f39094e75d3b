// The power-loss loop over outbox and sequence reservation. HOLDFAST_SEED and HOLDFAST_CUTS replay
// one run.

import { OutboxBoard } from "./outbox-board.js";
import { powerLossLoop } from "./power-loss.js";

const file = "power-loss-outbox";

describe("outbox and sequence reservation, power cut at every operation", () => {
	it("keep every promise with long records in the smallest ring", () => {
		const { cuts } = powerLossLoop({
			board: (seed) => new OutboxBoard({ seed, blocks: 4, steps: 20, recordBytesMax: 1024 }),
			seed: 1,
			lives: [0, 2, 7],
			sampledRuns: 100,
			file,
		});
		expect(cuts).toBeGreaterThan(300);
	});

	it("keep every promise with short records", () => {
		const { cuts } = powerLossLoop({
			board: (seed) => new OutboxBoard({ seed, blocks: 5, steps: 40, recordBytesMax: 120 }),
			seed: 2,
			lives: [0, 9],
			tears: 2,
			sampledRuns: 100,
			file,
		});
		expect(cuts).toBeGreaterThan(300);
	});

	it("keep every promise offline, where every life drops and hardly acknowledges", () => {
		const { cuts } = powerLossLoop({
			board: (seed) =>
				new OutboxBoard({ seed, blocks: 8, steps: 30, recordBytesMax: 1000, acknowledged: 3 }),
			seed: 3,
			lives: [3],
			tears: 2,
			sampledRuns: 50,
			file,
		});
		expect(cuts).toBeGreaterThan(150);
	});
});
