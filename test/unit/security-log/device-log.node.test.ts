// The security log of a whole device with real signatures: what it writes, what it uploads, and
// that a verifier notices whatever is done to its flash.

import { NORFlash } from "../../../hosts/simulator/flash.js";
import { addPartition, readLogPartition } from "../../../hosts/support/verify/log-partition.js";
import type { LogReport } from "../../../hosts/support/verify/log-report.js";
import { LogVerifier } from "../../../hosts/support/verify/log-verifier.js";
import { equalBytes } from "../../../src/bytes/arrays.js";
import { encodeCommand } from "../../../src/command/command.js";
import { keyIdOf } from "../../../src/envelope/key-id.js";
import {
	LOG_BOOT_HOLD_MS,
	LOG_CHECKPOINT_MS,
	RESTART_DELAY_MS,
	STORAGE_RETRY_MS,
} from "../../../src/limits.js";
import { encodeRules, DEFAULT_RULES } from "../../../src/policy/rules.js";
import { decodeBatch } from "../../../src/security-log/batch.js";
import { partitionImage } from "../../../hosts/support/verify/partition-image.js";
import {
	DeviceImage,
	DeviceLife,
	NOW,
	online,
	provisioned,
	type Published,
} from "../../support/device-bench.js";
import { nodeCrypto } from "../../support/seeded-key-store.js";

/** What waits in the first minutes of a boot is written and signed by then. */
const SIGNED_MS = LOG_BOOT_HOLD_MS + LOG_CHECKPOINT_MS + 1000;
const identify = encodeCommand({ name: "identify" });

function verifierOf(image: DeviceImage): LogVerifier {
	const known = keyIdOf(image.publicKey, nodeCrypto);
	return new LogVerifier({
		crypto: nodeCrypto,
		verify: (keyId, message, signature) =>
			equalBytes(keyId, known) && nodeCrypto.ed25519Verify(image.publicKey, message, signature),
	});
}

function uploadsOf(life: DeviceLife): Published[] {
	return life.published.filter(({ topic }) => topic === "holdfast/sensor-1/log");
}

function addUploads(verifier: LogVerifier, life: DeviceLife): void {
	for (const { envelope } of uploadsOf(life)) {
		const read = decodeBatch(envelope.payload);
		if (read.kind === "invalid") throw new Error(read.expected);
		for (const bytes of read.value.entries) verifier.addUploaded(bytes);
		if (read.value.checkpoint) verifier.addCheckpoint(read.value.checkpoint, "upload");
	}
}

function imageReport(image: DeviceImage, bytes = image.logChip.image()): LogReport {
	const contents = readLogPartition(partitionImage(bytes));
	if (contents.kind === "unusable") throw new Error(contents.code);
	const verifier = verifierOf(image);
	addPartition(verifier, contents);
	return verifier.report();
}

function namesOf(report: LogReport): string[] {
	return report.entries.map(({ entry }) => entry?.name ?? "none");
}

/** A device that has been attacked a little. */
function attacked(image = provisioned()): DeviceLife {
	const life = online(image);
	life.deliver(Uint8Array.of(1, 2, 3));
	life.deliver(image.command({ payload: identify, sequence: 5 }));
	life.deliver(image.command({ payload: identify, sequence: 5 }));
	return life;
}

describe("Device, security log", () => {
	it("keeps what happened, signs it and uploads it as an envelope of its own channel", () => {
		const image = provisioned();
		const life = attacked(image);
		expect(uploadsOf(life)).toEqual([]);
		life.run(SIGNED_MS);
		const names = [
			...["device-booted", "signature-rejected", "time-floor-raised"],
			...["command-performed", "command-refused"],
		];
		const stored = imageReport(image);
		expect(namesOf(stored)).toEqual(names);
		expect(stored.entries[0]?.entry?.time).toMatchObject({ quality: 3 });
		expect(stored.entries[0]?.entry?.time?.unixSeconds).toBeGreaterThanOrEqual(NOW);
		const verifier = verifierOf(image);
		addUploads(verifier, life);
		const uploaded = verifier.report();
		expect(namesOf(uploaded)).toEqual(names);
		expect(uploaded).toMatchObject({ isSound: true, signedThrough: 5, checkpoints: 2 });
		expect(uploadsOf(life)).toHaveLength(2); // the refusal waited for itself
		life.run(3 * SIGNED_MS);
		expect(uploadsOf(life)).toHaveLength(2);
	});

	it("uploads what happened while there was no session as soon as there is one", () => {
		const image = provisioned();
		const first = new DeviceLife(image, { reason: "watchdog", stage: "securing" });
		first.isBrokerUp = false;
		first.run(2 * LOG_CHECKPOINT_MS);
		expect(namesOf(imageReport(image))).toEqual(["device-booted"]);
		const second = online(image);
		second.run(1000);
		expect(uploadsOf(second)).toHaveLength(1);
	});

	it("gives a counter to no second entry where flash took one and did not answer", () => {
		const image = provisioned();
		const life = online(image);
		life.run(SIGNED_MS);
		image.logChip.unreadableBytes = 0;
		life.deliver(image.command({ payload: identify, sequence: 5 }));
		image.logChip.unreadableBytes = Infinity;
		life.deliver(image.command({ payload: identify, sequence: 6 }));
		life.run(SIGNED_MS);
		const stored = imageReport(image);
		const sequences = stored.entries.map(({ entry }) => entry?.details["sequence"]);
		expect(sequences.filter((sequence) => sequence !== undefined)).toEqual([5, 6]);
		expect(stored).toMatchObject({ isSound: true, missing: [] });
	});

	it("writes down what it only counted before an operator's restart", () => {
		const image = provisioned();
		const life = online(image);
		for (let count = 0; count < 10; count++) life.deliver(Uint8Array.of(1, 2, 3));
		const payload = encodeCommand({ name: "restart" });
		life.deliver(image.command({ payload, sequence: 5 }));
		life.run(RESTART_DELAY_MS + 100);
		expect(life.restarts).toBe(1);
		expect(namesOf(imageReport(image)).slice(-3)).toEqual([
			"command-performed",
			"device-restarting",
			"events-suppressed",
		]);
	});

	it("names the topic outside of the policy, and what was wrong with a packet", () => {
		const image = provisioned();
		const life = online(image);
		life.deliver(Uint8Array.of(1), { topic: `holdfast/all/${"x".repeat(100)}` });
		life.deliver(Uint8Array.of(1), { topic: "holdfast/#" });
		life.run(SIGNED_MS);
		const entries = imageReport(image).entries.map(({ entry }) => entry);
		const detailsOf = (name: string) => entries.find((entry) => entry?.name === name)?.details;
		expect(detailsOf("message-outside-policy")?.["topic"]).toBe(`holdfast/all/${"x".repeat(27)}`);
		expect(detailsOf("protocol-violated")).toEqual({
			clause: "MQTT-3.3.2-2",
			detail: expect.stringMatching(/./) as unknown,
		});
	});

	it("goes on with one chain over power cuts, and uploads each entry", () => {
		const image = provisioned();
		const verifier = verifierOf(image);
		for (let boot = 0; boot < 3; boot++) {
			const life = attacked(image);
			life.run(boot === 1 ? 100 : SIGNED_MS);
			addUploads(verifier, life);
		}
		const uploaded = verifier.report();
		expect(uploaded.isSound).toBe(true);
		expect(uploaded.missing).toEqual([]);
		expect(uploaded.entries.map(({ entry }) => entry)).toEqual(
			imageReport(image).entries.map(({ entry }) => entry),
		);
	});

	it("leaves the log on the device where the policy has no channel for it", () => {
		const image = new DeviceImage();
		const rules = DEFAULT_RULES.filter(({ channel }) => channel !== "log");
		image.install({ policy: encodeRules(rules) });
		const life = attacked(image);
		life.run(SIGNED_MS);
		expect(uploadsOf(life)).toEqual([]);
		expect(life.reported("message-refused")).toEqual([]);
		expect(imageReport(image)).toMatchObject({ isSound: true, signedThrough: 5 });
	});

	it("holds no secret and no payload", () => {
		const image = provisioned();
		const life = online(image);
		const marker = new TextEncoder().encode("MARKER-OF-A-PAYLOAD");
		life.deliver(marker);
		life.deliver(image.command({ payload: marker, sequence: 9 }));
		life.run(SIGNED_MS);
		expect(namesOf(imageReport(image))).toContain("command-refused");
		expect(Buffer.from(image.logChip.image()).includes(Buffer.from(marker))).toBe(false);
	});
});

describe("Device without a usable log", () => {
	function checkRuns(image: DeviceImage, code: string): void {
		const life = attacked(image);
		life.run(5_000);
		expect(life.identified).toBe(1);
		expect(life.accepted.length).toBeGreaterThan(3);
		expect(life.reported("storage-failed")).toEqual([
			{ name: "storage-failed", path: "log", code },
		]);
	}

	it("logs again when its partition can be read again, and says that there was none", () => {
		const image = provisioned();
		image.logChip.unreadableBytes = 0;
		const life = online(image);
		life.run(5 * STORAGE_RETRY_MS);
		expect(life.reported("storage-failed").filter(({ path }) => path === "log")).toHaveLength(1);
		image.logChip.unreadableBytes = Infinity;
		life.run(2 * STORAGE_RETRY_MS + 2 * LOG_CHECKPOINT_MS);
		expect(namesOf(imageReport(image))).toEqual(["storage-failed"]);
		expect(uploadsOf(life)).toHaveLength(1);
	});

	it("runs all the same, and says once that the partition cannot be read", () => {
		const image = provisioned();
		image.logChip.unreadableBytes = 0;
		checkRuns(image, "storage-unreadable");
	});

	it("runs all the same when the partition is too small", () => {
		const image = provisioned();
		Object.assign(image, { logChip: new NORFlash({ blocks: 2 }) });
		checkRuns(image, "storage-geometry");
	});

	it("runs all the same when every block is worn out", () => {
		const image = provisioned();
		for (let block = 0; block < 16; block++) image.logChip.wearOut(block);
		checkRuns(image, "storage-worn");
	});
});

describe("Device whose head of the log cannot be kept", () => {
	it("says so once, and logs, signs and uploads all the same", () => {
		const image = provisioned();
		image.storage.failWrites("hf-log");
		image.storage.failReads("hf-log");
		const life = attacked(image);
		life.run(SIGNED_MS);
		life.deliver(Uint8Array.of(9));
		life.run(SIGNED_MS);
		const failures = life.reported("storage-failed").map(({ path }) => path);
		expect(failures).toEqual(["hf-log"]);
		const verifier = verifierOf(image);
		addUploads(verifier, life);
		expect(verifier.report()).toMatchObject({ isSound: true, signedThrough: 6 });
	});
});

describe("the image of a log's partition", () => {
	it("is not taken for the same with any bit of a record changed", () => {
		const image = provisioned();
		attacked(image).run(LOG_CHECKPOINT_MS + 1000);
		const sound = imageReport(image);
		expect(sound.entries.every(({ status }) => status === "genuine")).toBe(true);
		const bytes = image.logChip.image();
		const used = bytes.lastIndexOf(0x42) + 32; // within the last body unit
		let noticed = 0;
		for (let bit = 32 * 8; bit < used * 8; bit += 19) {
			if (bytes[(bit >> 8) * 32] === 0xff) continue;
			const changed = bytes.slice();
			changed[bit >> 3] = (changed[bit >> 3] as number) ^ (1 << (bit & 7));
			const judged = imageReport(image, changed);
			const isSame = judged.isSound && judged.entries.every(({ status }) => status === "genuine");
			if (!isSame) noticed++;
			// What pads the last unit of a record belongs to no record.
			else expect(isPadding(bytes, bit >> 3)).toBe(true);
		}
		expect(noticed).toBeGreaterThan(200);
	});

	it("of an older state is noticed by the device itself", () => {
		const image = provisioned();
		const first = attacked(image);
		first.run(SIGNED_MS);
		const older = image.logChip.image();
		attacked(image).run(SIGNED_MS);
		image.logChip.open().eraseBlock(0, 16);
		image.logChip.plant(older, 0);
		const life = online(image);
		life.run(SIGNED_MS);
		const judged = imageReport(image);
		expect(namesOf(judged)).toContain("log-shortened");
		expect(judged.isSound).toBe(false);
		expect(judged.missing).toMatchObject([{ cause: "unexplained" }]);
	});
});

/** Zeros at the end of a body unit. */
function isPadding(bytes: Uint8Array, at: number): boolean {
	const end = (Math.floor(at / 32) + 1) * 32;
	return bytes.subarray(at, end).every((byte) => byte === 0);
}
