// Complaints of the field about links that look alive and are not, each as a life that must go
// well: 7 and 10 to 13.

import { CONNECT_MS_MAX } from "../../src/limits.js";
import { FieldBench, HOUR, MINUTE, SECOND } from "../support/field-bench.js";

const KEEP_ALIVE_S = 60;
/** Nothing to publish for ten minutes: the keep-alive alone tells. */
const QUIET = { sampleIntervalMs: 10 * MINUTE };

/** How long each attempt since the mark took, from its name to its end. */
function attemptDurations(bench: FieldBench): readonly number[] {
	const durations: number[] = [];
	let beganMs = Infinity;
	for (const { name, state, atMs } of bench.since) {
		if (name === "connection-state" && state === "resolving") beganMs = atMs;
		if (name === "connection-failed") durations.push(atMs - beganMs);
		if (name === "connection-online") beganMs = Infinity;
	}
	return durations.filter((duration) => duration >= 0);
}

describe("complaint 7: a DNS or connect that blocks until the watchdog bites", () => {
	const slow: readonly [string, (bench: FieldBench) => void][] = [
		["DNS never answers", ({ board }) => void (board.resolver.hangs = true)],
		["DNS takes 14 s", ({ board }) => void (board.resolver.answerMs = 14 * SECOND)],
		["connecting takes for ever", ({ board }) => void (board.path.isBlackHole = true)],
		["a handshake computes for 20 s", ({ board }) => void (board.handshake.fullMs = 20_000)],
		["CONNACK never comes", ({ broker }) => void (broker.faults.isMute = true)],
	];
	for (const [name, begin] of slow) {
		it(`does not stop the sampling while ${name}`, () => {
			const bench = FieldBench.settled();
			begin(bench);
			bench.broker.kick();
			bench.mark();
			bench.run(2 * HOUR);
			expect(bench.named("reading-accepted").length).toBeGreaterThanOrEqual(235);
			expect(Math.max(...attemptDurations(bench), 0)).toBeLessThanOrEqual(CONNECT_MS_MAX);
			expect(bench.board.boots("watchdog")).toBe(0);
			expect(bench.named("task-stalled")).toEqual([]);
		});
	}
});

describe('complaint 10: "connected", and nothing flows', () => {
	const dead: readonly [string, (bench: FieldBench) => void][] = [
		["the network swallows all", ({ board }) => void (board.path.isBlackHole = true)],
		["the broker's machine is gone", ({ broker }) => broker.crash("silence")],
		["a middle box forgets the connection", ({ board }) => void (board.path.natTimeoutMs = 1)],
	];
	for (const [name, begin] of dead) {
		for (const board of [QUIET, { sampleIntervalMs: 10 * SECOND }]) {
			const seconds = board.sampleIntervalMs / SECOND;
			it(`is noticed within 1.5 keep-alives where ${name}, a reading every ${seconds} s`, () => {
				for (const phaseMs of [0, 15 * SECOND, 30 * SECOND, 45 * SECOND]) {
					const bench = FieldBench.settled({ board });
					bench.run(phaseMs);
					begin(bench);
					const afterMs = bench.until(() => bench.failures.length > 0, HOUR);
					expect(afterMs).toBeLessThanOrEqual(KEEP_ALIVE_S * 1500);
					bench.board.path.heal();
					bench.broker.heal();
					bench.until(() => bench.isOnline, 10 * MINUTE);
					expect(bench.problems()).toEqual([]);
				}
			});
		}
	}
});

describe("complaint 11: a keep-alive that is wrong in both directions", () => {
	it("comes in time: no broker ends ours for silence, however quiet or slow", () => {
		for (const latencyMs of [1, 400, 2500]) {
			const bench = FieldBench.settled({
				board: { sampleIntervalMs: 47 * SECOND },
				configuration: { keepAliveS: 15 },
			});
			bench.board.path.latencyMs = latencyMs;
			bench.run(3 * HOUR);
			expect(bench.broker.counters.timedOut).toBe(0);
			expect(bench.failures).toEqual([]);
		}
	});

	it("ends no session that works: a ping of the last one is not waited for in the next", () => {
		const bench = FieldBench.settled({ board: QUIET });
		for (let round = 0; round < 20; round++) {
			bench.broker.faults.pingLossRate = 1;
			bench.run(62 * SECOND); // PINGREQ is out
			bench.broker.faults.pingLossRate = 0;
			bench.mark();
			bench.broker.kick();
			bench.run(3 * MINUTE);
			expect(bench.failures).toHaveLength(1);
			expect(bench.isOnline).toBe(true);
		}
	});

	it("ends a session whose ping has no answer, though the broker's side stays open", () => {
		const bench = FieldBench.settled({ board: QUIET });
		bench.broker.faults.pingLossRate = 1;
		bench.until(() => bench.failures.length > 0, KEEP_ALIVE_S * 1500);
		expect(bench.failures).toEqual(["ping-timeout"]);
	});
});

describe("complaint 12: a byte a second that keeps every single call busy", () => {
	it("is bounded for the whole attempt", () => {
		const bench = FieldBench.settled();
		bench.board.path.bytesPerSecond = 1;
		bench.board.resolver.answerMs = 14 * SECOND;
		bench.broker.kick();
		bench.mark();
		bench.run(HOUR);
		const durations = attemptDurations(bench);
		expect(durations.length).toBeGreaterThan(8);
		expect(Math.max(...durations)).toBeLessThanOrEqual(CONNECT_MS_MAX);
		bench.board.heal();
		bench.until(() => bench.isOnline, 8 * MINUTE);
		expect(bench.problems()).toEqual([]);
	});

	it("is bounded for each acknowledgement: a session that trickles is given up", () => {
		const bench = FieldBench.settled();
		bench.board.path.bytesPerSecond = 1;
		bench.until(() => bench.failures.length > 0, MINUTE);
		bench.board.heal();
		bench.until(() => bench.isOnline, 8 * MINUTE);
		expect(bench.problems()).toEqual([]);
	});
});

describe("complaint 13: Wi-Fi without an address, or one that is lost unseen", () => {
	it("is asked for the address, restarted, and used at once when there is one", () => {
		const bench = FieldBench.settled();
		bench.board.link.givesNoAddress = true;
		bench.run(HOUR);
		expect(bench.failures[0]).toBe("link-lost");
		expect(new Set(bench.failures.slice(1))).toEqual(new Set(["no-address"]));
		expect(bench.named("link-restarted").length).toBeGreaterThan(2);
		expect(bench.attempts).toEqual([]);
		bench.board.link.givesNoAddress = false;
		bench.until(() => bench.isOnline, 10 * SECOND);
		expect(bench.problems()).toEqual([]);
	});

	for (const manner of ["unseen", "untold"] as const) {
		it(`is noticed where the driver leaves it ${manner}, and restarted`, () => {
			const bench = FieldBench.settled();
			bench.board.link.loseAddress(manner);
			bench.until(() => bench.failures.length > 0, KEEP_ALIVE_S * 1500);
			bench.until(() => bench.isOnline, 15 * MINUTE);
			expect(bench.board.link.restarts).toBeGreaterThan(0);
			expect(bench.board.boots()).toBe(1);
			expect(bench.problems()).toEqual([]);
		});
	}
});
