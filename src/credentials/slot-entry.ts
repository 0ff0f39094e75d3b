// The bytes of hf-cred: a slot's entry, the active record and the device id, each under a CRC-32.
// Reading gives `undefined` for anything that was not written whole by these functions.

import { concatBytes } from "../bytes/arrays.js";
import { crc32 } from "../bytes/crc32.js";
import { decodeUTF8, encodeUTF8 } from "../bytes/text.js";

export type SlotIndex = 0 | 1;

/** Names a slot's content: a slot that was written again has another generation. */
export interface SlotReference {
	readonly slot: SlotIndex;
	readonly generation: number;
}

/** Which slot is in use, and which is on trial. Changing this record is the commit. */
export interface ActiveRecord {
	readonly active: SlotReference | undefined;
	readonly candidate: SlotReference | undefined;
	/** Device starts that the candidate still has. */
	readonly startsLeft: number;
}

const FORMAT_VERSION = 1;
const CRC_BYTES = 4;
const SLOT_HEADER_BYTES = 5;
const RECORD_BYTES = 12;
const NO_SLOT = 0xff;
const GENERATION_MAX = 0xffffffff;

/** version (1) ‖ generation (4) ‖ configuration ‖ CRC-32. */
export function encodeSlot(generation: number, configuration: Uint8Array): Uint8Array {
	const header = new Uint8Array(SLOT_HEADER_BYTES);
	header[0] = FORMAT_VERSION;
	new DataView(header.buffer).setUint32(1, generation);
	return withCRC(header, configuration);
}

export function decodeSlot(
	bytes: Uint8Array,
): { readonly generation: number; readonly configuration: Uint8Array } | undefined {
	const body = withoutCRC(bytes);
	if (body === undefined || body.length < SLOT_HEADER_BYTES || body[0] !== FORMAT_VERSION) {
		return undefined;
	}
	const generation = new DataView(body.buffer, body.byteOffset).getUint32(1);
	if (generation === 0) return undefined;
	return { generation, configuration: body.subarray(SLOT_HEADER_BYTES) };
}

/**
 * version (1) ‖ active slot (1), generation (4) ‖ candidate slot (1), generation (4) ‖ starts (1) ‖
 * CRC-32.
 */
export function encodeRecord(record: ActiveRecord): Uint8Array {
	const bytes = new Uint8Array(RECORD_BYTES);
	const view = new DataView(bytes.buffer);
	bytes[0] = FORMAT_VERSION;
	bytes[1] = record.active?.slot ?? NO_SLOT;
	view.setUint32(2, record.active?.generation ?? 0);
	bytes[6] = record.candidate?.slot ?? NO_SLOT;
	view.setUint32(7, record.candidate?.generation ?? 0);
	bytes[11] = record.startsLeft;
	return withCRC(bytes);
}

export function decodeRecord(bytes: Uint8Array): ActiveRecord | undefined {
	const body = withoutCRC(bytes);
	if (body === undefined || body.length !== RECORD_BYTES || body[0] !== FORMAT_VERSION) {
		return undefined;
	}
	const view = new DataView(body.buffer, body.byteOffset);
	return {
		active: reference(body[1] as number, view.getUint32(2)),
		candidate: reference(body[6] as number, view.getUint32(7)),
		startsLeft: body[11] as number,
	};
}

export function encodeDeviceId(deviceId: string): Uint8Array {
	return withCRC(encodeUTF8(deviceId));
}

export function decodeDeviceId(bytes: Uint8Array): string | undefined {
	const body = withoutCRC(bytes);
	return body === undefined ? undefined : decodeUTF8(body);
}

/**
 * The generation after `generation`. Four thousand million are never used up: NVS wears out before.
 */
export function generationAfter(generation: number): number {
	return generation >= GENERATION_MAX ? 1 : generation + 1;
}

function reference(slot: number, generation: number): SlotReference | undefined {
	return slot === 0 || slot === 1 ? { slot, generation } : undefined;
}

function withCRC(...parts: Uint8Array[]): Uint8Array {
	const bytes = concatBytes(...parts, new Uint8Array(CRC_BYTES));
	const length = bytes.length - CRC_BYTES;
	new DataView(bytes.buffer).setUint32(length, crc32(bytes.subarray(0, length)));
	return bytes;
}

function withoutCRC(bytes: Uint8Array): Uint8Array | undefined {
	const length = bytes.length - CRC_BYTES;
	if (length < 0) return undefined;
	const stored = new DataView(bytes.buffer, bytes.byteOffset).getUint32(length);
	const body = bytes.subarray(0, length);
	return crc32(body) === stored ? body : undefined;
}
