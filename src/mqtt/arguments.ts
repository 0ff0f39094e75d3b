// Checks at the door: what a caller may ask of the client. A wrong argument throws, with its name.

import { encodeUTF8 } from "../bytes/text.js";
import { MQTT_OUTBOUND_PACKET_BYTES_MAX, MQTT_REQUEST_TOPICS_MAX } from "../limits.js";
import type { ConnectOptions, MessageContent, OutboundMessage } from "./client-options.js";
import { isTopicFilter, isTopicName } from "./topic.js";

const STRING_BYTES_MAX = 65535;
/** A fixed header with room for our largest packet, the topic's length, and an id. */
const PUBLISH_OVERHEAD_BYTES = 3 + 2 + 2;
/** Fixed header and id. */
const REQUEST_OVERHEAD_BYTES = 3 + 2;
/**
 * Fixed header, name and level of the protocol, flags, keep-alive, and the lengths of five fields.
 */
const CONNECT_OVERHEAD_BYTES = 3 + 10 + 5 * 2;

export function checkConnect(connect: ConnectOptions): void {
	const { id, keepAliveSeconds, user, password, will } = connect;
	checkInteger("keepAliveSeconds", keepAliveSeconds, 1, 65535);
	if (id === "" && !connect.clean) throw new RangeError("id: empty"); // [MQTT-3.1.3-7]
	// [MQTT-3.1.2-22]
	if (password && user === undefined) throw new TypeError("password: without user");
	let byteLength = CONNECT_OVERHEAD_BYTES + checkString("id", id) + checkString("user", user ?? "");
	byteLength += password?.byteLength ?? 0;
	if (will) {
		checkQoS(will.QoS);
		if (!isTopicName(will.topic)) throw new RangeError("will.topic: not a topic name");
		byteLength += encodeUTF8(will.topic).length + will.payload.length;
	}
	checkSize("connect", byteLength);
}

/** Gives the bytes that the PUBLISH will need at most. */
export function checkMessage(message: OutboundMessage): number {
	checkInteger("token", message.token, 0, Number.MAX_SAFE_INTEGER);
	checkQoS(message.QoS);
	if (!isTopicName(message.topic)) throw new RangeError("topic: not a topic name");
	const byteLength = publishBytes(message);
	checkSize("payload", byteLength);
	return byteLength;
}

export function publishBytes(message: MessageContent): number {
	return PUBLISH_OVERHEAD_BYTES + encodeUTF8(message.topic).length + message.payload.length;
}

export function checkFilters(filters: readonly string[]): void {
	if (filters.length === 0 || filters.length > MQTT_REQUEST_TOPICS_MAX) {
		throw new RangeError("topics: none or too many"); // [MQTT-3.8.3-3, 3.10.3-2]
	}
	let byteLength = REQUEST_OVERHEAD_BYTES;
	for (const filter of filters) {
		if (!isTopicFilter(filter)) throw new RangeError("topic: not a topic filter");
		byteLength += encodeUTF8(filter).length + 3;
	}
	checkSize("topics", byteLength);
}

export function checkQoS(QoS: number): void {
	checkInteger("QoS", QoS, 0, 2);
}

function checkString(name: string, text: string): number {
	const { length } = encodeUTF8(text);
	if (length > STRING_BYTES_MAX || text.includes("\0"))
		throw new RangeError(`${name}: not for MQTT`);
	return length;
}

function checkInteger(name: string, value: number, least: number, most: number): void {
	if (!Number.isInteger(value) || value < least || value > most) {
		throw new RangeError(`${name}: not an integer from ${least} to ${most}`);
	}
}

function checkSize(name: string, byteLength: number): void {
	if (byteLength > MQTT_OUTBOUND_PACKET_BYTES_MAX) throw new RangeError(`${name}: too large`);
}
