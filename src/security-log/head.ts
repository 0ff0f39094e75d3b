// What is remembered outside of the log's partition: the newest signed entry and how far the upload
// has come (key-value "hf-log"). By it the device itself notices a log that was cut or put back.

import { concatBytes, uint64Bytes, uint64From } from "../bytes/arrays.js";
import { crc32 } from "../bytes/crc32.js";
import type { KeyValueStore } from "../ports.js";
import { HASH_BYTES } from "./entry.js";

export interface Head {
	/** The newest entry that a checkpoint signed; 0 for none. */
	readonly counter: number;
	readonly hash: Uint8Array;
	/** The newest entry that was handed to the outbox; 0 for none. */
	readonly uploaded: number;
}

const KEY = "head";
const CRC_BYTES = 4;
const HEAD_BYTES = 8 + HASH_BYTES + 8 + CRC_BYTES;

export function noHead(): Head {
	return { counter: 0, hash: new Uint8Array(HASH_BYTES), uploaded: 0 };
}

/** Throws a port error where storage fails. */
export function saveHead(store: KeyValueStore, head: Head): void {
	const content = concatBytes(uint64Bytes(head.counter), head.hash, uint64Bytes(head.uploaded));
	const check = new Uint8Array(CRC_BYTES);
	new DataView(check.buffer).setUint32(0, crc32(content));
	store.write(KEY, concatBytes(content, check));
}

/** {@link noHead} where there is none that can be believed. Throws where storage fails. */
export function loadHead(store: KeyValueStore): Head {
	const stored = store.read(KEY);
	if (stored?.byteLength !== HEAD_BYTES) return noHead();
	const bytes = new Uint8Array(stored);
	const content = bytes.subarray(0, HEAD_BYTES - CRC_BYTES);
	if (new DataView(stored).getUint32(content.length) !== crc32(content)) return noHead();
	const counter = uint64From(content.subarray(0, 8));
	const uploaded = uint64From(content.subarray(8 + HASH_BYTES));
	if (counter === undefined || uploaded === undefined) return noHead();
	return { counter, hash: content.slice(8, 8 + HASH_BYTES), uploaded };
}
