// A world with a device in it on either engine: the same seed, the same life.

import { SETTLING_MS, WorldBench } from "../../support/world-bench.js";

describe("World", () => {
	it("has a device that connects and delivers, the same in two lives of one seed", () => {
		const life = () => {
			const bench = WorldBench.settled({ seed: 3, sampleIntervalMs: 20_000, outboxBlocks: 4 });
			bench.board.reset("external");
			bench.world.run(SETTLING_MS);
			expect(bench.delivered.length).toBeGreaterThan(9);
			return [bench.reports, bench.delivered, bench.board.path.bytesSent];
		};
		expect(life()).toEqual(life());
	});

	it("knows the true time", () => {
		const { world } = new WorldBench();
		world.run(90_500);
		expect(world.unixSeconds).toBe(world.startUnixSeconds + 90);
	});
});
