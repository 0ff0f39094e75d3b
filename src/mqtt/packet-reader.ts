// Cuts the byte stream into packets and judges each one: the guard between the broker and
// everything else. Incremental: bytes may come in any pieces. What a packet may cost is known from
// its fixed header, before anything is allocated for it. It knows nothing of sessions: whether a
// packet fits now is not its business.

import { assert, unreachable } from "../assert.js";
import { MQTT_INBOUND_PACKET_BYTES_MAX, MQTT_SKIPPED_PACKET_BYTES_MAX } from "../limits.js";
import { violation, type CloseReason } from "./close-reason.js";
import {
	decodeBody,
	decodePublish,
	isLegalLength,
	isPublish,
	judgeHeader,
	type Judged,
} from "./packet-bodies.js";

export type ReadResult = Judged | { readonly kind: "more" };

type Stage =
	| "header" // before the first byte of a packet
	| "length" // inside the remaining length
	| "body"
	| "skip" // inside the payload of an oversized PUBLISH
	| "refused"; // for good: the stream has no meaning any more

const NOTHING: Uint8Array = new Uint8Array(0);
const MORE: ReadResult = Object.freeze({ kind: "more" });

export class PacketReader {
	#chunk = NOTHING;
	#offset = 0;
	#stage: Stage = "header";
	#header = 0;
	#length = 0;
	#lengthBytes = 0;
	#body = NOTHING;
	#filled = 0;
	/** Bytes of the packet after those that `#body` takes. */
	#beyond = 0;
	#refusal: CloseReason | undefined;

	/**
	 * Adds bytes of the stream. Only after `next` has answered "more". Keeps `chunk` until it is
	 * read.
	 */
	push(chunk: Uint8Array): void {
		assert(this.#offset === this.#chunk.length, "the chunk before is used up");
		this.#chunk = chunk;
		this.#offset = 0;
	}

	/** The next packet. After "refused" every further answer is the same refusal. */
	next(): ReadResult {
		for (;;) {
			if (this.#stage === "refused") return this.#refuse(this.#refusal as CloseReason);
			if (this.#offset === this.#chunk.length) return MORE;
			const result = this.#step();
			if (result?.kind === "refused") return this.#refuse(result.reason);
			if (result !== undefined) return result;
		}
	}

	/** Takes one byte, or as many as one stage can use. There is at least one. */
	#step(): Judged | undefined {
		switch (this.#stage) {
			case "header":
				return this.#readHeader();
			case "length":
				return this.#readLength();
			case "body":
				return this.#readBody();
			case "skip":
				this.#skip();
				return undefined;
			case "refused":
				return undefined;
			default:
				return unreachable(this.#stage);
		}
	}

	#readHeader(): Judged | undefined {
		this.#header = this.#chunk[this.#offset++] as number;
		const reason = judgeHeader(this.#header);
		if (reason) return { kind: "refused", reason };
		this.#stage = "length";
		this.#length = 0;
		this.#lengthBytes = 0;
		return undefined;
	}

	/**
	 * MQTT 3.1.1 §2.2.3. More bytes than the length needs are accepted: this version, unlike 5.0,
	 * does not ask for the shortest form.
	 */
	#readLength(): Judged | undefined {
		const byte = this.#chunk[this.#offset++] as number;
		this.#length += (byte & 0x7f) * 128 ** this.#lengthBytes;
		this.#lengthBytes++;
		if ((byte & 0x80) === 0) return this.#begin();
		if (this.#lengthBytes < 4) return undefined;
		return { kind: "refused", reason: violation("MQTT §2.2.3", "remaining-length") };
	}

	/**
	 * The fixed header is complete: only now is there memory for the rest, and never more than the
	 * cap.
	 */
	#begin(): Judged | undefined {
		if (!isLegalLength(this.#header, this.#length)) {
			return { kind: "refused", reason: violation("MQTT-4.8.0-1", "packet-length") };
		}
		const held = Math.min(this.#length, MQTT_INBOUND_PACKET_BYTES_MAX);
		assert(held === this.#length || isPublish(this.#header), "the others are short");
		this.#beyond = this.#length - held;
		if (held + this.#beyond > MQTT_SKIPPED_PACKET_BYTES_MAX) {
			return { kind: "refused", reason: { code: "packet-too-large" } };
		}
		if (held === 0) return this.#finish(NOTHING);
		this.#body = new Uint8Array(held);
		this.#filled = 0;
		this.#stage = "body";
		return undefined;
	}

	#readBody(): Judged | undefined {
		const count = Math.min(this.#body.length - this.#filled, this.#chunk.length - this.#offset);
		this.#body.set(this.#chunk.subarray(this.#offset, this.#offset + count), this.#filled);
		this.#offset += count;
		this.#filled += count;
		return this.#filled === this.#body.length ? this.#finish(this.#body) : undefined;
	}

	#finish(body: Uint8Array): Judged {
		this.#body = NOTHING;
		if (this.#beyond > 0) {
			this.#stage = "skip";
			return decodePublish(this.#header, body, this.#length);
		}
		this.#stage = "header";
		return decodeBody(this.#header, body);
	}

	#skip(): void {
		const count = Math.min(this.#beyond, this.#chunk.length - this.#offset);
		this.#offset += count;
		this.#beyond -= count;
		if (this.#beyond === 0) this.#stage = "header";
	}

	#refuse(reason: CloseReason): ReadResult {
		this.#stage = "refused";
		this.#refusal = reason;
		this.#chunk = NOTHING;
		this.#offset = 0;
		return { kind: "refused", reason };
	}
}
