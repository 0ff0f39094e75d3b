// The 32-byte units of the ring: encoding and checking one by itself. Which units belong together,
// and what they mean for the records, is recovery's business.

import { assert } from "../assert.js";
import { crc32 } from "../bytes/crc32.js";

export const UNIT_BYTES = 32;

/**
 * Payload bytes of a body unit. Its first byte says what it is, so that no payload can pose as a
 * unit.
 */
export const BODY_BYTES = 31;

/** Sequence numbers that one tombstone can name: a bitmap of 12 bytes. */
export const TOMBSTONE_SPAN = 96;

export const FORMAT_VERSION = 1;

/** More blocks than any flash can be taken into use: a higher epoch was never written by us. */
const EPOCH_MAX = 0x7fffffff;

const KIND_BLOCK = 0x48; // H
const KIND_RECORD = 0x52; // R
const KIND_GAP = 0x47; // G
const KIND_TOMBSTONE = 0x54; // T
const KIND_TAIL = 0x4c; // L
export const KIND_BODY = 0x42; // B

const MAGIC = 0x48464f42; // HFOB
const CRC_OFFSET = 28;

/** First unit of every block in use. */
export interface BlockUnit {
	readonly kind: "block";
	/** Counts the blocks ever taken into use; every other unit of the block carries it too. */
	readonly epoch: number;
	/** Blocks of lower epochs hold nothing that is needed. */
	readonly tail: number;
	/** Newest sequence stored before this block was taken; 0 for none. */
	readonly lastSequence: number;
}

/** First unit of a record; its body units follow. */
export interface RecordUnit {
	readonly kind: "record";
	readonly epoch: number;
	/** A gap record: its body begins with what it drops. */
	readonly isGap: boolean;
	readonly recordClass: number;
	readonly channel: number;
	readonly sequence: number;
	readonly byteLength: number;
	readonly bodyCRC: number;
}

/** Records that were acknowledged: bit n of the bitmap stands for sequence `base` + n. */
export interface TombstoneUnit {
	readonly kind: "tombstone";
	readonly epoch: number;
	readonly base: number;
	readonly bitmap: Uint8Array;
}

/** The tail moved on: blocks of lower epochs are free. */
export interface TailUnit {
	readonly kind: "tail";
	readonly epoch: number;
	readonly tail: number;
}

export type Unit = BlockUnit | RecordUnit | TombstoneUnit | TailUnit;

/** `unit` as it stands in unit `place` of its block. */
export function encodeUnit(unit: Unit, place: number): Uint8Array {
	assert(place >= 0 && place <= 0xffff, "place fits 16 bits");
	const bytes = new Uint8Array(UNIT_BYTES);
	const view = new DataView(bytes.buffer);
	view.setUint16(2, place);
	view.setUint32(4, unit.epoch);
	switch (unit.kind) {
		case "block":
			bytes[0] = KIND_BLOCK;
			bytes[1] = FORMAT_VERSION;
			setUint64(view, 8, unit.lastSequence);
			view.setUint32(16, unit.tail);
			view.setUint32(20, MAGIC);
			break;
		case "record":
			bytes[0] = unit.isGap ? KIND_GAP : KIND_RECORD;
			bytes[1] = unit.recordClass;
			setUint64(view, 8, unit.sequence);
			bytes[16] = unit.channel;
			view.setUint16(18, unit.byteLength);
			view.setUint32(24, unit.bodyCRC);
			break;
		case "tombstone":
			bytes[0] = KIND_TOMBSTONE;
			setUint64(view, 8, unit.base);
			bytes.set(unit.bitmap, 16);
			break;
		case "tail":
			bytes[0] = KIND_TAIL;
			view.setUint32(16, unit.tail);
			break;
	}
	view.setUint32(CRC_OFFSET, crc32(bytes.subarray(0, CRC_OFFSET)));
	return bytes;
}

/**
 * Unit `index` of `units`, of which the first has place `origin` in its block; `undefined` where
 * none stands whole: torn, erased, or a body.
 */
export function decodeUnit(units: Uint8Array, index: number, origin: number): Unit | undefined {
	const kind = units[index * UNIT_BYTES];
	if (!isHeaderKind(kind)) return undefined; // most units are bodies or erased: spare them the CRC
	const bytes = units.subarray(index * UNIT_BYTES, (index + 1) * UNIT_BYTES);
	const view = new DataView(bytes.buffer, bytes.byteOffset, UNIT_BYTES);
	if (view.getUint32(CRC_OFFSET) !== crc32(bytes.subarray(0, CRC_OFFSET))) return undefined;
	if (view.getUint16(2) !== origin + index) return undefined;
	const epoch = view.getUint32(4);
	if (epoch === 0 || epoch > EPOCH_MAX) return undefined;
	const number = getUint64(view, 8);
	if (number === undefined) return undefined;
	if (kind === KIND_BLOCK) {
		if (bytes[1] !== FORMAT_VERSION || view.getUint32(20) !== MAGIC) return undefined;
		const tail = view.getUint32(16);
		return tail <= epoch ? { kind: "block", epoch, tail, lastSequence: number } : undefined;
	}
	if (kind === KIND_TOMBSTONE) {
		return { kind: "tombstone", epoch, base: number, bitmap: bytes.slice(16, CRC_OFFSET) };
	}
	if (kind === KIND_TAIL) {
		const tail = view.getUint32(16);
		return tail <= epoch ? { kind: "tail", epoch, tail } : undefined;
	}
	return {
		kind: "record",
		epoch,
		isGap: kind === KIND_GAP,
		recordClass: bytes[1] as number,
		channel: bytes[16] as number,
		sequence: number,
		byteLength: view.getUint16(18),
		bodyCRC: view.getUint32(24),
	};
}

/** Calls `found` with each sequence number that `tombstone` names. */
export function eachBuried(tombstone: TombstoneUnit, found: (sequence: number) => void): void {
	for (let bit = 0; bit < TOMBSTONE_SPAN; bit++) {
		const byte = tombstone.bitmap[bit >> 3] as number;
		if (byte & (1 << (bit & 7))) found(tombstone.base + bit);
	}
}

function isHeaderKind(kind: number | undefined): boolean {
	return (
		kind === KIND_RECORD ||
		kind === KIND_TOMBSTONE ||
		kind === KIND_GAP ||
		kind === KIND_TAIL ||
		kind === KIND_BLOCK
	);
}

export function setUint64(view: DataView, offset: number, value: number): void {
	assert(Number.isSafeInteger(value) && value >= 0, "a safe integer");
	view.setUint32(offset, Math.floor(value / 0x100000000));
	view.setUint32(offset + 4, value % 0x100000000);
}

export function getUint64(view: DataView, offset: number): number | undefined {
	const value = view.getUint32(offset) * 0x100000000 + view.getUint32(offset + 4);
	return Number.isSafeInteger(value) ? value : undefined;
}
