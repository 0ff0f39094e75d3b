// Writes outbound packets as bytes: the one file that knows mqtt-packet, its writing half alone.
// The caller has checked topics, ids and sizes; a packet that mqtt-packet refuses is a programmer
// error.

import writeToStream from "mqtt-packet/writeToStream.js";
import { assert, unreachable } from "../assert.js";
import { concatBytes } from "../bytes/arrays.js";
import { encodeUTF8 } from "../bytes/text.js";
import type { ConnectPacket, OutboundPacket, PublishPacket } from "./packets.js";

const writePacket = withoutCache();

/** The bytes of `packet`, in one piece: one packet is one socket write. */
export function encodePacket(packet: OutboundPacket): Uint8Array {
	const parts: Uint8Array[] = [];
	writePacket(foreignPacket(packet), {
		write: (piece) => {
			parts.push(typeof piece === "string" ? encodeUTF8(piece) : piece);
			return true;
		},
		destroy: (error) => assert(false, `mqtt-packet: ${error.message}`),
	});
	return concatBytes(...parts);
}

/**
 * Otherwise the first packet builds 65 536 buffers. Done while the module is made: on the chip the
 * package's variables lie in flash afterwards, and to change one is a TypeError.
 */
function withoutCache(): typeof writeToStream {
	writeToStream.cacheNumbers = false;
	return writeToStream;
}

type ForeignPacket = Parameters<typeof writeToStream>[0];

/** `packet` in mqtt-packet's words. */
function foreignPacket(packet: OutboundPacket): ForeignPacket {
	switch (packet.type) {
		case "CONNECT":
			return foreignConnect(packet);
		case "PUBLISH":
			return foreignPublish(packet);
		case "SUBSCRIBE":
			assertPacketId(packet.packetId);
			return {
				cmd: "subscribe",
				messageId: packet.packetId,
				subscriptions: packet.subscriptions.map(({ topic, QoS }) => ({ topic, qos: QoS })),
			};
		case "UNSUBSCRIBE":
			assertPacketId(packet.packetId);
			return {
				cmd: "unsubscribe",
				messageId: packet.packetId,
				unsubscriptions: packet.topics,
			};
		case "PUBACK":
		case "PUBREC":
		case "PUBREL":
		case "PUBCOMP":
			assertPacketId(packet.packetId);
			return { cmd: packet.type.toLowerCase(), messageId: packet.packetId };
		case "PINGREQ":
		case "DISCONNECT":
			return { cmd: packet.type.toLowerCase() };
		default:
			return unreachable(packet);
	}
}

function foreignConnect(packet: ConnectPacket): ForeignPacket {
	const { will } = packet;
	assert(packet.clean || packet.id.length > 0, "a kept session needs an id"); // [MQTT-3.1.3-7]
	// [MQTT-3.1.2-22]
	assert(packet.password === undefined || packet.user !== undefined, "no password alone");
	return {
		cmd: "connect",
		protocolId: "MQTT",
		protocolVersion: 4,
		clientId: packet.id,
		clean: packet.clean,
		keepalive: packet.keepAliveSeconds,
		username: packet.user,
		password: packet.password,
		will: will && {
			topic: will.topic,
			payload: will.payload,
			qos: will.QoS,
			retain: will.retain,
		},
	};
}

function foreignPublish(packet: PublishPacket): ForeignPacket {
	const { packetId } = packet;
	assert(packet.QoS > 0 === (packetId !== undefined), "an id with QoS 1 and 2"); // [MQTT-2.3.1-5]
	if (packetId !== undefined) assertPacketId(packetId);
	assert(packet.QoS > 0 || !packet.duplicate, "QoS 0 is never sent again"); // [MQTT-3.3.1-2]
	return {
		cmd: "publish",
		topic: packet.topic,
		payload: packet.payload,
		qos: packet.QoS,
		retain: packet.retain,
		dup: packet.duplicate,
		messageId: packetId,
	};
}

/** [MQTT-2.3.1-1] */
function assertPacketId(packetId: number): void {
	assert(Number.isInteger(packetId) && packetId > 0 && packetId <= 65535, "a packet id");
}
