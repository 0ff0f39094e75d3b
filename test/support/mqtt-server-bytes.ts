// Packets of a server, byte by byte from the standard: what tests feed to the client. Deliberately
// able to build what no server may send.

import { concatBytes } from "../../src/bytes/arrays.js";
import { encodeUTF8 } from "../../src/bytes/text.js";

/** A packet with any first byte and any body. */
export function rawPacket(first: number, body: Uint8Array | readonly number[]): Uint8Array {
	const bytes = Uint8Array.from(body);
	return concatBytes(Uint8Array.of(first), remainingLength(bytes.length), bytes);
}

export function remainingLength(length: number): Uint8Array {
	const bytes = [];
	let rest = length;
	do {
		const digit = rest % 128;
		rest = Math.floor(rest / 128);
		bytes.push(rest > 0 ? digit + 128 : digit);
	} while (rest > 0);
	return Uint8Array.from(bytes);
}

export interface ServerPublish {
	topic: string | Uint8Array;
	payload?: Uint8Array | string;
	QoS?: number;
	retain?: boolean;
	duplicate?: boolean;
	packetId?: number;
}

export function publish(message: ServerPublish): Uint8Array {
	const { topic, payload = "", QoS = 0, retain = false, duplicate = false, packetId } = message;
	const topicBytes = typeof topic === "string" ? encodeUTF8(topic) : topic;
	const first = 0x30 + (duplicate ? 8 : 0) + QoS * 2 + (retain ? 1 : 0);
	return rawPacket(
		first,
		concatBytes(
			twoBytes(topicBytes.length),
			topicBytes,
			packetId === undefined ? new Uint8Array(0) : twoBytes(packetId),
			typeof payload === "string" ? encodeUTF8(payload) : payload,
		),
	);
}

export function connack(code = 0, sessionPresent = false): Uint8Array {
	return rawPacket(0x20, [sessionPresent ? 1 : 0, code]);
}

export function puback(packetId: number): Uint8Array {
	return rawPacket(0x40, twoBytes(packetId));
}

export function pubrec(packetId: number): Uint8Array {
	return rawPacket(0x50, twoBytes(packetId));
}

export function pubrel(packetId: number): Uint8Array {
	return rawPacket(0x62, twoBytes(packetId));
}

export function pubcomp(packetId: number): Uint8Array {
	return rawPacket(0x70, twoBytes(packetId));
}

export function suback(packetId: number, codes: readonly number[]): Uint8Array {
	return rawPacket(0x90, concatBytes(twoBytes(packetId), Uint8Array.from(codes)));
}

export function unsuback(packetId: number): Uint8Array {
	return rawPacket(0xb0, twoBytes(packetId));
}

export function pingresp(): Uint8Array {
	return rawPacket(0xd0, []);
}

function twoBytes(value: number): Uint8Array {
	return Uint8Array.of(Math.floor(value / 256), value % 256);
}
