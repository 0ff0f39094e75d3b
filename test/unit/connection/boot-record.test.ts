import { BootRecord } from "../../../src/connection/boot-record.js";
import { DEFAULT_TIMINGS } from "../../../src/connection/timings.js";
import { REBOOTS_PER_DAY_MAX, SAFE_MODE_FAILED_BOOTS } from "../../../src/limits.js";
import type { ResetReason } from "../../../src/ports.js";
import { PatientStorage } from "../../../src/patient-storage.js";
import { VirtualClock } from "../../../hosts/simulator/clock.js";
import { VirtualKeyValue } from "../../../hosts/simulator/key-value.js";
import { PowerSupply } from "../../../hosts/simulator/power.js";
import { StorageError } from "../../../hosts/simulator/storage-error.js";

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

/** One board over its boots: the clock starts anew with each, the storage stays. */
class Board {
	readonly power = new PowerSupply();
	readonly keyValue = new VirtualKeyValue({ power: this.power });
	clock = new VirtualClock();

	boot(reason: ResetReason) {
		this.clock = new VirtualClock();
		this.clock.advance(12_345); // monotonic time need not start at zero
		const store = new PatientStorage(this.keyValue).open({
			path: "hf-boot",
			format: "buffer",
			mode: "r+",
		});
		const record = new BootRecord({ store, clock: this.clock, timings: DEFAULT_TIMINGS });
		return { record, report: record.begin(reason) };
	}

	/** Boots that crash before they are stable. */
	crash(times: number, reason: ResetReason = "watchdog") {
		let last = this.boot(reason);
		for (let count = 1; count < times; count++) last = this.boot(reason);
		return last;
	}

	get writes(): number {
		return this.power.operations;
	}
}

describe("BootRecord, counting failed boots", () => {
	it("begins in normal mode on a blank board", () => {
		const { report } = new Board().boot("power-on");
		expect(report).toEqual({ mode: "normal", failedBoots: 0, wasCorrupt: false });
	});

	it("counts watchdog, panic and abort before the first stable session", () => {
		for (const reason of ["watchdog", "panic", "abort"] as const) {
			const board = new Board();
			board.boot("power-on");
			expect(board.boot(reason).report.failedBoots).toBe(1);
		}
	});

	it("does not count other resets", () => {
		const board = new Board();
		board.boot("power-on");
		for (const reason of ["external", "software", "brownout", "unknown", "power-on"] as const) {
			expect(board.boot(reason).report.failedBoots).toBe(0);
		}
	});

	it("does not count a boot that had a stable session", () => {
		const board = new Board();
		board.boot("power-on").record.stable();
		expect(board.boot("watchdog").report.failedBoots).toBe(0);
		expect(board.boot("watchdog").report.failedBoots).toBe(1);
	});

	it("clears the count at a stable session", () => {
		const board = new Board();
		board.boot("power-on");
		const { record, report } = board.crash(SAFE_MODE_FAILED_BOOTS - 1);
		expect(report).toEqual({
			mode: "normal",
			failedBoots: SAFE_MODE_FAILED_BOOTS - 1,
			wasCorrupt: false,
		});
		record.stable();
		expect(board.boot("panic").report.failedBoots).toBe(0);
	});
});

describe("BootRecord, safe mode", () => {
	function inSafeMode(): Board {
		const board = new Board();
		board.boot("power-on");
		board.crash(SAFE_MODE_FAILED_BOOTS);
		return board;
	}

	it("begins after the limit of failed boots and lasts over software restarts and crashes", () => {
		const board = inSafeMode();
		for (const reason of ["software", "watchdog", "panic", "brownout"] as const) {
			const { report } = board.boot(reason);
			expect(report.mode).toBe("safe");
			expect(report.failedBoots).toBe(SAFE_MODE_FAILED_BOOTS);
		}
	});

	it("tells its first boot from those that find it so", () => {
		const board = new Board();
		board.boot("power-on");
		expect(board.crash(SAFE_MODE_FAILED_BOOTS).report.wasSafe).toBeUndefined();
		expect(board.boot("watchdog").report.wasSafe).toBe(true);
		expect(board.boot("power-on").report.wasSafe).toBeUndefined();
		expect(board.boot("panic").report.wasSafe).toBeUndefined();
		expect(board.boot("software").report.wasSafe).toBe(true);
	});

	it("is not ended by a stable session, which proves nothing about the normal mode", () => {
		const board = inSafeMode();
		board.boot("software").record.stable();
		expect(board.boot("software").report.mode).toBe("safe");
	});

	it("gives the hand at the plug one try, and one failure leads back", () => {
		for (const reason of ["power-on", "external"] as const) {
			const board = inSafeMode();
			expect(board.boot(reason).report.mode).toBe("normal");
			expect(board.boot("watchdog").report.mode).toBe("safe");
		}
	});

	it("ends for good when such a try becomes stable", () => {
		const board = inSafeMode();
		board.boot("power-on").record.stable();
		expect(board.boot("watchdog").report.failedBoots).toBe(0);
	});

	it("ends when a configuration is committed or the operator orders a restart", () => {
		const board = inSafeMode();
		board.boot("software").record.forgive();
		expect(board.boot("software").report).toEqual({
			mode: "normal",
			failedBoots: 0,
			wasCorrupt: false,
		});
	});

	it("buys a try in normal mode from the reboot budget until that is spent", () => {
		const board = inSafeMode();
		for (let count = 0; count < REBOOTS_PER_DAY_MAX; count++) {
			const { record, report } = board.boot("watchdog");
			expect(report.mode).toBe("safe");
			expect(record.spendRetry()).toEqual({ kind: "granted" });
			expect(board.boot("software").report.mode).toBe("normal");
		}
		const { record } = board.boot("watchdog");
		expect(record.spendRetry()).toEqual({ kind: "denied", reason: "budget" });
		expect(board.boot("software").report.mode).toBe("safe");
	});
});

describe("BootRecord, the reboot budget", () => {
	it("grants so many reboots a day and denies the next", () => {
		const { record } = new Board().boot("power-on");
		for (let count = 0; count < REBOOTS_PER_DAY_MAX; count++) {
			expect(record.rebootsSpent).toBe(count);
			expect(record.spendReboot()).toEqual({ kind: "granted" });
		}
		expect(record.spendReboot()).toEqual({ kind: "denied", reason: "budget" });
	});

	it("is not regained by rebooting, whatever the reset", () => {
		const board = new Board();
		board.boot("power-on");
		let granted = 0;
		for (const reason of ["software", "power-on", "watchdog", "external"] as const) {
			for (let count = 0; count < 10; count++) {
				const { record } = board.boot(reason);
				board.clock.advance(60_000);
				if (record.spendReboot().kind === "granted") granted++;
			}
		}
		expect(granted).toBe(REBOOTS_PER_DAY_MAX);
	});

	it("is not regained by a wall clock that jumps", () => {
		const board = new Board();
		const { record } = board.boot("power-on");
		for (let count = 0; count < REBOOTS_PER_DAY_MAX; count++) record.spendReboot();
		board.clock.setWallTime(4_000_000_000, "sntp");
		expect(record.spendReboot().kind).toBe("denied");
	});

	it("forgives a reboot after a day of running", () => {
		const board = new Board();
		const { record } = board.boot("power-on");
		record.spendReboot();
		board.clock.advance(DAY - 1);
		expect(record.rebootsSpent).toBe(1);
		board.clock.advance(1);
		expect(record.rebootsSpent).toBe(0);
	});

	it("adds up the running time of several boots", () => {
		const board = new Board();
		board.boot("power-on").record.spendReboot();
		for (let count = 0; count < 4; count++) {
			const { record } = board.boot("software");
			expect(record.rebootsSpent).toBe(1);
			board.clock.advance(6 * HOUR);
			record.saveUptime();
		}
		expect(board.boot("software").record.rebootsSpent).toBe(0);
	});

	it("never grants more than the budget within any day of running", () => {
		const board = new Board();
		const grantedAtMs: number[] = [];
		let runMs = 0;
		for (let count = 0; count < 500; count++) {
			const { record } = board.boot("software");
			const stepMs = ((count * 7919) % 97) * 360_000;
			for (let slice = 0; slice < 16; slice++) {
				board.clock.advance(stepMs / 16);
				record.saveUptime();
			}
			runMs += stepMs;
			if (record.spendReboot().kind === "granted") grantedAtMs.push(runMs);
		}
		expect(grantedAtMs.length).toBeGreaterThan(10);
		for (let index = REBOOTS_PER_DAY_MAX; index < grantedAtMs.length; index++) {
			const spanMs =
				(grantedAtMs[index] as number) - (grantedAtMs[index - REBOOTS_PER_DAY_MAX] as number);
			expect(spanMs).toBeGreaterThanOrEqual(DAY);
		}
	});

	it("denies a reboot that it cannot write down", () => {
		const board = new Board();
		board.boot("power-on");
		const full = board.keyValue.open({ path: "hf-boot", format: "buffer", mode: "r+" });
		full.write = () => {
			throw new StorageError("storage-full", "no room");
		};
		const { clock } = board;
		const record = new BootRecord({ store: full, clock, timings: DEFAULT_TIMINGS });
		record.begin("software");
		expect(record.spendReboot()).toEqual({ kind: "denied", reason: "storage" });
		expect(record.rebootsSpent).toBe(0);
	});
});

describe("BootRecord, what is stored", () => {
	it("treats every damaged record as corrupt: normal mode, and no reboot for a day", () => {
		const board = new Board();
		board.boot("power-on").record.spendReboot();
		const good = board.keyValue.peek("hf-boot", "record") as Uint8Array;
		const damaged: Uint8Array[] = [new Uint8Array(0), good.slice(1), new Uint8Array(good.length)];
		for (let index = 0; index < good.length; index++) {
			const flipped = good.slice();
			flipped[index] = (flipped[index] as number) ^ 0x10;
			damaged.push(flipped);
		}
		for (const bytes of damaged) {
			board.keyValue.plant("hf-boot", "record", bytes);
			const { record, report } = board.boot("watchdog");
			expect(report).toEqual({ mode: "normal", failedBoots: 0, wasCorrupt: true });
			expect(record.spendReboot()).toEqual({ kind: "denied", reason: "budget" });
			board.clock.advance(DAY);
			expect(record.spendReboot()).toEqual({ kind: "granted" });
		}
	});

	it("takes a record that cannot be read for spent, and goes on with it when it can", () => {
		const board = new Board();
		const first = board.boot("power-on").record;
		first.spendReboot();
		board.clock.advance(5 * HOUR);
		first.saveUptime();
		const before = board.keyValue.peek("hf-boot", "record");
		board.keyValue.isUnreadable = true;
		const { record, report } = board.boot("watchdog");
		expect(report).toEqual({ mode: "normal", failedBoots: 0, wasCorrupt: true });
		expect(record.spendReboot()).toEqual({ kind: "denied", reason: "budget" });
		record.stable();
		board.clock.advance(2 * HOUR);
		record.saveUptime();
		expect(board.keyValue.peek("hf-boot", "record")).toEqual(before);
		board.keyValue.isUnreadable = false;
		expect(record.rebootsSpent).toBe(1);
		expect(record.spendReboot()).toEqual({ kind: "granted" });
		// Its running time went on: the reboot of before is forgiven a day after it.
		board.clock.advance(DAY - 6 * HOUR);
		expect(record.rebootsSpent).toBe(1);
		expect(board.boot("watchdog").report.failedBoots).toBe(0);
	});

	it("counts a failed boot that it could not write down at the time", () => {
		const board = new Board();
		board.crash(2);
		board.keyValue.isUnreadable = true;
		const { record } = board.boot("watchdog");
		board.keyValue.isUnreadable = false;
		record.saveUptime();
		expect(board.boot("power-on").report.failedBoots).toBe(2);
	});

	it("is written twice for a boot that becomes stable, and once for one that fails", () => {
		const board = new Board();
		board.boot("power-on").record.stable();
		expect(board.writes).toBe(2);
		board.boot("watchdog");
		expect(board.writes).toBe(3);
		board.boot("watchdog");
		expect(board.writes).toBe(4);
	});

	it("is not written at all on a quiet day, nor in safe mode", () => {
		const board = new Board();
		const { record } = board.boot("power-on");
		record.stable();
		const writes = board.writes;
		for (let minute = 0; minute < 24 * 60; minute++) {
			board.clock.advance(60_000);
			record.saveUptime();
			record.stable();
		}
		expect(board.writes).toBe(writes);
		board.crash(SAFE_MODE_FAILED_BOOTS + 1);
		const before = board.writes;
		board.crash(5);
		expect(board.writes).toBe(before);
	});

	it("is written hourly while a reboot waits to be forgiven", () => {
		const board = new Board();
		const { record } = board.boot("power-on");
		record.spendReboot();
		const before = board.writes;
		for (let minute = 0; minute < 3 * 24 * 60; minute++) {
			board.clock.advance(60_000);
			record.saveUptime();
		}
		expect(board.writes - before).toBe(24);
	});

	it("survives a power cut at each of its writes", () => {
		for (const manner of ["before", "torn", "after"] as const) {
			for (let operation = 1; operation <= 4; operation++) {
				const board = new Board();
				board.power.planCut({ operation, manner, seed: operation });
				let granted = 0;
				try {
					const { record } = board.boot("power-on");
					record.stable();
					for (let count = 0; count < 2; count++) {
						if (record.spendReboot().kind === "granted") granted++;
					}
				} catch {
					board.power.restore();
				}
				const { record, report } = board.boot("power-on");
				expect(report.wasCorrupt).toBe(false);
				expect(record.rebootsSpent).toBeGreaterThanOrEqual(granted);
			}
		}
	});
});
