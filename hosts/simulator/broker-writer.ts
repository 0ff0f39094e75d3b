// What a server sends, byte by byte from the standard. It checks nothing: hostile packets are built
// of the same parts.

import { concatBytes } from "../../src/bytes/arrays.js";
import { encodeUTF8 } from "../../src/bytes/text.js";

export type ReplyType = "PUBACK" | "PUBREC" | "PUBREL" | "PUBCOMP" | "UNSUBACK";

const REPLIES: Readonly<Record<ReplyType, number>> = Object.freeze({
	PUBACK: 0x40,
	PUBREC: 0x50,
	PUBREL: 0x62,
	PUBCOMP: 0x70,
	UNSUBACK: 0xb0,
});

export interface WrittenPublish {
	readonly topic: string | Uint8Array;
	readonly payload: Uint8Array;
	readonly QoS: number;
	readonly retain: boolean;
	readonly duplicate: boolean;
	/** Written where `QoS` is not 0. */
	readonly packetId: number;
}

/** A packet of any first byte and any body. */
export function writePacket(first: number, body: Uint8Array | readonly number[]): Uint8Array {
	const length = body.length;
	const digits = length < 128 ? 1 : length < 16_384 ? 2 : length < 2_097_152 ? 3 : 4;
	const packet = new Uint8Array(1 + digits + length);
	packet[0] = first;
	for (let digit = 0, rest = length; digit < digits; digit++, rest = Math.floor(rest / 128)) {
		packet[1 + digit] = (rest % 128) + (digit === digits - 1 ? 0 : 128);
	}
	packet.set(body, 1 + digits);
	return packet;
}

export function writeConnack(code: number, sessionPresent: boolean): Uint8Array {
	return writePacket(0x20, [sessionPresent ? 1 : 0, code]);
}

export function writePublish(message: WrittenPublish): Uint8Array {
	const { topic, payload, QoS, retain, duplicate, packetId } = message;
	const name = typeof topic === "string" ? encodeUTF8(topic) : topic;
	const first = 0x30 + (duplicate ? 8 : 0) + QoS * 2 + (retain ? 1 : 0);
	const id = QoS === 0 ? new Uint8Array(0) : uint16(packetId);
	return writePacket(first, concatBytes(uint16(name.length), name, id, payload));
}

export function writeReply(type: ReplyType, packetId: number): Uint8Array {
	return writePacket(REPLIES[type], uint16(packetId));
}

export function writeSuback(packetId: number, codes: readonly number[]): Uint8Array {
	return writePacket(0x90, [packetId >> 8, packetId & 255, ...codes]);
}

export function writePingresp(): Uint8Array {
	return writePacket(0xd0, []);
}

export function uint16(value: number): Uint8Array {
	return Uint8Array.of(value >> 8, value & 255);
}
