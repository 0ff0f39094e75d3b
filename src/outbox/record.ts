// A record as a run of units: a header unit and as many body units as its bytes need. One flash
// write programs the whole run; the CRC over the body tells whether all of it arrived.

import { assert } from "../assert.js";
import { crc32 } from "../bytes/crc32.js";
import { OUTBOX_GAP_BYTES_MAX, OUTBOX_RECORD_BYTES_MAX } from "../limits.js";
import { DROP_BYTES } from "./drop.js";
import type { RecordUnit, Unit } from "./unit.js";
import { BODY_BYTES, encodeUnit, KIND_BODY, UNIT_BYTES } from "./unit.js";

/** What the caller's record says about itself; higher classes are kept longer. */
export type RecordClass = 0 | 1 | 2;

/** A record before it is bound to a place. */
export interface RecordContent {
	readonly sequence: number;
	readonly channel: number;
	readonly recordClass: RecordClass;
	readonly isGap: boolean;
	/** For a gap record: what it drops, then the caller's bytes. */
	readonly body: Uint8Array;
}

export const RECORD_CLASSES = 3;

/** Units of a record whose body has `byteLength` bytes. */
export function unitsOf(byteLength: number): number {
	return 1 + Math.ceil(byteLength / BODY_BYTES);
}

export const RECORD_UNITS_MAX = unitsOf(
	Math.max(OUTBOX_RECORD_BYTES_MAX, OUTBOX_GAP_BYTES_MAX + DROP_BYTES),
);

export const GAP_UNITS_MAX = unitsOf(OUTBOX_GAP_BYTES_MAX + DROP_BYTES);

/** The units of `content` for unit `place` of the block taken as `epoch`. */
export function encodeRecord(content: RecordContent, epoch: number, place: number): Uint8Array {
	const { body } = content;
	const units = unitsOf(body.length);
	assert(body.length > 0 && units <= RECORD_UNITS_MAX, "a record has a body of bounded length");
	const header: RecordUnit = {
		kind: "record",
		epoch,
		isGap: content.isGap,
		recordClass: content.recordClass,
		channel: content.channel,
		sequence: content.sequence,
		byteLength: body.length,
		bodyCRC: crc32(body),
	};
	const bytes = new Uint8Array(units * UNIT_BYTES);
	bytes.set(encodeUnit(header, place), 0);
	for (let unit = 1; unit < units; unit++) {
		const from = (unit - 1) * BODY_BYTES;
		bytes[unit * UNIT_BYTES] = KIND_BODY;
		bytes.set(body.subarray(from, from + BODY_BYTES), unit * UNIT_BYTES + 1);
	}
	return bytes;
}

/** The record whose `header` is unit `index` of `bytes`: `undefined` unless it is complete. */
export function decodeRecord(
	bytes: Uint8Array,
	index: number,
	header: RecordUnit,
): RecordContent | undefined {
	const { byteLength, recordClass } = header;
	const units = unitsOf(byteLength);
	if (byteLength === 0 || units > RECORD_UNITS_MAX || !isRecordClass(recordClass)) return undefined;
	if (header.sequence < 1 || (index + units) * UNIT_BYTES > bytes.length) return undefined;
	const body = new Uint8Array(byteLength);
	for (let unit = 1; unit < units; unit++) {
		const at = (index + unit) * UNIT_BYTES;
		if (bytes[at] !== KIND_BODY) return undefined;
		const from = (unit - 1) * BODY_BYTES;
		const count = Math.min(BODY_BYTES, byteLength - from);
		body.set(bytes.subarray(at + 1, at + 1 + count), from);
	}
	if (crc32(body) !== header.bodyCRC) return undefined;
	const { sequence, channel, isGap } = header;
	return { sequence, channel, recordClass, isGap, body };
}

/** Where a scan goes on after the unit at `place`: past a record whose header can be believed. */
export function unitsToSkip(header: Unit | undefined): number {
	if (header?.kind !== "record") return 1;
	const units = unitsOf(header.byteLength);
	return units <= RECORD_UNITS_MAX ? units : 1;
}

function isRecordClass(value: number): value is RecordClass {
	return value >= 0 && value < RECORD_CLASSES;
}
