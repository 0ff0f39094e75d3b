// The power-loss loop over the security log: ring, head and upload position. HOLDFAST_SEED and
// HOLDFAST_CUTS replay one run.

import { LogBoard, type LogBoardOptions } from "./log-board.js";
import { powerLossLoop } from "./power-loss.js";

const file = "power-loss-log";

function loop(options: Omit<LogBoardOptions, "seed">, environment?: Record<string, string>) {
	return powerLossLoop(
		{
			board: (seed) => new LogBoard({ seed, ...options }),
			seed: 1,
			lives: [0, 7],
			tears: 2,
			sampledRuns: 40,
			file,
		},
		environment,
	);
}

/** What the loop says of a planted bug. */
function caught(plant: NonNullable<LogBoardOptions["plant"]>): string {
	try {
		loop({ blocks: 4, steps: 12, plant }, {});
	} catch (error) {
		return (error as Error).message;
	}
	return "nothing";
}

describe("the security log, power cut at every operation", () => {
	it("keeps every promise in the smallest ring, where every life overwrites", () => {
		expect(loop({ blocks: 4, steps: 12 }).cuts).toBeGreaterThan(100);
	});

	it("keeps every promise on a larger partition", () => {
		expect(loop({ blocks: 8, steps: 12 }).cuts).toBeGreaterThan(100);
	});
});

describe("the power-loss loop over the security log", () => {
	it("catches a position that is saved before the batch is handed over", () => {
		const plant: LogBoardOptions["plant"] = ({ log }) => {
			const nextBatch = log.nextBatch.bind(log);
			log.nextBatch = () => {
				const batch = nextBatch();
				if (batch !== undefined) {
					log.uploaded(batch.through);
					log.save();
				}
				return batch;
			};
		};
		expect(caught(plant)).toMatch(/never uploaded/);
	});

	it("catches entries that are overwritten in memory alone", () => {
		const plant: LogBoardOptions["plant"] = ({ store }) => {
			store.flush = () => ({ kind: "stored" });
		};
		expect(caught(plant)).toMatch(/come back/);
	});
});
