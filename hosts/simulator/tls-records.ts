// The record layer of the toy TLS: headers and sizes of the real one, a keystream and a checksum in
// place of its cryptography. It hides contents from observers and notices a broken byte; it
// protects against nobody who means it.

import { ByteQueue } from "./byte-queue.js";

export const RECORD_CHANGE_CIPHER = 20;
export const RECORD_ALERT = 21;
export const RECORD_HANDSHAKE = 22;
export const RECORD_DATA = 23;

export const RECORD_HEADER_BYTES = 5;
const NONCE_BYTES = 8;
const TAG_BYTES = 16;
/** What AES-GCM under TLS 1.2 adds to each record. */
export const RECORD_OVERHEAD_BYTES = RECORD_HEADER_BYTES + NONCE_BYTES + TAG_BYTES;
const CONTENT_BYTES_MAX = 16_384;

export interface TLSRecord {
	readonly type: number;
	readonly body: Uint8Array;
}

/** A record without protection: of the handshake. */
export function plainRecord(type: number, body: Uint8Array): Uint8Array {
	const record = new Uint8Array(RECORD_HEADER_BYTES + body.length);
	setHeader(record, type, body.length);
	record.set(body, RECORD_HEADER_BYTES);
	return record;
}

/** Cuts a stream into records. */
export class RecordReader {
	readonly #queue = new ByteQueue();
	#header: Uint8Array | undefined;

	push(bytes: Uint8Array): void {
		this.#queue.push(bytes);
	}

	/** The next whole record; "broken" where the stream is no TLS. */
	next(): TLSRecord | "broken" | undefined {
		if (!this.#header) {
			if (this.#queue.byteLength < RECORD_HEADER_BYTES) return undefined;
			this.#header = this.#queue.take(RECORD_HEADER_BYTES);
		}
		const [type = 0, major, , high = 0, low = 0] = this.#header;
		const length = (high << 8) | low;
		const isType = type >= RECORD_CHANGE_CIPHER && type <= RECORD_DATA;
		if (!isType || major !== 3 || length > CONTENT_BYTES_MAX + RECORD_OVERHEAD_BYTES) {
			return "broken";
		}
		if (this.#queue.byteLength < length) return undefined;
		this.#header = undefined;
		return { type, body: this.#queue.take(length) };
	}
}

/** One direction of a session: protects, or reads what the other end protected. */
export class RecordCipher {
	readonly #key: number;
	#sequence = 0;

	constructor(key: number) {
		this.#key = key;
	}

	protect(type: number, content: Uint8Array): Uint8Array {
		const bodyLength = NONCE_BYTES + content.length + TAG_BYTES;
		const record = new Uint8Array(RECORD_HEADER_BYTES + bodyLength);
		setHeader(record, type, bodyLength);
		const at = RECORD_HEADER_BYTES + NONCE_BYTES;
		const sequence = this.#sequence++;
		setUint32(record, RECORD_HEADER_BYTES + 4, sequence);
		const check = this.#crypt(content, record, at, sequence, type, false);
		for (let word = 0; word < TAG_BYTES / 4; word++) {
			setUint32(record, at + content.length + word * 4, Math.imul(check, word * 2 + 1));
		}
		return record;
	}

	/** `undefined` where a byte is broken, or a record missing, repeated or of another session. */
	open({ type, body }: TLSRecord): Uint8Array | undefined {
		const length = body.length - NONCE_BYTES - TAG_BYTES;
		if (length < 0) return undefined;
		const sequence = this.#sequence++;
		const content = new Uint8Array(length);
		const source = body.subarray(NONCE_BYTES, NONCE_BYTES + length);
		const check = this.#crypt(source, content, 0, sequence, type, true);
		if (getInt32(body, 0) !== 0 || getInt32(body, 4) !== sequence) return undefined;
		for (let word = 0; word < TAG_BYTES / 4; word++) {
			const tag = getInt32(body, NONCE_BYTES + length + word * 4);
			if (tag !== Math.imul(check, word * 2 + 1)) return undefined;
		}
		return content;
	}

	/** Adds the keystream to `from`; the answer is a checksum over the plain bytes. */
	#crypt(
		from: Uint8Array,
		to: Uint8Array,
		at: number,
		sequence: number,
		type: number,
		isOpening: boolean,
	): number {
		let word = (this.#key ^ Math.imul(sequence + 1, 0x85ebca6b)) | 1;
		let check = word ^ type;
		for (let index = 0; index < from.length; index++) {
			word ^= word << 13;
			word ^= word >>> 17;
			word ^= word << 5;
			const source = from[index] as number;
			const result = (source ^ word) & 0xff;
			to[at + index] = result;
			check = Math.imul(check ^ (isOpening ? result : source), 0x01000193);
		}
		return check ^ (check >>> 15);
	}
}

/** A session's key, from what both sides have said. */
export function sessionKey(...parts: readonly string[]): number {
	let key = 0x811c9dc5;
	for (const part of parts) {
		for (let index = 0; index < part.length; index++) {
			key = Math.imul(key ^ part.charCodeAt(index), 0x01000193);
		}
		key ^= key >>> 13;
	}
	return key;
}

function setHeader(record: Uint8Array, type: number, length: number): void {
	record.set([type, 3, 3, length >> 8, length & 0xff]);
}

function setUint32(bytes: Uint8Array, at: number, value: number): void {
	bytes[at] = value >>> 24;
	bytes[at + 1] = value >>> 16;
	bytes[at + 2] = value >>> 8;
	bytes[at + 3] = value;
}

function getInt32(bytes: Uint8Array, at: number): number {
	const high = ((bytes[at] as number) << 24) | ((bytes[at + 1] as number) << 16);
	return high | ((bytes[at + 2] as number) << 8) | (bytes[at + 3] as number);
}
