// Judges and decodes what follows the fixed header, one function per packet type. Pure: the whole
// body is there when they are called, and every length in it is checked against the body before it
// is used.

import { assert } from "../assert.js";
import { decodeUTF8 } from "../bytes/text.js";
import { MQTT_REQUEST_TOPICS_MAX } from "../limits.js";
import { violation, type CloseReason } from "./close-reason.js";
import type { AcknowledgementPacket, Granted, InboundPacket, QoS } from "./packets.js";

export type Judged =
	| { readonly kind: "packet"; readonly packet: InboundPacket }
	| { readonly kind: "refused"; readonly reason: CloseReason };

/** Types of MQTT 3.1.1 §2.2.1 that a server may send, by number. */
const TYPES: Readonly<Record<number, InboundPacket["type"]>> = Object.freeze({
	2: "CONNACK",
	3: "PUBLISH",
	4: "PUBACK",
	5: "PUBREC",
	6: "PUBREL",
	7: "PUBCOMP",
	9: "SUBACK",
	11: "UNSUBACK",
	13: "PINGRESP",
});

/** What is wrong with the first byte of a packet, if anything. */
export function judgeHeader(header: number): CloseReason | undefined {
	const type = TYPES[header >> 4];
	const flags = header & 0x0f;
	if (type === undefined) return violation("MQTT §2.2.1", "packet-type");
	if (type === "PUBLISH") {
		const QoS = (flags >> 1) & 3;
		if (QoS === 3) return violation("MQTT-3.3.1-4", "QoS-3");
		if (QoS === 0 && (flags & 8) !== 0) return violation("MQTT-3.3.1-2", "duplicate-QoS-0");
		return undefined;
	}
	if (type === "PUBREL") {
		return flags === 2 ? undefined : violation("MQTT-3.6.1-1", "header-flags");
	}
	return flags === 0 ? undefined : violation("MQTT-2.2.2-2", "header-flags");
}

/** Whether a packet with this first byte may have this remaining length, by the standard alone. */
export function isLegalLength(header: number, length: number): boolean {
	switch (typeOf(header)) {
		case "PUBLISH":
			return length >= ((header & 6) === 0 ? 2 : 4); // the topic's length, an id where QoS > 0
		case "PINGRESP":
			return length === 0;
		case "SUBACK":
			return length >= 3 && length <= 2 + MQTT_REQUEST_TOPICS_MAX; // we never ask for more
		default:
			return length === 2;
	}
}

export function isPublish(header: number): boolean {
	return header >> 4 === 3;
}

/** Decodes a whole `body`. A payload is a view into it. */
export function decodeBody(header: number, body: Uint8Array): Judged {
	const type = typeOf(header);
	switch (type) {
		case "CONNACK":
			return decodeConnack(body);
		case "PUBLISH":
			return decodePublish(header, body, body.length);
		case "SUBACK":
			return decodeSuback(body);
		case "PINGRESP":
			return packet({ type });
		default: {
			const packetId = uint16(body, 0);
			if (packetId === 0) return refused("MQTT-2.3.1-1", "packet-id-0");
			return packet({ type: type as AcknowledgementPacket["type"], packetId });
		}
	}
}

/**
 * Decodes a PUBLISH of `length` bytes of which `body` is the beginning. Where that is not all the
 * result is an OVERSIZED packet without the payload; where not even topic and id are in it, a
 * refusal.
 */
export function decodePublish(header: number, body: Uint8Array, length: number): Judged {
	const QoS = ((header >> 1) & 3) as QoS;
	const topicEnd = 2 + uint16(body, 0);
	const start = QoS === 0 ? topicEnd : topicEnd + 2;
	if (start > length) return refused("MQTT §3.3.2", "topic-length");
	if (start > body.length) return { kind: "refused", reason: { code: "packet-too-large" } };
	const topic = decodeUTF8(body.subarray(2, topicEnd));
	if (topic === undefined) return refused("MQTT-1.5.3-1", "topic-utf8");
	if (topic.length === 0) return refused("MQTT-4.7.3-1", "topic-empty");
	if (topic.includes("\0")) return refused("MQTT-1.5.3-2", "topic-nul");
	if (topic.includes("#") || topic.includes("+")) {
		return refused("MQTT-3.3.2-2", "topic-wildcard");
	}
	const packetId = QoS === 0 ? undefined : uint16(body, topicEnd);
	if (packetId === 0) return refused("MQTT-2.3.1-1", "packet-id-0");
	const common = {
		topic,
		QoS,
		retain: (header & 1) !== 0,
		duplicate: (header & 8) !== 0,
		packetId,
	};
	if (length > body.length) {
		return packet({ type: "OVERSIZED", payloadBytes: length - start, ...common });
	}
	return packet({ type: "PUBLISH", payload: body.subarray(start), ...common });
}

function decodeConnack(body: Uint8Array): Judged {
	const [flags, code] = body as unknown as readonly [number, number];
	if ((flags & 0xfe) !== 0) return refused("MQTT §3.2.2.1", "connack-flags");
	if (code > 5) return refused("MQTT §3.2.2.3", "connack-code");
	if (code !== 0 && flags !== 0) return refused("MQTT-3.2.2-4", "session-present-refused");
	return packet({ type: "CONNACK", sessionPresent: flags === 1, code });
}

function decodeSuback(body: Uint8Array): Judged {
	const packetId = uint16(body, 0);
	if (packetId === 0) return refused("MQTT-2.3.1-1", "packet-id-0");
	const codes = Array.from(body.subarray(2));
	if (codes.some((code) => code > 2 && code !== 128)) {
		return refused("MQTT-3.9.3-2", "suback-code");
	}
	return packet({ type: "SUBACK", packetId, codes: codes as Granted[] });
}

function typeOf(header: number): InboundPacket["type"] {
	const type = TYPES[header >> 4];
	assert(type !== undefined, "the header was judged first");
	return type;
}

function packet(value: InboundPacket): Judged {
	return { kind: "packet", packet: value };
}

function refused(clause: string, detail: string): Judged {
	return { kind: "refused", reason: violation(clause, detail) };
}

function uint16(bytes: Uint8Array, offset: number): number {
	assert(offset + 2 <= bytes.length, "two bytes are there");
	return ((bytes[offset] as number) << 8) | (bytes[offset + 1] as number);
}
