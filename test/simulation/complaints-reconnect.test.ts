// Complaints of the field about coming back, each as a life that must go well: 2 to 6, 15 and 23.

import { Rival } from "../../hosts/simulator/rival.js";
import { REBOOTS_PER_DAY_MAX } from "../../src/limits.js";
import { FieldBench, HOUR, MINUTE, SECOND } from "../support/field-bench.js";

/** The widest window of the backoff, and half of it. */
const BACK_MS = 8 * MINUTE;

describe("complaint 2: TLS that fails for ever though 68 KB are free", () => {
	it("asks for a block first, says that there is none, and gets one", () => {
		const bench = FieldBench.settled();
		bench.board.heap.fragment(15_000);
		bench.broker.kick();
		bench.run(MINUTE);
		expect(bench.failures.slice(1)).toContain("tls-resources");
		bench.until(() => bench.isOnline, 30 * MINUTE);
		expect(bench.board.heap.refusals).toBe(0); // no handshake was begun that could not succeed
		expect(bench.named("heap-checked")[0]?.["largestFreeBlockBytes"]).toBe(15_000);
		expect(bench.boots.map(({ reason }) => reason)).toEqual(["power-on", "software"]);
		expect(bench.problems()).toEqual([]);
	});
});

describe("complaint 3: a device that never reconnects", () => {
	const stuck: readonly [string, (bench: FieldBench) => void, (bench: FieldBench) => void][] = [
		["the broker is down", ({ broker }) => broker.crash(), ({ broker }) => broker.start()],
		["the broker is silent", mute, ({ broker }) => broker.heal()],
		["TLS is silent", silenceTLS, (bench) => bench.serve({ failure: undefined })],
		["the network swallows all", hole(true), hole(false)],
		["nobody answers DNS", hangDNS, ({ board }) => board.resolver.heal()],
		["connections are refused", refuse(true), refuse(false)],
		["the access point is away", away(true), away(false)],
	];
	for (const [name, begin, end] of stuck) {
		it(`is back after two hours in which ${name}`, () => {
			const bench = FieldBench.settled();
			begin(bench);
			bench.run(2 * HOUR);
			expect(bench.isOnline).toBe(false);
			end(bench);
			bench.until(() => bench.isOnline, BACK_MS);
			expect(bench.boots.filter(({ reason }) => reason === "watchdog")).toEqual([]);
			expect(bench.problems()).toEqual([]);
		});
	}
});

describe("complaint 4: a broker that accepts and kicks, and is hammered", () => {
	for (const kickMs of [0, 50, 5000, 25_000]) {
		it(`is left alone for longer and longer when it kicks after ${kickMs} ms`, () => {
			const bench = FieldBench.settled();
			bench.broker.faults.kickAfterConnectMs = kickMs;
			bench.broker.kick();
			bench.run(HOUR);
			expect(bench.attempts.length).toBeLessThanOrEqual(50);
			bench.mark();
			bench.run(3 * HOUR);
			expect(bench.attempts.length).toBeLessThanOrEqual(3 * 30);
			bench.broker.heal();
			bench.until(() => bench.isOnline, 25 * MINUTE);
			expect(bench.board.boots()).toBe(1);
			expect(bench.problems()).toEqual([]);
		});
	}
});

describe("complaint 5: a herd that falls upon a restarted broker", () => {
	it("is spread out", () => {
		const bench = FieldBench.settled({ boards: 60, board: { sampleIntervalMs: 10 * MINUTE } });
		bench.broker.crash();
		bench.run(30 * SECOND);
		bench.broker.start();
		bench.mark();
		const backMs = bench.until(() => bench.broker.online.length === 60, 6 * MINUTE);
		const bySecond = new Map<number, number>();
		for (const { atMs } of bench.attempts) {
			const second = Math.floor(atMs / SECOND);
			bySecond.set(second, (bySecond.get(second) ?? 0) + 1);
		}
		// A thousand devices make below 60 a second: a sixteenth of them, and what chance adds.
		expect(Math.max(...bySecond.values())).toBeLessThan(12);
		expect(backMs).toBeGreaterThan(10 * SECOND);
	});
});

describe("complaint 6: two devices with one client id that kick each other for ever", () => {
	it("are told apart: ours says so and stays away", () => {
		const bench = FieldBench.settled();
		const { broker, board } = bench;
		const rival = new Rival({ broker, clock: bench.world.clock, id: board.name, returnMs: 2000 });
		bench.run(HOUR);
		expect(bench.named("duplicate-client-id-suspected")[0]?.["isSecurity"]).toBe(true);
		bench.mark();
		bench.run(6 * HOUR);
		expect(bench.attempts.length).toBeLessThanOrEqual(6 * 4);
		rival.stop();
		broker.kick(board.name);
		bench.until(() => bench.isOnline, 25 * MINUTE);
		bench.run(2 * HOUR);
		expect(bench.isOnline).toBe(true);
		expect(bench.problems()).toEqual([]);
	});
});

describe("complaint 15: reboots as recovery, where they hurt", () => {
	it("are none in a day of refusals, which no reboot mends", () => {
		const refusals: readonly ((bench: FieldBench) => void)[] = [
			({ broker }) => void (broker.faults.connackCode = 4),
			({ broker }) => void (broker.faults.connackCode = 5),
			(bench) => bench.serve({ certificate: bench.certificate({ names: ["other.example"] }) }),
			(bench) => bench.serve({ acceptClient: () => false }),
		];
		for (const refuse of refusals) {
			const bench = FieldBench.settled({ board: { sampleIntervalMs: 10 * MINUTE } });
			refuse(bench);
			bench.broker.kick();
			bench.run(24 * HOUR);
			expect(bench.failures.length).toBeGreaterThan(50);
			expect(bench.board.boots()).toBe(1);
		}
	});

	it("are at most three in a day without a network, though each forgets what is in memory", () => {
		const bench = FieldBench.settled({ board: { sampleIntervalMs: 10 * MINUTE } });
		hole(true)(bench);
		bench.run(24 * HOUR);
		expect(bench.board.boots("software")).toBeLessThanOrEqual(REBOOTS_PER_DAY_MAX);
		expect(bench.board.boots("software")).toBeGreaterThan(0);
		hole(false)(bench);
		bench.until(() => bench.isOnline, BACK_MS);
		expect(bench.problems()).toEqual([]);
	});
});

describe("complaint 23: reconnects that leak", () => {
	it("leave as many timers and as much heap after a thousand as after one", () => {
		const bench = FieldBench.settled({ board: { sampleIntervalMs: MINUTE } });
		const { activeTimers } = bench.board;
		const { freeHeapBytes } = bench.board.heap.health;
		const before = { activeTimers, freeHeapBytes };
		for (let count = 0; count < 1000; count++) {
			bench.broker.faults.endManner = count % 2 === 0 ? "close" : "reset";
			// Every other one is ended by the device.
			if (count % 4 < 2) bench.broker.kick();
			else bench.broker.hostile("QoS-3");
			bench.run(100 * SECOND);
		}
		bench.until(() => bench.isOnline, BACK_MS);
		bench.run(5 * MINUTE);
		expect(bench.broker.counters.accepted).toBeGreaterThan(950);
		expect(bench.board.heap.health.freeHeapBytes).toBe(before.freeHeapBytes);
		expect(bench.board.activeTimers).toBeLessThanOrEqual(before.activeTimers + 2);
		expect(bench.problems()).toEqual([]);
	});
});

function mute({ broker }: FieldBench): void {
	broker.faults.isMute = true;
	broker.kick();
}

function silenceTLS(bench: FieldBench): void {
	bench.serve({ failure: { flight: 1, manner: "silence" } });
	bench.broker.kick();
}

function hangDNS({ board, broker }: FieldBench): void {
	board.resolver.hangs = true;
	broker.kick();
}

function hole(isBlackHole: boolean): (bench: FieldBench) => void {
	return ({ board }) => void (board.path.isBlackHole = isBlackHole);
}

function refuse(isRefused: boolean): (bench: FieldBench) => void {
	return ({ board, broker }) => {
		board.path.refuse = isRefused;
		broker.kick();
	};
}

function away(isAway: boolean): (bench: FieldBench) => void {
	return ({ board }) => void (board.link.isAway = isAway);
}
