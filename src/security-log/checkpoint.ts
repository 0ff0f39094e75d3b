// Checkpoints: the device's signature over the newest entry's hash, and with it over every entry
// before. A statement under a label of its own: no envelope, proof or token is ever one.

import { assert } from "../assert.js";
import { encode } from "../cbor/encode.js";
import { readFields } from "../cbor/fields.js";
import {
	openStatement,
	signStatement,
	type StatementSigner,
	type StatementVerify,
} from "../cbor/statement.js";
import type { CBORKey, CBORValue } from "../cbor/value.js";
import { LOG_CHECKPOINT_BYTES_MAX } from "../limits.js";
import { HASH_BYTES, readTime, type LogTime } from "./entry.js";

export interface Checkpoint {
	/** The newest entry. */
	readonly counter: number;
	/** Its SHA-256. */
	readonly hash: Uint8Array;
	/** The oldest entry that the device still held: those before it were overwritten. */
	readonly oldest: number;
	readonly time?: LogTime;
}

export const CONTENT_CHECKPOINT = "application/vnd.holdfast.checkpoint+cbor";

const KIND = Object.freeze({
	contentType: CONTENT_CHECKPOINT,
	label: "\u0000holdfast/log/checkpoint/1",
});

const COUNTER = 1;
const HASH = 2;
const OLDEST = 3;
const TIME = 4;
const QUALITY = 5;

export function signCheckpoint(checkpoint: Checkpoint, signer: StatementSigner): Uint8Array {
	const { counter, hash, oldest, time } = checkpoint;
	const payload = new Map<CBORKey, CBORValue>([
		[COUNTER, counter],
		[HASH, hash],
		[OLDEST, oldest],
	]);
	if (time !== undefined) {
		payload.set(TIME, time.unixSeconds);
		payload.set(QUALITY, time.quality);
	}
	const bytes = signStatement(encode(payload), KIND, signer);
	assert(bytes.length <= LOG_CHECKPOINT_BYTES_MAX, "a checkpoint fits its record");
	return bytes;
}

/** The checkpoint in `bytes`, or `undefined` where it is not one or `verify` refuses it. */
export function openCheckpoint(bytes: Uint8Array, verify: StatementVerify): Checkpoint | undefined {
	const payload = openStatement(bytes, KIND, verify);
	if (payload === undefined) return undefined;
	const read = readFields(payload, (root) =>
		root.map([COUNTER, HASH, OLDEST, TIME, QUALITY], (fields) => {
			const counter = fields.required(COUNTER);
			const time = readTime(fields, TIME, QUALITY);
			return {
				counter: counter.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }),
				hash: fields.required(HASH).bytes({ min: HASH_BYTES, max: HASH_BYTES }),
				oldest: fields.required(OLDEST).integer({ min: 1, max: Number(counter.value) }),
				...(time !== undefined && { time }),
			};
		}),
	);
	return read.kind === "valid" ? read.value : undefined;
}
