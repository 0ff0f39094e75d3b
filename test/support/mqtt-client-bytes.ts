// Packets of a client, byte by byte from the standard: what tests feed to a broker. Deliberately
// able to build what no client may send.

import { concatBytes } from "../../src/bytes/arrays.js";
import { encodeUTF8 } from "../../src/bytes/text.js";
import { rawPacket } from "./mqtt-server-bytes.js";

export interface ClientConnect {
	id?: string;
	clean?: boolean;
	keepAliveSeconds?: number;
	will?: { topic: string; payload?: Uint8Array; QoS?: number; retain?: boolean };
	user?: string;
	password?: string;
	/** Instead of the flags that the fields ask for. */
	flags?: number;
	protocol?: string;
	level?: number;
}

export function connect(options: ClientConnect = {}): Uint8Array {
	const { id = "client", clean = false, keepAliveSeconds = 60, will, user, password } = options;
	const { protocol = "MQTT", level = 4 } = options;
	const willFlags = will ? 4 + (will.QoS ?? 0) * 8 + (will.retain === true ? 32 : 0) : 0;
	const flags =
		(clean ? 2 : 0) +
		willFlags +
		(password === undefined ? 0 : 64) +
		(user === undefined ? 0 : 128);
	const parts = [field(protocol), Uint8Array.of(level, options.flags ?? flags)];
	parts.push(twoBytes(keepAliveSeconds), field(id));
	if (will) parts.push(field(will.topic), field(will.payload ?? new Uint8Array(0)));
	if (user !== undefined) parts.push(field(user));
	if (password !== undefined) parts.push(field(password));
	return rawPacket(0x10, concatBytes(...parts));
}

export function subscribe(packetId: number, ...topics: readonly [string, number][]): Uint8Array {
	const parts = topics.flatMap(([topic, QoS]) => [field(topic), Uint8Array.of(QoS)]);
	return rawPacket(0x82, concatBytes(twoBytes(packetId), ...parts));
}

export function unsubscribe(packetId: number, ...topics: readonly string[]): Uint8Array {
	return rawPacket(0xa2, concatBytes(twoBytes(packetId), ...topics.map((topic) => field(topic))));
}

export function pingreq(): Uint8Array {
	return rawPacket(0xc0, []);
}

export function disconnect(): Uint8Array {
	return rawPacket(0xe0, []);
}

export function field(content: string | Uint8Array): Uint8Array {
	const bytes = typeof content === "string" ? encodeUTF8(content) : content;
	return concatBytes(twoBytes(bytes.length), bytes);
}

function twoBytes(value: number): Uint8Array {
	return Uint8Array.of(Math.floor(value / 256), value % 256);
}
