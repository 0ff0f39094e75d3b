import { equalBytes } from "../../../src/bytes/arrays.js";
import { LOG_BOOT_HOLD_MS, LOG_HELD_MAX, LOG_UNSIGNED_MAX } from "../../../src/limits.js";
import { saveHead } from "../../../src/security-log/head.js";
import type { LogEntry } from "../../../src/security-log/entry.js";
import { toyDigest } from "../../support/toy-digest.js";
import { LOG_NOW, LogImage, LogLife, readCheckpoint, readEntry } from "../../support/log-bench.js";

const BOOT = {
	name: "device-booted",
	reason: "power-on",
	stage: "",
	mode: "normal",
	failedBoots: 0,
};

/** Each entry names the hash of the one before it. */
function expectChained(life: LogLife): void {
	const sequences = life.store.waiting(undefined, 10_000).filter(({ channel }) => channel === 0);
	let before: Uint8Array | undefined;
	for (const { sequence } of sequences) {
		const { bytes } = life.store.read(sequence) as { bytes: Uint8Array };
		const { counter, previous } = readEntry(bytes);
		expect(counter).toBe(sequence / 2);
		if (before) expect(equalBytes(previous, new Uint8Array(toyDigest(before)))).toBe(true);
		before = bytes;
	}
}

/** What the checkpoints sign. */
function signed(life: LogLife): string[] {
	return life.checkpoints.map(({ counter, oldest }) => `${counter} since ${oldest}`);
}

/** What the newest entry says. */
function told(life: LogLife) {
	const { counter, name, details } = life.entries.at(-1) as LogEntry;
	return { counter, name, details };
}

describe("SecurityLog", () => {
	it("chains events with their time, and keeps nothing that the catalogue does not name", () => {
		const life = new LogLife(new LogImage(), 0);
		life.clock.advance(5_500);
		life.report({
			name: "command-refused",
			reason: "replayed",
			sequence: 9,
			operator: "ab",
			payload: "geheim",
		});
		life.report({ name: "reading-accepted", sequence: 4 });
		life.report({ name: "connection-failed", failureClass: "tcp", isSecurity: false });
		life.report({ name: "connection-failed", failureClass: "tls-pin", isSecurity: true });
		life.report({ name: "toString" });
		expect(life.entries).toEqual([
			{
				counter: 1,
				previous: new Uint8Array(32),
				name: "command-refused",
				details: { reason: "replayed", sequence: 9, operator: "ab" },
				uptimeS: 5,
				time: { unixSeconds: LOG_NOW, quality: 3 },
			},
			{
				counter: 2,
				previous: life.entries[1]?.previous,
				name: "connection-failed",
				details: { failureClass: "tls-pin" },
				uptimeS: 5,
				time: { unixSeconds: LOG_NOW, quality: 3 },
			},
		]);
		expectChained(life);
	});

	it("leaves the time out when there is none, and shortens what a peer may have chosen", () => {
		const life = new LogLife(new LogImage(), 0);
		life.time = undefined;
		life.report({ name: "subscription-refused", topic: "t".repeat(500), granted: 128 });
		const [entry] = life.entries;
		expect(entry?.time).toBeUndefined();
		expect(entry?.details["topic"]).toBe("t".repeat(40));
	});

	it("goes on with the chain after a restart", () => {
		const image = new LogImage();
		const first = new LogLife(image);
		first.record("credential-promoted", "provisioning-locked");
		first.work();
		const second = new LogLife(image);
		second.record("task-stalled");
		expect(second.entries.map(({ counter }) => counter)).toEqual([1, 2, 3]);
		expectChained(second);
	});

	it("signs what is new after a minute, and at once where much is new", () => {
		const life = new LogLife(new LogImage());
		life.fill(3);
		expect(life.checkpoints).toEqual([]);
		expect(life.log.hasWork).toBe(true);
		life.work();
		expect(signed(life)).toEqual(["3 since 1"]);
		expect(life.log.hasWork).toBe(false);
		life.work();
		expect(life.checkpoints).toHaveLength(1);
		life.fill(LOG_UNSIGNED_MAX);
		expect(life.checkpoints.map(({ counter }) => counter)).toContain(3 + LOG_UNSIGNED_MAX);
	});

	it("keeps one checkpoint for each sixteen entries, and the newest", () => {
		const life = new LogLife(new LogImage());
		life.fillOneByOne(40);
		expect(life.checkpoints.map(({ counter }) => counter)).toEqual([15, 31, 40]);
	});

	it("chains without a key and signs once there is one", () => {
		const life = new LogLife(new LogImage());
		life.hasKey = false;
		life.record("provisioning-keys-made");
		life.work();
		expect(life.checkpoints).toEqual([]);
		expect(life.log.hasWork).toBe(false);
		expect(life.log.nextBatch()).toBeUndefined();
		life.hasKey = true;
		life.work();
		expect(signed(life)).toEqual(["1 since 1"]);
	});

	it("never writes while it is mounted, and says nothing of a chip as delivered", () => {
		const image = new LogImage();
		new LogLife(image);
		expect(image.chip.programs).toBe(0);
		new LogLife(image).record("task-stalled");
		const { programs } = image.chip;
		expect(new LogLife(image).names).toEqual(["task-stalled"]);
		expect(image.chip.programs).toBe(programs);
	});
});

describe("SecurityLog, boots", () => {
	it("lets an ordinary boot wait for company", () => {
		const image = new LogImage();
		const quiet = new LogLife(image);
		quiet.report(BOOT);
		expect(quiet.names).toEqual([]);
		expect(quiet.log.hasWork).toBe(true);
		expect(image.chip.programs).toBe(0);
		const busy = new LogLife(image);
		busy.report(BOOT);
		busy.record("task-stalled");
		expect(busy.names).toEqual(["device-booted", "task-stalled"]);
		const patient = new LogLife(image);
		patient.report(BOOT);
		for (let minute = 0; minute < 5; minute++) patient.work();
		expect(patient.names.at(-1)).toBe("device-booted");
		expect(patient.entries.at(-1)?.uptimeS).toBe(0);
	});

	it("writes a boot after a watchdog, a panic or into safe mode at once", () => {
		const life = new LogLife(new LogImage());
		life.report({ ...BOOT, reason: "watchdog" });
		life.report({ ...BOOT, reason: "panic", mode: "safe" });
		expect(life.entries.map(({ details }) => details["mode"])).toEqual(["normal", "safe"]);
	});

	it("lets a boot that finds the device in safe mode wait", () => {
		const image = new LogImage();
		for (let boot = 0; boot < 10; boot++) {
			const life = new LogLife(image);
			life.report({ ...BOOT, reason: "watchdog", mode: "safe", wasSafe: true, failedBoots: 4 });
			life.clock.advance(LOG_BOOT_HOLD_MS - 61_000);
			life.work();
			expect(image.chip.programs).toBe(0);
		}
	});

	it("lets what peers and the station provoke wait, and writes it together", () => {
		const image = new LogImage();
		for (let boot = 0; boot < 10; boot++) {
			const life = new LogLife(image);
			life.report(BOOT);
			for (const step of ["keys", "unlock"]) life.report({ name: "provisioning-refused", step });
			life.record("signature-rejected", "message-outside-policy", "reboot-denied");
			life.work();
			expect(image.chip.programs).toBe(0);
		}
		const life = new LogLife(image);
		life.report(BOOT);
		life.clock.advance(7_000);
		life.record("signature-rejected");
		life.clock.advance(7_000);
		life.report({ name: "command-performed", command: "restart", operator: "ab" });
		const told = life.entries.map(({ name, uptimeS }) => `${name} ${uptimeS}`);
		expect(told).toEqual(["device-booted 0", "signature-rejected 7", "command-performed 14"]);
		expectChained(life);
		life.record("protocol-violated");
		for (let minute = 0; minute < 5; minute++) life.work();
		expect(life.names.at(-1)).toBe("protocol-violated");
		life.record("subscription-refused");
		expect(life.names.at(-1)).toBe("subscription-refused");
	});

	it("keeps a few of what waits, with room for the graver ones, and counts the rest", () => {
		const life = new LogLife(new LogImage());
		for (let count = 0; count < 4; count++) {
			life.record("signature-rejected", "message-outside-policy", "message-too-large");
			life.report({ name: "provisioning-refused", step: "keys" });
		}
		for (let count = 0; count < 4; count++) {
			life.record("protocol-violated", "duplicate-client-id-suspected", "reboot-denied");
		}
		expect(life.names).toEqual([]);
		life.report({ name: "device-restarting", cause: "tcp" });
		expect(life.names.slice(LOG_HELD_MAX)).toEqual(["device-restarting", "events-suppressed"]);
		expect(life.names.filter((name) => name === "protocol-violated").length).toBeGreaterThan(1);
		expect(life.entries.at(-1)?.details["total"]).toBe(28 - LOG_HELD_MAX);
	});
});

describe("SecurityLog, upload", () => {
	it("hands every signed entry over once, in order, with the checkpoint over the last", () => {
		const image = new LogImage();
		const life = new LogLife(image);
		life.fill(20);
		life.work();
		const batches = life.upload();
		const entries = batches.flatMap((batch) => batch.entries.map(readEntry));
		expect(entries.map(({ counter }) => counter)).toEqual(
			life.entries.map(({ counter }) => counter),
		);
		const checkpoints = batches.flatMap(({ checkpoint }) => checkpoint ?? []);
		expect(checkpoints.map((bytes) => readCheckpoint(bytes).counter)).toEqual([20]);
		expect(batches.at(-1)?.checkpoint).toBeDefined();
		expect(life.upload()).toEqual([]);
		expect(new LogLife(image).upload()).toEqual([]);
	});

	it("never leaves the checkpoint behind, whatever fits beside it", () => {
		for (let count = 1; count <= 12; count++) {
			const life = new LogLife(new LogImage());
			life.fill(count);
			life.work();
			const batches = life.upload();
			expect(batches.flatMap(({ entries }) => entries)).toHaveLength(count);
			expect(batches.map(({ checkpoint }) => checkpoint !== undefined)).toEqual(
				batches.map((_, index) => index === batches.length - 1),
			);
		}
	});

	it("hands nothing over that is not signed", () => {
		const life = new LogLife(new LogImage());
		life.fill(2);
		expect(life.log.nextBatch()).toBeUndefined();
		expect(life.log.hasBatch).toBe(false);
	});

	it("hands the same entries over again when the position was not saved", () => {
		const image = new LogImage();
		const life = new LogLife(image);
		life.fill(2);
		life.work();
		const batch = life.log.nextBatch();
		life.log.uploaded(2);
		expect(new LogLife(image).log.nextBatch()).toEqual(batch);
	});
});

describe("SecurityLog, full", () => {
	it("overwrites the oldest and signs which entry is the oldest", () => {
		const image = new LogImage(4);
		const life = new LogLife(image);
		life.fillOneByOne(120);
		const counters = life.entries.map(({ counter }) => counter);
		expect(counters.at(-1)).toBe(120);
		expect(counters[0]).toBeGreaterThan(60);
		expect(counters).toEqual(counters.map((_, index) => (counters[0] as number) + index));
		expect(signed(life).at(-1)).toBe(`120 since ${counters[0]}`);
		expectChained(life);
		expect(new LogLife(image).entries).toEqual(life.entries);
	});
});

describe("SecurityLog, when storage fails or was tampered with", () => {
	it("notices that its newest entries are gone, and goes on above them", () => {
		const image = new LogImage();
		const life = new LogLife(image);
		life.fill(5);
		life.work();
		const older = image.copy();
		life.fill(3);
		life.work();
		const rolledBack = new LogImage(16, image);
		rolledBack.chip.plant(older.chip.image(), 0);
		const after = new LogLife(rolledBack);
		expect(told(after)).toEqual({
			counter: 9,
			name: "log-shortened",
			details: { expected: 8, found: 5 },
		});
	});

	it("notices that it was erased", () => {
		const image = new LogImage();
		const life = new LogLife(image);
		life.fill(5);
		life.work();
		const erased = new LogImage(16, image);
		erased.chip.open().eraseBlock(0, 16);
		const after = new LogLife(erased);
		expect(after.entries).toHaveLength(1);
		expect(told(after)).toEqual({
			counter: 6,
			name: "log-shortened",
			details: { expected: 5, found: 0 },
		});
	});

	it("notices that the entry it signed last is another one", () => {
		const image = new LogImage();
		const life = new LogLife(image);
		life.fill(2);
		life.work();
		const other = new LogImage();
		const forger = new LogLife(other);
		forger.record("credential-promoted", "provisioning-locked");
		forger.work();
		const replaced = new LogImage(16, image);
		replaced.chip.open().eraseBlock(0, 16);
		replaced.chip.plant(other.chip.image(), 0);
		expect(told(new LogLife(replaced))).toEqual({
			counter: 3,
			name: "log-altered",
			details: { counter: 2 },
		});
	});

	it("goes on from the ring where what was remembered elsewhere is lost", () => {
		const image = new LogImage();
		const life = new LogLife(image);
		life.fill(3);
		life.work();
		life.upload();
		const store = image.keyValue.open({ path: "hf-log", format: "buffer" });
		const head = new Uint8Array(store.read("head") as ArrayBuffer);
		for (let byte = 0; byte < head.length; byte++) {
			const changed = head.slice();
			changed[byte] = (changed[byte] as number) ^ (1 << (byte & 7));
			store.write("head", changed);
			const after = new LogLife(image);
			expect(after.names).toHaveLength(3);
			expect(after.upload().flatMap(({ entries }) => entries)).toHaveLength(3);
		}
	});

	it("never uses a counter again that was uploaded, whatever the ring holds", () => {
		const image = new LogImage();
		const store = image.keyValue.open({ path: "hf-log", format: "buffer" });
		saveHead(store, { counter: 3, hash: new Uint8Array(32).fill(1), uploaded: 9 });
		const life = new LogLife(image);
		life.record("task-stalled");
		expect(life.entries.map(({ counter }) => counter)).toEqual([10, 11]);
	});

	it("hands nothing over, and remembers nothing, whose checkpoint could not be stored", () => {
		const image = new LogImage();
		const life = new LogLife(image);
		life.fill(2);
		const store = life.store.store.bind(life.store);
		life.store.store = (record) =>
			record.channel === 1 ? { kind: "failed", code: "storage-worn" } : store(record);
		life.work();
		expect(life.failures).toEqual(["log storage-worn"]);
		expect(life.log.hasBatch).toBe(false);
		expect(image.keyValue.open({ path: "hf-log", format: "buffer" }).read("head")).toBeUndefined();
		life.store.store = store;
		life.work();
		expect(signed(life)).toEqual(["2 since 1"]);
		expect(life.upload().flatMap(({ entries }) => entries)).toHaveLength(2);
	});

	it("says that storage fails, and keeps what it has", () => {
		const image = new LogImage();
		const life = new LogLife(image);
		life.fill(2);
		for (let block = 0; block < 16; block++) image.chip.wearOut(block);
		life.fill(2);
		expect(life.failures[0]).toBe("log storage-worn");
		expect(life.entries.map(({ counter }) => counter)).toEqual([1, 2]);
	});
});
