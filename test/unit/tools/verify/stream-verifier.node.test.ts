import { CONTENT_READING } from "../../../../src/envelope/content-types.js";
import { StreamVerifier } from "../../../../hosts/support/verify/stream-verifier.js";
import { verifierCrypto } from "../../../../tools/verify/verifier-crypto.js";
import { SealingDevice, type Sealed } from "../../../support/sealing-device.js";

let device: SealingDevice;
let other: SealingDevice;
let verifier: StreamVerifier;

beforeEach(() => {
	device = new SealingDevice("sensor-1");
	other = new SealingDevice("sensor-2");
	verifier = new StreamVerifier({ devices: [device, other], crypto: verifierCrypto() });
});

function accept({ topic, bytes }: Sealed) {
	return verifier.accept(topic, bytes);
}

/** "verified", or the reason of the refusal. */
function judged(sealed: Sealed): string {
	const verdict = accept(sealed);
	return verdict.kind === "verified" ? "verified" : verdict.reason;
}

function missing() {
	return verifier.summary().find((summary) => summary.device === "sensor-1")?.missing;
}

describe("StreamVerifier", () => {
	it("tells who measured what, and when", () => {
		expect(accept(device.reading(22.25))).toEqual({
			kind: "verified",
			device: "sensor-1",
			keyId: Buffer.from(device.keyId).toString("hex"),
			channel: "telemetry",
			topic: "holdfast/sensor-1/telemetry",
			sequence: 1,
			time: { unixSeconds: 1_767_225_600, quality: 3 },
			content: {
				kind: "reading",
				measurements: [{ name: "temperature", unit: "Cel", value: 22.25, time: 1_767_225_600 }],
			},
		});
	});

	it("decodes events, gap records, results, and leaves other types alone", () => {
		const gap = { first: 1, last: 2, count: 2, reason: "outbox-full" } as const;
		const result = { command: 7, operator: "00".repeat(8), outcome: "done" } as const;
		const contents = [
			device.event({ name: "booted", count: 3 }),
			device.gap(gap),
			device.result(result),
			device.seal("telemetry", "text/plain", Uint8Array.of(0x68, 0x69)),
		].map((sealed) => {
			const verdict = accept(sealed);
			return verdict.kind === "verified" ? verdict.content : verdict.reason;
		});
		expect(contents).toEqual([
			{ kind: "event", event: { name: "booted", count: 3 } },
			{ kind: "gap", gaps: [gap] },
			{ kind: "result", result },
			{ kind: "other", contentType: "text/plain", payload: "6869" },
		]);
	});

	it("refuses every single changed bit", () => {
		const { topic, bytes } = device.reading();
		for (let bit = 0; bit < bytes.length * 8; bit++) {
			const changed = bytes.slice();
			changed[bit >> 3] = (changed[bit >> 3] as number) ^ (1 << (bit & 7));
			expect([bit, verifier.accept(topic, changed).kind]).toEqual([bit, "refused"]);
		}
		expect(verifier.accept(topic, bytes).kind).toBe("verified");
	});

	it("refuses a changed signature as such", () => {
		const { topic, bytes } = device.reading();
		const changed = bytes.slice();
		const last = changed.length - 40;
		changed[last] = (changed[last] as number) ^ 1;
		expect(verifier.accept(topic, changed)).toEqual({
			kind: "refused",
			reason: "signature",
			topic,
			sequence: 1,
			device: "sensor-1",
			keyId: Buffer.from(device.keyId).toString("hex"),
		});
	});

	it("refuses a stranger's key, and keeps nothing of it but a count", () => {
		const stranger = new SealingDevice("sensor-1");
		for (let count = 0; count < 3; count++) {
			expect(judged(stranger.reading())).toBe("unknown-key");
		}
		expect(verifier.strangers()).toEqual({ "unknown-key": 3 });
		expect(verifier.summary().map(({ verified }) => verified)).toEqual([0, 0]);
	});

	it("refuses what was moved to another topic, and says where it belongs", () => {
		const { bytes, topic } = device.reading();
		for (const moved of ["holdfast/sensor-1/event", "holdfast/sensor-2/telemetry", "elsewhere"]) {
			const verdict = verifier.accept(moved, bytes);
			expect(verdict).toMatchObject({ reason: "wrong-topic", sealedFor: topic });
		}
	});

	it("refuses what a device sealed for a topic that is not its own", () => {
		const impostor = new SealingDevice("sensor-2");
		const known = { device: "sensor-1", publicKey: impostor.publicKey };
		verifier = new StreamVerifier({ devices: [known], crypto: verifierCrypto() });
		expect(judged(impostor.reading())).toBe("wrong-topic");
	});

	it("refuses what a device signs after its certificate was revoked", () => {
		verifier.add({ device: "sensor-1", publicKey: device.publicKey, isRevoked: true });
		expect(judged(device.reading())).toBe("revoked-key");
	});

	it("verifies and marks what a revoked key signed where that is wanted", () => {
		const devices = [{ device: "sensor-1", publicKey: device.publicKey, isRevoked: true }];
		verifier = new StreamVerifier({ devices, crypto: verifierCrypto(), mayBeRevoked: true });
		expect(accept(device.reading())).toMatchObject({ kind: "verified", isRevokedKey: true });
	});

	it("verifies what a device sealed with a former key, and says so", () => {
		const renewed = new SealingDevice("sensor-1");
		verifier.add({ device: "sensor-1", publicKey: device.publicKey, isFormer: true });
		verifier.add(renewed);
		expect(accept(device.reading())).toMatchObject({ kind: "verified", isFormerKey: true });
		expect(accept(renewed.reading())).not.toHaveProperty("isFormerKey");
		const keys = verifier.summary().filter((summary) => summary.device === "sensor-1");
		expect(keys.map(({ verified }) => verified)).toEqual([1, 1]);
	});

	it("refuses a signed payload that is not what its type says", () => {
		expect(judged(device.seal("telemetry", CONTENT_READING, Uint8Array.of(0)))).toBe("payload");
	});

	it("refuses what is no envelope", () => {
		expect(verifier.accept("a", new Uint8Array(0)).kind).toBe("refused");
		expect(verifier.accept("a", new Uint8Array(100_000))).toMatchObject({ reason: "too-large" });
		expect(verifier.accept("a", new TextEncoder().encode("hello")).kind).toBe("refused");
	});
});

describe("StreamVerifier replay", () => {
	it("takes each message once, and marks what at-least-once delivery may repeat", () => {
		const first = device.reading();
		expect(judged(first)).toBe("verified");
		const again = accept(first);
		expect(again).toMatchObject({ kind: "refused", reason: "replay", duplicate: true });
		expect(verifier.summary()[0]).toMatchObject({ verified: 1, duplicates: 1, refused: {} });
	});

	it("calls it a plain replay once the message is long gone", () => {
		const first = device.reading();
		accept(first);
		for (let count = 0; count < 300; count++) accept(device.reading());
		const again = accept(first);
		expect(again).toMatchObject({ kind: "refused", reason: "replay" });
		expect(again).not.toHaveProperty("duplicate");
		expect(verifier.summary()[0]).toMatchObject({ duplicates: 0, refused: { replay: 1 } });
	});

	it("tells a second message with the same sequence from a repeated one", () => {
		accept(device.reading(1));
		const payload = Uint8Array.of(1);
		expect(judged(device.sealAs(1, "telemetry", "text/plain", payload))).toBe("sequence-reused");
	});

	it("keeps the sequences of two devices apart", () => {
		expect(judged(device.reading())).toBe("verified");
		expect(judged(other.reading())).toBe("verified");
	});

	it("takes messages in any order", () => {
		const sealed = Array.from({ length: 50 }, () => device.reading());
		for (const message of [...sealed].reverse()) expect(judged(message)).toBe("verified");
		expect(missing()).toEqual([]);
		for (const message of sealed) expect(judged(message)).toBe("replay");
	});
});

describe("StreamVerifier missing", () => {
	it("finds nothing missing in a whole stream, whatever came before it", () => {
		device.reading();
		for (let count = 0; count < 5; count++) accept(device.reading());
		expect(missing()).toEqual([]);
	});

	it("names what did not arrive", () => {
		const sealed = Array.from({ length: 10 }, () => device.reading());
		for (const index of [0, 1, 4, 5, 9]) accept(sealed[index] as Sealed);
		expect(missing()).toEqual([
			{ first: 3, last: 4, cause: "unexplained" },
			{ first: 7, last: 9, cause: "unexplained" },
		]);
		accept(sealed[2] as Sealed);
		accept(sealed[3] as Sealed);
		expect(missing()).toEqual([{ first: 7, last: 9, cause: "unexplained" }]);
	});

	it("takes no skip for a loss that a previous explains", () => {
		accept(device.reading());
		device.skip(1023);
		accept(device.reading());
		expect(missing()).toEqual([]);
	});

	it("takes nothing for lost between a message and a will: it names no previous", () => {
		accept(device.reading());
		for (let attempt = 0; attempt < 3; attempt++) device.will();
		accept(device.will());
		expect(missing()).toEqual([{ first: 2, last: 4, cause: "possible" }]);
		accept(device.reading());
		expect(missing()).toEqual([]);
	});

	it("takes a signed gap record for an explanation", () => {
		const sealed = Array.from({ length: 8 }, () => device.reading());
		for (const index of [0, 1, 5, 6, 7]) accept(sealed[index] as Sealed);
		accept(device.gap({ first: 3, last: 5, count: 3, reason: "outbox-full" }));
		expect(missing()).toEqual([{ first: 3, last: 5, cause: "outbox-full" }]);
	});

	it("counts what a gap record does not", () => {
		const sealed = Array.from({ length: 8 }, () => device.reading());
		for (const index of [0, 7]) accept(sealed[index] as Sealed);
		accept(device.gap({ first: 2, last: 7, count: 4, reason: "outbox-full" }));
		expect(missing()).toEqual([{ first: 2, last: 7, cause: "outbox-full", uncounted: 2 }]);
	});

	it("tells a loss that nobody vouches for from one that is certain", () => {
		const sealed = Array.from({ length: 8 }, () => device.reading());
		for (const index of [0, 7]) accept(sealed[index] as Sealed);
		accept(device.gap({ first: 4, last: 5, count: 2, reason: "record-corrupt" }));
		expect(missing()).toEqual([
			{ first: 2, last: 3, cause: "possible" },
			{ first: 4, last: 5, cause: "record-corrupt" },
			{ first: 6, last: 7, cause: "unexplained" },
		]);
	});

	it("joins gap records that overlap", () => {
		const sealed = Array.from({ length: 8 }, () => device.reading());
		for (const index of [0, 3, 7]) accept(sealed[index] as Sealed);
		accept(device.gap({ first: 2, last: 5, count: 3, reason: "outbox-full" }));
		accept(
			device.gap(
				{ first: 5, last: 6, count: 1, reason: "storage-failed" },
				{ first: 7, last: 7, count: 1, reason: "outbox-full" },
			),
		);
		expect(missing()).toEqual([
			{ first: 2, last: 3, cause: "outbox-full, storage-failed" },
			{ first: 5, last: 6, cause: "outbox-full, storage-failed" },
			{ first: 7, last: 7, cause: "outbox-full" },
		]);
	});

	it("reports a signed gap before the first message that was seen", () => {
		for (let count = 0; count < 5; count++) device.reading();
		accept(device.reading());
		accept(device.gap({ first: 3, last: 5, count: 3, reason: "outbox-full" }));
		expect(missing()).toEqual([{ first: 3, last: 5, cause: "outbox-full" }]);
	});
});
