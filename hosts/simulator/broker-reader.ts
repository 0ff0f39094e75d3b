// What a client sends, read strictly from the text of MQTT 3.1.1. It shares no code with src/mqtt
// and knows no npm package, so that a mistake in either cannot hide behind the same mistake here.
// Whether a packet is allowed at this moment is not its affair.

import { BodyCursor, ClientViolation } from "./broker-body.js";

export type QoS = 0 | 1 | 2;

export interface ConnectPacket {
	readonly type: "CONNECT";
	readonly id: string;
	readonly clean: boolean;
	readonly keepAliveSeconds: number;
	readonly will?: WillMessage;
	readonly user?: string;
	readonly password?: Uint8Array;
}

export interface WillMessage {
	readonly topic: string;
	readonly payload: Uint8Array;
	readonly QoS: QoS;
	readonly retain: boolean;
}

export interface PublishPacket {
	readonly type: "PUBLISH";
	readonly topic: string;
	readonly payload: Uint8Array;
	readonly QoS: QoS;
	readonly retain: boolean;
	readonly duplicate: boolean;
	/** 0 where QoS is 0. */
	readonly packetId: number;
}

export interface AcknowledgementPacket {
	readonly type: "PUBACK" | "PUBREC" | "PUBREL" | "PUBCOMP";
	readonly packetId: number;
}

export interface SubscribePacket {
	readonly type: "SUBSCRIBE";
	readonly packetId: number;
	readonly subscriptions: readonly { readonly filter: string; readonly QoS: QoS }[];
}

export interface UnsubscribePacket {
	readonly type: "UNSUBSCRIBE";
	readonly packetId: number;
	readonly filters: readonly string[];
}

export type ClientPacket =
	| ConnectPacket
	| PublishPacket
	| AcknowledgementPacket
	| SubscribePacket
	| UnsubscribePacket
	| { readonly type: "PINGREQ" }
	| { readonly type: "DISCONNECT" };

/** Bytes after a fixed header: far above anything that a device of ours sends. */
const PACKET_BYTES_MAX = 65_536;

const EMPTY = new Uint8Array(0);

export class BrokerReader {
	#rest = EMPTY;
	#isStopped = false;

	/**
	 * Takes `bytes` and hands over every packet that is complete. Throws {@link ClientViolation} at
	 * the first byte that no client may send there; after that it is of no use.
	 */
	read(bytes: Uint8Array, onPacket: (packet: ClientPacket) => void): void {
		const buffer = this.#rest.length === 0 ? bytes : joined(this.#rest, bytes);
		let at = 0;
		while (!this.#isStopped) {
			const start = bodyStart(buffer, at);
			if (start === undefined) break;
			const end = start.at + start.length;
			if (end > buffer.length) break;
			const packet = decodePacket(buffer[at] as number, buffer.subarray(start.at, end));
			at = end;
			onPacket(packet);
		}
		this.#rest = at === buffer.length ? EMPTY : buffer.slice(at);
	}

	/** The connection is over: no further packet is handed over. */
	stop(): void {
		this.#isStopped = true;
	}
}

function joined(left: Uint8Array, right: Uint8Array): Uint8Array<ArrayBuffer> {
	const bytes = new Uint8Array(left.length + right.length);
	bytes.set(left);
	bytes.set(right, left.length);
	return bytes;
}

/** Where the body begins and its length; `undefined` while the fixed header is not all there. */
function bodyStart(
	buffer: Uint8Array,
	from: number,
): { readonly at: number; readonly length: number } | undefined {
	if (from >= buffer.length) return undefined;
	checkFirst(buffer[from] as number);
	let length = 0;
	for (let digit = 0; digit < 4; digit++) {
		const byte = buffer[from + 1 + digit];
		if (byte === undefined) return undefined;
		length += (byte % 128) * 128 ** digit;
		if (byte < 128) {
			checkLength(buffer[from] as number, length);
			return { at: from + 2 + digit, length };
		}
	}
	throw new ClientViolation("MQTT §2.2.3", "remaining length of more than four bytes");
}

/** Tables 2.1 and 2.2: what a client may send, and the low four bits that each type must have. */
const FLAGS: Readonly<Record<number, { readonly flags: number; readonly clause: string }>> = {
	1: { flags: 0, clause: "MQTT-2.2.2-1" },
	4: { flags: 0, clause: "MQTT-2.2.2-1" },
	5: { flags: 0, clause: "MQTT-2.2.2-1" },
	6: { flags: 2, clause: "MQTT-3.6.1-1" },
	7: { flags: 0, clause: "MQTT-2.2.2-1" },
	8: { flags: 2, clause: "MQTT-3.8.1-1" },
	10: { flags: 2, clause: "MQTT-3.10.1-1" },
	12: { flags: 0, clause: "MQTT-2.2.2-1" },
	14: { flags: 0, clause: "MQTT-3.14.1-1" },
};

function checkFirst(first: number): void {
	const type = first >> 4;
	const flags = first & 15;
	if (type === 3) {
		if ((flags & 6) === 6) throw new ClientViolation("MQTT-3.3.1-4", "QoS 3");
		if ((flags & 14) === 8) throw new ClientViolation("MQTT-3.3.1-2", "duplicate with QoS 0");
		return;
	}
	const rule = FLAGS[type];
	if (rule === undefined) throw new ClientViolation("MQTT §2.2.1", `packet type ${type}`);
	if (flags !== rule.flags) throw new ClientViolation(rule.clause, `flags ${flags}`);
}

/** Acknowledgements have two bytes of id, PINGREQ and DISCONNECT nothing at all. */
function checkLength(first: number, length: number): void {
	const type = first >> 4;
	const isWrong =
		(type >= 4 && type <= 7 && length !== 2) || ((type === 12 || type === 14) && length !== 0);
	if (isWrong) throw new ClientViolation("MQTT §2.2.3", `length ${length} of type ${type}`);
	if (length > PACKET_BYTES_MAX) throw new ClientViolation("MQTT §2.2.3", `length ${length}`);
}

function decodePacket(first: number, body: Uint8Array): ClientPacket {
	const cursor = new BodyCursor(body);
	switch (first >> 4) {
		case 1:
			return decodeConnect(cursor);
		case 3:
			return decodePublish(first, cursor);
		case 4:
			return { type: "PUBACK", packetId: cursor.packetId() };
		case 5:
			return { type: "PUBREC", packetId: cursor.packetId() };
		case 6:
			return { type: "PUBREL", packetId: cursor.packetId() };
		case 7:
			return { type: "PUBCOMP", packetId: cursor.packetId() };
		case 8:
			return decodeSubscribe(cursor);
		case 10:
			return decodeUnsubscribe(cursor);
		case 12:
			return { type: "PINGREQ" };
		default:
			return { type: "DISCONNECT" };
	}
}

function decodeConnect(cursor: BodyCursor): ConnectPacket {
	if (cursor.text() !== "MQTT") throw new ClientViolation("MQTT-3.1.2-1", "protocol name");
	if (cursor.byte() !== 4) throw new ClientViolation("MQTT-3.1.2-2", "protocol level", 1);
	const flags = cursor.byte();
	const hasWill = (flags & 4) !== 0;
	const willQoS = (flags >> 3) & 3;
	if ((flags & 1) !== 0) throw new ClientViolation("MQTT-3.1.2-3", "reserved flag");
	if (willQoS === 3) throw new ClientViolation("MQTT-3.1.2-14", "will QoS 3");
	if (!hasWill && willQoS > 0) throw new ClientViolation("MQTT-3.1.2-13", "QoS without a will");
	if (!hasWill && (flags & 32) !== 0) {
		throw new ClientViolation("MQTT-3.1.2-15", "retain without a will");
	}
	if ((flags & 0xc0) === 0x40) {
		throw new ClientViolation("MQTT-3.1.2-22", "password without a user name");
	}
	const keepAliveSeconds = cursor.uint16();
	const id = cursor.text();
	const will = hasWill && {
		topic: cursor.topicName(),
		payload: cursor.binary(),
		QoS: willQoS as QoS,
		retain: (flags & 32) !== 0,
	};
	const user = (flags & 0x80) !== 0 && { user: cursor.text() };
	const password = (flags & 0x40) !== 0 && { password: cursor.binary() };
	if (!cursor.isAtEnd) throw new ClientViolation("MQTT-3.1.3-1", "bytes behind the last field");
	return {
		type: "CONNECT",
		id,
		clean: (flags & 2) !== 0,
		keepAliveSeconds,
		...(will !== false && { will }),
		...(user !== false && user),
		...(password !== false && password),
	};
}

function decodePublish(first: number, cursor: BodyCursor): PublishPacket {
	const QoS = ((first >> 1) & 3) as QoS;
	const topic = cursor.topicName();
	return {
		type: "PUBLISH",
		topic,
		packetId: QoS === 0 ? 0 : cursor.packetId(),
		payload: cursor.rest(),
		QoS,
		retain: (first & 1) !== 0,
		duplicate: (first & 8) !== 0,
	};
}

function decodeSubscribe(cursor: BodyCursor): SubscribePacket {
	const packetId = cursor.packetId();
	const subscriptions: { filter: string; QoS: QoS }[] = [];
	while (!cursor.isAtEnd) {
		const filter = cursor.topicFilter();
		const requested = cursor.byte();
		if (requested > 2) throw new ClientViolation("MQTT-3-8.3-4", `requested QoS ${requested}`);
		subscriptions.push({ filter, QoS: requested as QoS });
	}
	if (subscriptions.length === 0) throw new ClientViolation("MQTT-3.8.3-3", "no topic filter");
	return { type: "SUBSCRIBE", packetId, subscriptions };
}

function decodeUnsubscribe(cursor: BodyCursor): UnsubscribePacket {
	const packetId = cursor.packetId();
	const filters: string[] = [];
	while (!cursor.isAtEnd) filters.push(cursor.topicFilter());
	if (filters.length === 0) throw new ClientViolation("MQTT-3.10.3-2", "no topic filter");
	return { type: "UNSUBSCRIBE", packetId, filters };
}
