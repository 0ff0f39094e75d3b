// A device for tests of receivers: seals real envelopes with a key of node:crypto and counts like
// the firmware's uplink. It has no outbox: what is not delivered is lost.
import { generateKeyPairSync, sign } from "node:crypto";
import {
	CONTENT_EVENT,
	CONTENT_GAP,
	CONTENT_READING,
	CONTENT_RESULT,
} from "../../src/envelope/content-types.js";
import { encode } from "../../src/cbor/encode.js";
import { encodeResult, type CommandResult } from "../../src/command/result.js";
import { encodeGap, type Gap } from "../../src/envelope/gap.js";
import { seal } from "../../src/envelope/seal.js";
import { encodeReading } from "../../src/reading/senml.js";
import { keyIdOf, rawPublicKey } from "../../tools/pki/device-record.js";

export interface Sealed {
	readonly topic: string;
	readonly bytes: Uint8Array;
	readonly sequence: number;
}

export class SealingDevice {
	readonly device: string;
	readonly publicKey: Uint8Array;
	readonly keyId: Uint8Array;
	readonly #sign: (message: Uint8Array) => Uint8Array;
	#sequence = 0;
	#previous: number | undefined;

	constructor(device: string) {
		const { privateKey, publicKey } = generateKeyPairSync("ed25519");
		this.device = device;
		this.publicKey = rawPublicKey(publicKey.export({ type: "spki", format: "pem" }) as string);
		this.keyId = keyIdOf(this.publicKey);
		this.#sign = (message) => new Uint8Array(sign(null, message, privateKey));
	}

	/** Skips sequences, as a reboot does. */
	skip(count: number): void {
		this.#sequence += count;
	}

	reading(temperature = 21.5): Sealed {
		const encoded = encodeReading([{ thermometer: { temperature } }], 1_767_225_600);
		if (encoded.kind === "empty") throw new RangeError("temperature");
		return this.seal("telemetry", CONTENT_READING, encoded.payload);
	}

	gap(...gaps: Gap[]): Sealed {
		return this.seal("event", CONTENT_GAP, encodeGap(gaps));
	}

	event(facts: Record<string, string | number | boolean>): Sealed {
		return this.seal("event", CONTENT_EVENT, encode(new Map(Object.entries(facts))));
	}

	result(result: CommandResult): Sealed {
		return this.seal("result", CONTENT_RESULT, encodeResult(result));
	}

	seal(channel: string, contentType: number | string, payload: Uint8Array): Sealed {
		return this.sealAs(++this.#sequence, channel, contentType, payload);
	}

	/** A will: it takes a sequence and stands outside the chain. */
	will(): Sealed {
		const previous = this.#previous;
		this.#previous = undefined;
		const sealed = this.event({ name: "connection-lost" });
		this.#previous = previous;
		return sealed;
	}

	/** Seals with a sequence of the caller's choice. */
	sealAs(
		sequence: number,
		channel: string,
		contentType: number | string,
		payload: Uint8Array,
	): Sealed {
		const topic = `holdfast/${this.device}/${channel}`;
		const previous = this.#previous;
		const time = { unixSeconds: 1_767_225_600, quality: 3 };
		const chained = previous !== undefined && previous < sequence ? { previous } : {};
		const request = { topic, contentType, payload, sequence, time, ...chained };
		this.#previous = sequence;
		const bytes = seal(request, { keyId: this.keyId, sign: this.#sign });
		return { topic, bytes, sequence };
	}
}
