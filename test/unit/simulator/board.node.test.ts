// A whole device on a simulated board: it boots, connects and delivers; each fault of the board
// does what it says, and without it the device is back by itself.

import type { HangKind } from "../../../hosts/simulator/board.js";
import { Rival } from "../../../hosts/simulator/rival.js";
import { TLSTickets } from "../../../hosts/simulator/tls-server.js";
import { encodeFrame } from "../../../src/provisioning/frame.js";
import { encodeMessage } from "../../../src/provisioning/messages.js";
import { nodeCrypto, SeededKeyStore } from "../../support/seeded-key-store.js";
import { SETTLING_MS, WorldBench } from "../../support/world-bench.js";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

const HASH = { hash: nodeCrypto.sha256 };
const settled = () => WorldBench.settled(HASH);

/**
 * Whatever happened: it is online again, everything accepted has arrived, and nothing was wrong.
 */
function expectRecovered(bench: WorldBench, withinMs = 10 * MINUTE): void {
	for (let passed = 0; passed < withinMs && !bench.isOnline; passed += 1000) bench.world.run(1000);
	expect(bench.isOnline).toBe(true);
	bench.world.run(SETTLING_MS);
	expect(bench.missing.filter((sequence) => sequence < lastDelivered(bench))).toEqual([]);
	expect(bench.board.findings).toEqual([]);
	expect(bench.broker.findings).toEqual([]);
}

/** The broker has noticed that it is gone. */
function runUntilOffline(bench: WorldBench): void {
	for (let passed = 0; passed < HOUR && bench.isOnline; passed += 1000) bench.world.run(1000);
	expect(bench.isOnline).toBe(false);
}

function lastDelivered({ delivered }: WorldBench): number {
	return delivered[delivered.length - 1] ?? 0;
}

describe("SimulatedBoard", () => {
	it("leaves the factory provisioned, connects and delivers every reading once", () => {
		const bench = settled();
		bench.world.run(10 * MINUTE + 1000);
		expect(bench.delivered).toHaveLength(73);
		expect(bench.missing).toEqual([]);
		expect(bench.board.boots()).toBe(1);
		expect(bench.board.samples).toBe(73);
		expect(bench.board.path.connects).toBe(1);
		expect(bench.failures).toEqual([]);
		expect(bench.broker.findings).toEqual([]);
	});

	it("lives the same life from the same seed", () => {
		const life = (seed: number) => {
			const bench = new WorldBench({ ...HASH, seed });
			bench.board.path.jitterMs = 300;
			bench.board.path.lossRate = 0.1;
			bench.board.powerOn();
			bench.world.run(20 * MINUTE);
			return [bench.reports, bench.delivered, bench.board.path.bytesSent];
		};
		expect(life(5)).toEqual(life(5));
		expect(life(5)).not.toEqual(life(6));
	});

	it("lives with real keys as well", () => {
		const bench = new WorldBench({
			...HASH,
			keys: { keyStore: new SeededKeyStore(), crypto: nodeCrypto },
		});
		bench.tls.verifyClient = ({ publicKey, message, signature }) =>
			nodeCrypto.ed25519Verify(publicKey, message, signature);
		bench.board.powerOn();
		bench.world.run(SETTLING_MS);
		expect(bench.isOnline).toBe(true);
		expect(bench.delivered).toHaveLength(12);
	});

	it("is gone with its power, and keeps what it had accepted", () => {
		const bench = settled();
		bench.broker.refuse();
		bench.broker.kick();
		bench.world.run(MINUTE);
		const missing = bench.missing.length;
		bench.board.powerCut();
		bench.board.powerCut();
		bench.world.run(HOUR);
		expect(missing).toBeGreaterThan(4);
		expect(bench.missing).toHaveLength(missing);
		bench.broker.start();
		bench.board.powerOn();
		expectRecovered(bench);
		expect(bench.board.boots("power-on")).toBe(2);
	});

	it("loses its power in the middle of a write", () => {
		for (const manner of ["before", "torn", "after"] as const) {
			for (let distance = 1; distance < 12; distance++) {
				const bench = settled();
				let cuts = 0;
				bench.board.onPowerLost = () => cuts++;
				bench.board.planPowerCut({ distance, manner, seed: distance });
				bench.world.run(3 * MINUTE);
				expect(cuts).toBe(1);
				expect(bench.board.isOn).toBe(false);
				bench.board.powerOn();
				expectRecovered(bench);
			}
		}
	});

	it("restarts after a brown-out, and remembers the stage in which it happened", () => {
		const bench = settled();
		for (let count = 0; count < 20; count++) {
			bench.board.brownOut();
			bench.world.run(300 + count * 100);
		}
		expectRecovered(bench);
		expect(bench.board.boots("brownout")).toBe(19); // one dip came before the reset was over
		const booted = bench.reported("device-booted");
		expect(booted[1]).toEqual({
			...booted[1],
			reason: "brownout",
			stage: "stable",
			mode: "normal",
		});
	});

	it("is reset by the watchdog, whatever hangs, and comes back", () => {
		const kinds: readonly HangKind[] = ["loop", "sampling", "tasks", "checks"];
		for (const kind of kinds) {
			const bench = settled();
			bench.board.hang(kind);
			bench.broker.kick(); // a connection that works needs no timer of ours
			bench.world.run(10 * MINUTE);
			expect([kind, bench.board.boots("watchdog")]).toEqual([kind, 1]);
			expectRecovered(bench);
		}
	});

	it("does nothing more once its power is gone, though the program is still on its way", () => {
		const bench = new WorldBench({ ...HASH, outboxBlocks: 4 });
		const { board } = bench;
		let programs: number | undefined;
		board.onReport = ({ name }) => {
			if (name !== "readings-dropped") return; // and stores the newest in its next step
			board.powerCut();
			programs = board.outboxChip.programs;
		};
		bench.broker.refuse();
		board.powerOn();
		bench.world.run(HOUR);
		expect(programs).toBeGreaterThan(0);
		expect(board.outboxChip.programs).toBe(programs);
		expect(board.findings).toEqual([]);
	});

	it("aborts where the program throws, and notes it as a finding", () => {
		const bench = settled();
		let isThrown = false;
		bench.board.onReport = ({ name }) => {
			if (name !== "reading-accepted" || isThrown) return;
			isThrown = true;
			throw new Error("a bug");
		};
		bench.world.run(MINUTE);
		expect(bench.board.boots("abort")).toBe(1);
		expect(bench.board.findings.map(({ kind, message }) => [kind, message])).toEqual([
			["exception", "Error: a bug"],
		]);
		expect(bench.isOnline).toBe(true);
	});

	it("leaves nothing behind when a boot ends", () => {
		const bench = settled();
		const timers = bench.board.activeTimers;
		const waiting = bench.world.clock.waiting;
		for (let count = 0; count < 30; count++) {
			bench.board.reset("external");
			bench.world.run(SETTLING_MS);
		}
		expect(bench.board.activeTimers).toBe(timers);
		expect(bench.world.clock.waiting).toBeLessThan(waiting + 20);
		bench.board.powerCut();
		bench.world.run(HOUR);
		expect(bench.world.clock.waiting).toBe(0);
	});

	it("answers on its serial line, and not to noise", () => {
		const bench = settled();
		let said = 0;
		bench.board.onSerial = (bytes) => void (said += bytes.length);
		bench.board.serial(Uint8Array.of(0, 1, 2, 3, 0xff, 0));
		bench.world.run(1000);
		expect(said).toBe(0);
		bench.board.serial(encodeFrame(encodeMessage({ id: 1, name: "hello", fields: {} })));
		bench.world.run(1000);
		expect(said).toBeGreaterThan(20);
		expectRecovered(bench);
	});

	it("tries a new configuration, and refuses one while it runs", () => {
		const bench = settled();
		expect(() => bench.board.install()).toThrow("is running");
		bench.board.powerCut();
		bench.board.install({ keepAliveS: 30 });
		bench.board.powerOn();
		expectRecovered(bench);
		expect(bench.reported("device-started").map(({ isCandidate }) => isCandidate)).toEqual([
			false,
			true,
		]);
	});
});

describe("the surroundings of a board", () => {
	it("have no access point, or no address", () => {
		for (const fault of ["isAway", "givesNoAddress"] as const) {
			const bench = settled();
			bench.board.link[fault] = true;
			bench.world.run(10 * MINUTE);
			expect(bench.isOnline).toBe(false);
			expect(bench.failures.slice(0, 2)).toEqual(["link-lost", "no-address"]);
			bench.board.link.heal();
			expectRecovered(bench);
		}
	});

	it("lose the address without a word, until the interface is restarted", () => {
		for (const manner of ["unseen", "untold"] as const) {
			const bench = settled();
			bench.board.link.loseAddress(manner);
			bench.world.run(10 * MINUTE);
			expect(bench.failures).toContain(manner === "unseen" ? "dns" : "no-address");
			expectRecovered(bench);
			expect(bench.board.link.restarts).toBe(1);
			expect(bench.board.boots()).toBe(1);
		}
	});

	it("hang the driver, and only a reboot mends it", () => {
		const bench = WorldBench.settled({ ...HASH, sampleIntervalMs: MINUTE });
		bench.board.link.hangDriver();
		runUntilOffline(bench);
		expectRecovered(bench, 3 * HOUR);
		expect(bench.board.boots("software")).toBe(1);
	});

	it("have a resolver that hangs, fails, lies, or is slow", () => {
		const run = (fault: () => Partial<WorldBench["board"]["resolver"]>) => {
			const bench = settled();
			Object.assign(bench.board.resolver, fault());
			bench.broker.kick();
			bench.world.run(5 * MINUTE);
			expect(bench.isOnline).toBe(false);
			const failed = bench.failures[1];
			bench.board.resolver.heal();
			expectRecovered(bench);
			return failed;
		};
		expect(run(() => ({ hangs: true }))).toBe("dns");
		expect(run(() => ({ fails: true }))).toBe("dns");
		expect(run(() => ({ answerMs: 20_000 }))).toBe("dns");
		expect(run(() => ({ lie: "203.0.113.9" }))).toBe("attempt-timeout");
	});

	it("move the broker to another address", () => {
		const bench = settled();
		bench.world.network.names.set("broker.example", "192.0.2.7");
		bench.broker.kick();
		bench.world.run(MINUTE);
		expect(bench.isOnline).toBe(false);
		bench.world.network.names.set("broker.example", "192.0.2.1");
		expectRecovered(bench);
	});

	it("have no time, a wrong one, or one that jumps", () => {
		const withoutTime = new WorldBench(HASH);
		withoutTime.board.clock.isSNTPBlocked = true;
		withoutTime.board.powerOn();
		expectRecovered(withoutTime);
		expect(withoutTime.board.clock.wallTime().quality).toBe("none");
		const bench = settled();
		const late = 11 * 365 * 86_400;
		bench.board.clock.jump(late);
		bench.broker.kick();
		bench.world.run(10 * MINUTE);
		expect(bench.failures.slice(1, 2)).toEqual(["tls-expired"]);
		bench.board.clock.poll();
		expectRecovered(bench);
		bench.board.clock.lieSeconds = -late;
		bench.board.clock.poll();
		expect(bench.board.clock.wallTime().unixSeconds - bench.world.unixSeconds).toBe(-late);
		bench.broker.kick();
		expectRecovered(bench); // it knows better than SNTP what has passed already
	});

	it("make the quartz drift", () => {
		const bench = settled();
		bench.board.clock.driftPPM = 200_000;
		const before = bench.board.clock.monotonicMs();
		bench.world.run(HOUR);
		expect(bench.board.clock.monotonicMs() - before).toBe(1.2 * HOUR);
		bench.board.clock.driftPPM = -200_000;
		bench.world.run(HOUR);
		expect(bench.board.clock.monotonicMs() - before).toBe(2 * HOUR);
		bench.board.clock.driftPPM = 0;
		expectRecovered(bench);
	});

	it("leave no block of memory for a handshake, until a reboot", () => {
		const bench = settled();
		bench.board.heap.fragment(10_000);
		bench.broker.kick();
		runUntilOffline(bench);
		expectRecovered(bench, 3 * HOUR);
		expect(bench.failures).toContain("tls-resources");
		expect(bench.board.boots("software")).toBe(1);
	});

	it("break a sensor, and nothing else", () => {
		const bench = settled();
		bench.board.sensorError = new TypeError("no answer");
		bench.world.run(MINUTE);
		expect(bench.reported("sensor-failed")).toHaveLength(6);
		expect(bench.isOnline).toBe(true);
		bench.board.heal();
		expectRecovered(bench);
	});

	it("wear out the outbox's flash, or key-value storage", () => {
		const bench = settled();
		bench.board.outboxChip.wearOut(3);
		bench.board.keyValue.writeFault = "storage-worn";
		bench.world.run(HOUR);
		bench.board.keyValue.writeFault = undefined;
		expectRecovered(bench);
	});

	it("have a rival with the same client id, however long it takes to return", () => {
		for (const returnMs of [100, 5000, 29_990, 30_000, 45_000, 59_000]) {
			const bench = settled();
			const { broker, board, world } = bench;
			const rival = new Rival({ broker, clock: world.clock, id: board.name, returnMs });
			world.run(15 * MINUTE);
			const named = bench.reported("duplicate-client-id-suspected").length;
			expect([returnMs, named > 0]).toEqual([returnMs, true]);
			expect(rival.connects).toBeLessThan(12);
			rival.stop();
			expectRecovered(bench, 30 * MINUTE);
		}
	});

	it("let a certificate expire, and another take its place", () => {
		const bench = settled();
		const { certificate } = bench.tls;
		bench.tls.certificate = { ...certificate, notAfter: bench.world.unixSeconds + 60 };
		bench.tls.tickets = new TLSTickets(); // what was verified before is judged by its own dates
		bench.world.run(2 * MINUTE);
		bench.broker.kick();
		bench.world.run(5 * MINUTE);
		expect(bench.failures[1]).toBe("tls-expired");
		bench.tls.certificate = certificate;
		expectRecovered(bench);
	});
});
