// The payload that confesses a loss: messages that were sealed, or would have been, and will never
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

export type GapReason =
	| "outbox-full" // dropped by the stated policy to make room
	| "record-corrupt" // found unreadable in flash
	| "storage-failed"; // flash refused to take it

/** `count` of the sequences from `first` to `last` are lost; those that arrive are not among them. */
export interface Gap {
	readonly first: number;
	readonly last: number;
	readonly count: number;
	readonly reason: GapReason;
}

const REASONS: readonly GapReason[] = Object.freeze([
	"outbox-full",
	"record-corrupt",
	"storage-failed",
]);
const FIELDS: readonly string[] = Object.freeze(["first", "last", "count", "reason"]);

/** The payload of a gap record. A gap that contradicts itself is a programmer error. */
export function encodeGap(gap: Gap): Uint8Array {
	const { first, last, count, reason } = gap;
	const map = new Map(Object.entries({ first, last, count, reason }));
	assert(
		readFields(map, readGap).kind === "valid",
		"a gap has sequences in order and a known reason",
	);
	return encode(map);
}

export function decodeGap(payload: Uint8Array): FieldsRead<Gap> {
	return readEncoded(payload, readGap);
}

function readGap(root: Field): Gap {
	return root.map(FIELDS, readGapFields);
}

function readGapFields(fields: FieldReader): Gap {
	const first = fields.required("first").integer({ min: 1, max: Number.MAX_SAFE_INTEGER });
	const last = fields.required("last").integer({ min: first, max: Number.MAX_SAFE_INTEGER });
	const count = fields.required("count").integer({ min: 1, max: last - first + 1 });
	return { first, last, count, reason: fields.required("reason").oneOf(REASONS) };
}
