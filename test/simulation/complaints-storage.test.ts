// Complaints of the field about what is stored, each as a life that must go well: 1, 14 and 24.

import { Random } from "../../hosts/simulator/random.js";
import { OUTBOX_RECORDS_MAX } from "../../src/limits.js";
import { FieldBench, HOUR, MINUTE, SECOND } from "../support/field-bench.js";

describe("complaint 1: an outbox that grows until the heap is gone, or drops silently", () => {
	it("is bounded, and each drop is in a signed gap record", () => {
		const bench = FieldBench.settled({ board: { sampleIntervalMs: SECOND, outboxBlocks: 8 } });
		const timers = bench.board.activeTimers;
		bench.broker.refuse();
		bench.broker.kick();
		bench.run(HOUR);
		const depths = bench.named("reading-accepted").map(({ depth }) => depth as number);
		expect(Math.max(...depths)).toBeLessThan(OUTBOX_RECORDS_MAX);
		expect(Math.max(...depths.slice(-600))).toBe(Math.max(...depths.slice(-1200, -600)));
		expect(bench.board.activeTimers).toBeLessThanOrEqual(timers);
		bench.broker.start();
		bench.until(() => bench.isOnline, 10 * MINUTE);
		expect(bench.problems()).toEqual([]);
		const { gaps } = bench.receiver.of(bench.board.name);
		const { explained } = bench.receiver.account(bench.board.name, bench.accepted());
		expect(explained).toBeGreaterThan(3000);
		// Each gap record counts what it replaces: the readings, and the gap records before it.
		const stated = gaps.reduce((sum, { count }) => sum + count, 0);
		expect(stated).toBe(explained + bench.named("readings-dropped").length - gaps.length);
	});
});

describe("complaint 14: QoS 1 messages that a reboot loses", () => {
	it("are in flash until their PUBACK", () => {
		const bench = FieldBench.settled();
		bench.broker.faults.acknowledgementLossRate = 1;
		bench.run(MINUTE);
		bench.board.powerCut();
		bench.broker.heal();
		bench.board.powerOn();
		bench.run(5 * MINUTE);
		expect(bench.problems()).toEqual([]);
		expect(bench.receiver.of(bench.board.name).duplicates).toBeGreaterThan(0);
	});

	it("are sent once flash answers again, and no session has to end for it", () => {
		const bench = FieldBench.settled();
		bench.broker.crash();
		bench.run(20 * MINUTE);
		bench.board.outboxChip.unreadableBytes = 0;
		bench.broker.start();
		bench.until(() => bench.isOnline, 10 * MINUTE);
		bench.run(5 * MINUTE);
		bench.mark();
		bench.board.outboxChip.unreadableBytes = Infinity;
		bench.run(2 * MINUTE);
		expect(bench.attempts).toEqual([]);
		const accepted = bench.accepted();
		const account = bench.receiver.account(bench.board.name, accepted);
		expect(account).toEqual({ delivered: accepted.length, explained: 0, lost: [] });
	});

	it("survive power cuts at any moment", () => {
		const random = new Random(14);
		const bench = FieldBench.settled({ board: { sampleIntervalMs: SECOND } });
		bench.broker.faults.acknowledgeDelayMs = 300;
		for (let cut = 0; cut < 60; cut++) {
			bench.run(random.integer(1, 20 * SECOND));
			if (random.oneIn(3)) {
				const manner = random.pick(["before", "torn", "after"] as const);
				bench.board.planPowerCut({ distance: random.integer(1, 30), manner, seed: cut });
				bench.run(20 * SECOND);
			}
			bench.board.powerCut();
			bench.board.powerOn();
		}
		bench.run(2 * MINUTE);
		expect(bench.problems()).toEqual([]);
		expect(bench.accepted().length).toBeGreaterThan(500);
	});
});

// Provisioning itself: power-loss-credentials.test.ts, and the cable pulled at any byte:
// test/integration/provisioning-cable.test.ts.
describe("complaint 24: settings that a power cut corrupts, and boards that never start", () => {
	it("heal after a cut at any write of a boot", () => {
		const bench = FieldBench.settled();
		const random = new Random(24);
		for (let write = 1; write <= 24; write++) {
			for (const manner of ["before", "torn", "after"] as const) {
				bench.board.powerCut();
				bench.board.powerOn();
				bench.run(1); // the boot begins
				bench.board.planPowerCut({ distance: write, manner, seed: random.uint32() });
				bench.run(15 * SECOND);
			}
		}
		bench.board.powerCut();
		bench.board.powerOn();
		bench.until(() => bench.isOnline, 5 * MINUTE);
		bench.run(2 * MINUTE);
		expect(bench.problems()).toEqual([]);
		expect(bench.boots.filter(({ reason }) => reason !== "power-on")).toEqual([]);
	});

	it("heal after a cut at any write of a change of credentials, to the old or the new", () => {
		const bench = FieldBench.settled({ board: { sampleIntervalMs: 10 * MINUTE } });
		const random = new Random(42);
		for (let write = 1; write <= 36; write++) {
			for (const manner of ["torn", "after"] as const) {
				bench.board.powerCut();
				bench.reinstall({ keepAliveS: 60 + write });
				bench.board.powerOn();
				bench.run(1);
				bench.board.planPowerCut({ distance: write, manner, seed: random.uint32() });
				bench.run(2 * MINUTE); // the new ones are proved and kept
				bench.board.powerCut();
				bench.board.powerOn();
				bench.until(() => bench.isOnline, 2 * MINUTE);
			}
		}
		expect(bench.problems()).toEqual([]);
	});
});
