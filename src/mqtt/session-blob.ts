// The part of a session that must survive a reboot, as one small blob for the key-value store: QoS
// 2 in both directions. QoS 1 is not in it: a message of which the outbox has no PUBACK is
// published again as new.
//
//	u8 version | u8 outbound count | u8 inbound count | u32 broker
//	outbound × { u16 packet id | u8 state | u64 token } | inbound × { u16 packet id }
//	u32 CRC-32 of all before

import { assert } from "../assert.js";
import { concatBytes, equalBytes, uint64Bytes, uint64From } from "../bytes/arrays.js";
import { crc32 } from "../bytes/crc32.js";
import { MQTT_IN_FLIGHT_MAX, MQTT_RECEIVED_MAX } from "../limits.js";

export type StoredState = "offered" | "released" | "forgotten";

export interface StoredSession {
	/** Oldest first. */
	readonly outbound: readonly {
		readonly packetId: number;
		readonly state: StoredState;
		readonly token: number;
	}[];
	readonly inbound: readonly number[];
	/** Which broker these ids mean something to; 0: nobody knows. */
	readonly broker: number;
}

const VERSION = 2;
const COUNTS_BYTES = 3;
const HEADER_BYTES = COUNTS_BYTES + 4;
const OUTBOUND_BYTES = 11;
const INBOUND_BYTES = 2;
const CRC_BYTES = 4;
const STATES: readonly StoredState[] = Object.freeze(["offered", "released", "forgotten"] as const);

export function encodeSession(session: StoredSession): Uint8Array {
	const { outbound, inbound, broker } = session;
	assert(outbound.length <= MQTT_IN_FLIGHT_MAX, "outbound ids are bounded");
	assert(inbound.length <= MQTT_RECEIVED_MAX, "inbound ids are bounded");
	const content = concatBytes(
		Uint8Array.of(VERSION, outbound.length, inbound.length),
		uint32Bytes(broker),
		...outbound.flatMap(({ packetId, state, token }) => [
			uint16Bytes(packetId),
			Uint8Array.of(STATES.indexOf(state)),
			uint64Bytes(token),
		]),
		...inbound.map(uint16Bytes),
	);
	return concatBytes(content, uint32Bytes(crc32(content)));
}

/** The session in `bytes`, or `undefined` where they are anything but what `encodeSession` gave. */
export function decodeSession(bytes: Uint8Array): StoredSession | undefined {
	const [version, outboundCount = 0, inboundCount = 0] = bytes;
	if (version !== VERSION) return undefined;
	if (outboundCount > MQTT_IN_FLIGHT_MAX || inboundCount > MQTT_RECEIVED_MAX) return undefined;
	const inboundStart = HEADER_BYTES + outboundCount * OUTBOUND_BYTES;
	const end = inboundStart + inboundCount * INBOUND_BYTES;
	if (bytes.length !== end + CRC_BYTES) return undefined;
	if (!equalBytes(bytes.subarray(end), uint32Bytes(crc32(bytes.subarray(0, end)))))
		return undefined;

	const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
	const outbound = [];
	for (let offset = HEADER_BYTES; offset < inboundStart; offset += OUTBOUND_BYTES) {
		const state = STATES[view.getUint8(offset + 2)];
		const token = uint64From(bytes.subarray(offset + 3, offset + OUTBOUND_BYTES));
		if (state === undefined || token === undefined) return undefined;
		outbound.push({ packetId: view.getUint16(offset), state, token });
	}
	const inbound = [];
	for (let offset = inboundStart; offset < end; offset += INBOUND_BYTES) {
		inbound.push(view.getUint16(offset));
	}
	return areIds(inbound) && areIds(outbound.map((entry) => entry.packetId))
		? { outbound, inbound, broker: view.getUint32(COUNTS_BYTES) }
		: undefined;
}

function areIds(ids: readonly number[]): boolean {
	return !ids.includes(0) && new Set(ids).size === ids.length;
}

function uint16Bytes(value: number): Uint8Array {
	return Uint8Array.of(value >> 8, value & 0xff);
}

function uint32Bytes(value: number): Uint8Array {
	const bytes = new Uint8Array(4);
	new DataView(bytes.buffer).setUint32(0, value);
	return bytes;
}
