// The payload that confesses a loss: sequences that were sealed, or would have been, and will never
// arrive. Signed like any other, so that loss and tampering look different.

import { assert } from "../assert.js";
import { encode } from "../cbor/encode.js";
import {
	readEncoded,
	readFields,
	type Field,
	type FieldReader,
	type FieldsRead,
} from "../cbor/fields.js";
import { GAPS_MAX } from "../limits.js";

export type GapReason =
	| "outbox-full" // dropped by the stated policy to make room
	| "record-corrupt" // found unreadable in flash
	| "topic-changed" // sealed for a topic, or by a key, that is not the device's any more
	| "storage-failed"; // flash refused to take it

/**
 * `count` of the sequences from `first` to `last` are lost; those that arrive are not among them.
 */
export interface Gap {
	readonly first: number;
	readonly last: number;
	readonly count: number;
	readonly reason: GapReason;
}

const REASONS: readonly GapReason[] = Object.freeze([
	"outbox-full",
	"record-corrupt",
	"topic-changed",
	"storage-failed",
]);
const FIELDS: readonly string[] = Object.freeze(["first", "last", "count", "reason"]);

/** The payload for 1 to GAPS_MAX gaps. A gap that contradicts itself is a programmer error. */
export function encodeGap(gaps: readonly Gap[]): Uint8Array {
	const list = gaps.map(
		({ first, last, count, reason }) => new Map(Object.entries({ first, last, count, reason })),
	);
	assert(readFields(list, readGaps).kind === "valid", "gaps have sequences in order and a reason");
	return encode(list);
}

export function decodeGap(payload: Uint8Array): FieldsRead<readonly Gap[]> {
	return readEncoded(payload, readGaps);
}

function readGaps(root: Field): readonly Gap[] {
	return root.list({ min: 1, max: GAPS_MAX }, (item) => item.map(FIELDS, readGap));
}

function readGap(fields: FieldReader): Gap {
	const first = fields.required("first").integer({ min: 1, max: Number.MAX_SAFE_INTEGER });
	const last = fields.required("last").integer({ min: first, max: Number.MAX_SAFE_INTEGER });
	const count = fields.required("count").integer({ min: 1, max: last - first + 1 });
	return { first, last, count, reason: fields.required("reason").oneOf(REASONS) };
}
