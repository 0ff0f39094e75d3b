// The receiver and the operator of a simulated fleet, with stand-in keys.

import { Operator } from "../../../hosts/simulator/operator.js";
import { Receiver } from "../../../hosts/simulator/receiver.js";
import { StandInCrypto } from "../../../hosts/simulator/stand-in-keys.js";
import { judgeCommand } from "../../../src/command/judge.js";
import { CONTENT_GAP, CONTENT_READING } from "../../../src/envelope/content-types.js";
import { encodeGap } from "../../../src/envelope/gap.js";
import { keyIdOf } from "../../../src/envelope/key-id.js";
import { open } from "../../../src/envelope/open.js";
import { seal } from "../../../src/envelope/seal.js";
import { encodeReading } from "../../../src/reading/senml.js";
import { toyHash } from "../../support/toy-hash.js";

const NOW = 1_800_000_000;
const crypto = new StandInCrypto(toyHash);
const publicKey = crypto.publicKey("Ed25519", new Uint8Array(32).fill(7)).slice();
const signer = {
	keyId: keyIdOf(publicKey, crypto),
	sign: (message: Uint8Array) => crypto.sign(publicKey, message),
};
const TELEMETRY = "holdfast/sensor-1/telemetry";

function reading(sequence: number, previous?: number, topic = TELEMETRY) {
	const encoded = encodeReading([{ thermometer: { temperature: sequence / 4 } }]);
	const payload = encoded.kind === "encoded" ? encoded.payload : new Uint8Array(0);
	const request = { topic, contentType: CONTENT_READING, payload, sequence };
	return { topic, payload: seal({ ...request, ...(previous && { previous }) }, signer) };
}

function gap(sequence: number, first: number, last: number, count: number) {
	const payload = encodeGap([{ first, last, count, reason: "outbox-full" }]);
	const topic = "holdfast/sensor-1/event";
	return { topic, payload: seal({ topic, contentType: CONTENT_GAP, payload, sequence }, signer) };
}

function receiver(): Receiver {
	return new Receiver({ devices: [{ device: "sensor-1", publicKey }], crypto });
}

describe("Receiver", () => {
	it("accounts for every reading: delivered, explained, or lost", () => {
		const it = receiver();
		for (const message of [reading(1), reading(2, 1), reading(2, 1), gap(9, 3, 5, 3)]) {
			it.accept(message);
		}
		expect(it.account("sensor-1", [1, 2, 3, 4, 5, 6])).toEqual({
			delivered: 2,
			explained: 3,
			lost: [6],
		});
		const { readings, duplicates, gaps } = it.of("sensor-1");
		expect(readings.map(({ sequence, value }) => [sequence, value])).toEqual([
			[1, 0.25],
			[2, 0.5],
		]);
		expect(duplicates).toBe(1);
		expect(gaps).toHaveLength(1);
		expect(it.summaryOf("sensor-1")?.verified).toBe(3);
	});

	it("believes nothing that is not signed for its topic, and blames nobody for a stranger", () => {
		const it = receiver();
		const { payload } = reading(1);
		it.accept({ topic: "holdfast/sensor-1/event", payload });
		const altered = payload.slice();
		altered[altered.length - 1] = (altered[altered.length - 1] as number) ^ 1;
		it.accept({ topic: TELEMETRY, payload: altered });
		it.accept({ topic: TELEMETRY, payload: Uint8Array.of(1, 2, 3) });
		expect(it.of("sensor-1").refused).toEqual(["wrong-topic", "signature"]);
		expect(it.strangers).toEqual(["malformed"]);
		expect(it.account("sensor-1", [1]).lost).toEqual([1]);
	});
});

describe("Operator", () => {
	const operator = new Operator({ crypto, unixSeconds: () => NOW });
	const keyOf = () => operator.publicKey;
	const context = {
		deviceId: "sensor-1",
		retained: false,
		lastSequence: undefined,
		allowedCommands: ["identify"],
		trustedTime: NOW,
	};

	function judged(bytes: Uint8Array): string {
		const opened = open(bytes, operator.topicOf("sensor-1"), keyOf, crypto);
		if (opened.kind === "rejected") return opened.reason;
		const judgement = judgeCommand(opened.envelope, context);
		return judgement.kind === "accepted" ? "accepted" : judgement.reason;
	}

	it("signs commands that are obeyed, and any other kind", () => {
		const identify = { name: "identify" } as const;
		expect(judged(operator.command("sensor-1", identify))).toBe("accepted");
		expect(
			judged(operator.command("sensor-2", identify, { topic: operator.topicOf("sensor-1") })),
		).toBe("wrong-audience");
		expect(judged(operator.command("sensor-2", identify))).toBe("signature");
		expect(judged(operator.command("sensor-1", identify, { expiresAt: NOW }))).toBe("expired");
		expect(judged(operator.command("sensor-1", { name: "restart" }))).toBe("not-allowed");
		expect(operator.sequence).toBe(5);
	});
});
