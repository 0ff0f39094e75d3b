// A second reader of MQTT 3.1.1, written from the text of the standard to be compared with
// src/mqtt: whole buffers instead of pieces, both directions, exceptions instead of states, no code
// in common with src.

export interface ReferenceLimits {
	/** Bytes after the fixed header that are held in memory; a longer PUBLISH is "OVERSIZED". */
	readonly heldBytes: number;
	/** Bytes after the fixed header beyond which a PUBLISH is refused. */
	readonly packetBytes: number;
	/** Topics that the client puts into one SUBSCRIBE. */
	readonly topics: number;
}

export interface ReferenceResult {
	readonly packets: readonly ReferencePacket[];
	/** The bytes end between packets, inside one, or in something that must close the connection. */
	readonly end: "between" | "inside" | "refused";
}

export type ReferencePacket = { readonly type: string } & Readonly<Record<string, unknown>>;

const UNLIMITED: ReferenceLimits = { heldBytes: Infinity, packetBytes: Infinity, topics: Infinity };

class Refused extends Error {}

/** Reads all that a server sent. */
export function readFromServer(bytes: Uint8Array, limits = UNLIMITED): ReferenceResult {
	return readAll(bytes, SERVER, limits);
}

/** Reads all that a client sent. */
export function readFromClient(bytes: Uint8Array): ReferenceResult {
	return readAll(bytes, CLIENT, UNLIMITED);
}

interface Rule {
	readonly type: string;
	/** The low four bits of the first byte (table 2.2); PUBLISH has its own rule. */
	readonly flags: number | "publish";
	/** Remaining lengths that the standard, or our own request, leaves possible. */
	readonly shortest: number;
	readonly longest: (limits: ReferenceLimits) => number;
	readonly read: (body: number[], flags: number, limits: ReferenceLimits) => object;
}

const exactly = (length: number) => ({ shortest: length, longest: () => length });
const atLeast = (length: number) => ({ shortest: length, longest: () => Infinity });
const readId = (body: number[]) => ({ packetId: nonZero(number16(body, 0)) });
const nothing = () => ({});

/** Tables 2.1 and 2.2: what may travel from server to client. */
const SERVER: Readonly<Record<number, Rule>> = {
	2: { type: "CONNACK", flags: 0, ...exactly(2), read: readConnack },
	3: { type: "PUBLISH", flags: "publish", ...atLeast(2), read: readPublish },
	4: { type: "PUBACK", flags: 0, ...exactly(2), read: readId },
	5: { type: "PUBREC", flags: 0, ...exactly(2), read: readId },
	6: { type: "PUBREL", flags: 2, ...exactly(2), read: readId },
	7: { type: "PUBCOMP", flags: 0, ...exactly(2), read: readId },
	9: {
		type: "SUBACK",
		flags: 0,
		shortest: 3,
		longest: (limits) => limits.topics + 2,
		read: readSuback,
	},
	11: { type: "UNSUBACK", flags: 0, ...exactly(2), read: readId },
	13: { type: "PINGRESP", flags: 0, ...exactly(0), read: nothing },
};

/** And from client to server. */
const CLIENT: Readonly<Record<number, Rule>> = {
	1: { type: "CONNECT", flags: 0, ...atLeast(12), read: readConnect },
	3: { type: "PUBLISH", flags: "publish", ...atLeast(2), read: readPublish },
	4: { type: "PUBACK", flags: 0, ...exactly(2), read: readId },
	5: { type: "PUBREC", flags: 0, ...exactly(2), read: readId },
	6: { type: "PUBREL", flags: 2, ...exactly(2), read: readId },
	7: { type: "PUBCOMP", flags: 0, ...exactly(2), read: readId },
	8: { type: "SUBSCRIBE", flags: 2, ...atLeast(6), read: readSubscribe },
	10: { type: "UNSUBSCRIBE", flags: 2, ...atLeast(5), read: readUnsubscribe },
	12: { type: "PINGREQ", flags: 0, ...exactly(0), read: nothing },
	14: { type: "DISCONNECT", flags: 0, ...exactly(0), read: nothing },
};

function readAll(
	bytes: Uint8Array,
	rules: Readonly<Record<number, Rule>>,
	limits: ReferenceLimits,
): ReferenceResult {
	const packets: ReferencePacket[] = [];
	let rest = Array.from(bytes);
	try {
		while (rest.length > 0) {
			const { packet, size } = readOne(rest, rules, limits);
			if (packet) packets.push(packet);
			if (size === undefined || size > rest.length) return { packets, end: "inside" };
			rest = rest.slice(size);
		}
		return { packets, end: "between" };
	} catch (error) {
		if (error instanceof Refused) return { packets, end: "refused" };
		throw error;
	}
}

/** The packet at the beginning of `bytes` as far as it is there, and the size of all of it. */
function readOne(
	bytes: number[],
	rules: Readonly<Record<number, Rule>>,
	limits: ReferenceLimits,
): { packet?: ReferencePacket; size?: number } {
	const first = bytes[0] as number;
	const flags = first % 16;
	const rule = rules[Math.floor(first / 16)];
	if (!rule) throw new Refused("type");
	const isFlagsWrong =
		rule.flags === "publish"
			? [6, 7, 14, 15, 8, 9].includes(flags) // QoS 3; DUP with QoS 0
			: flags !== rule.flags;
	if (isFlagsWrong) throw new Refused("flags");

	// §2.2.3: the bytes up to the first without its top bit, at most four.
	const lengthBytes = bytes.slice(1, 5);
	const last = lengthBytes.findIndex((byte) => byte < 128);
	if (last === -1 && lengthBytes.length === 4) throw new Refused("remaining length");
	if (last === -1) return {};
	const length = lengthBytes
		.slice(0, last + 1)
		.reduceRight((value, byte) => value * 128 + (byte % 128), 0);
	const minimum = rule.type === "PUBLISH" && flags % 8 > 1 ? 4 : rule.shortest;
	if (length < minimum || length > rule.longest(limits)) throw new Refused("length");
	if (length > limits.packetBytes) throw new Refused("too large");

	const start = last + 2;
	const needed = Math.min(length, limits.heldBytes);
	const size = start + length;
	if (bytes.length < start + needed) return {};
	const body = bytes.slice(start, start + needed);
	if (length > needed) return { packet: readOversized(body, flags, length), size };
	return { packet: { type: rule.type, ...rule.read(body, flags, limits) }, size };
}

function readConnack(body: number[]): object {
	const [acknowledge, code] = body as [number, number];
	if (acknowledge > 1) throw new Refused("reserved bits");
	if (code > 5) throw new Refused("reserved code");
	if (code > 0 && acknowledge === 1) throw new Refused("session present with an error");
	return { sessionPresent: acknowledge === 1, code };
}

function publishStart(body: number[], flags: number): { header: object; end: number } {
	const QoS = Math.floor(flags / 2) % 4;
	const topicEnd = 2 + number16(body, 0);
	const end = QoS > 0 ? topicEnd + 2 : topicEnd;
	if (end > body.length) throw new Refused("variable header");
	const topic = text(body.slice(2, topicEnd));
	if (topic === "" || topic.indexOf("+") >= 0 || topic.indexOf("#") >= 0) {
		throw new Refused("topic");
	}
	const packetId = QoS > 0 ? nonZero(number16(body, topicEnd)) : undefined;
	const header = { topic, QoS, retain: flags % 2 === 1, duplicate: flags >= 8, packetId };
	return { header, end };
}

function readPublish(body: number[], flags: number): object {
	const { header, end } = publishStart(body, flags);
	return { ...header, payload: Uint8Array.from(body.slice(end)) };
}

function readOversized(body: number[], flags: number, length: number): ReferencePacket {
	const { header, end } = publishStart(body, flags);
	return { type: "OVERSIZED", ...header, payloadBytes: length - end };
}

function readSuback(body: number[]): object {
	const codes = body.slice(2);
	if (codes.some((code) => ![0, 1, 2, 0x80].includes(code))) throw new Refused("code");
	return { ...readId(body), codes };
}

function readSubscribe(body: number[]): object {
	const subscriptions = [];
	for (let at = 2; at < body.length;) {
		const end = at + 2 + number16(body, at);
		const QoS = body[end];
		if (QoS === undefined || QoS > 2) throw new Refused("requested QoS");
		subscriptions.push({ topic: text(body.slice(at + 2, end)), QoS });
		at = end + 1;
	}
	return { ...readId(body), subscriptions };
}

function readUnsubscribe(body: number[]): object {
	const topics = [];
	for (let at = 2; at < body.length;) {
		const end = at + 2 + number16(body, at);
		if (end > body.length) throw new Refused("topic length");
		topics.push(text(body.slice(at + 2, end)));
		at = end;
	}
	return { ...readId(body), topics };
}

function readConnect(body: number[]): object {
	const name = [0, 4, 0x4d, 0x51, 0x54, 0x54, 4]; // "MQTT", level 4
	if (name.some((byte, index) => body[index] !== byte)) throw new Refused("protocol");
	const flags = body[7] as number;
	const has = (bit: number) => Math.floor(flags / bit) % 2 === 1;
	const willQoS = Math.floor(flags / 8) % 4;
	if (has(1) || willQoS > 2) throw new Refused("connect flags");
	if (!has(4) && (willQoS > 0 || has(32))) throw new Refused("will flags");
	if (has(64) && !has(128)) throw new Refused("password without user name");
	let at = 10;
	const field = (): number[] => {
		const end = at + 2 + number16(body, at);
		if (end > body.length) throw new Refused("field length");
		const bytes = body.slice(at + 2, end);
		at = end;
		return bytes;
	};
	const id = text(field());
	const will = has(4) && {
		topic: text(field()),
		payload: Uint8Array.from(field()),
		QoS: willQoS,
		retain: has(32),
	};
	const user = has(128) && { user: text(field()) };
	const password = has(64) && { password: Uint8Array.from(field()) };
	if (at !== body.length) throw new Refused("trailing bytes");
	return {
		id,
		clean: has(2),
		keepAliveSeconds: number16(body, 8),
		...(will && { will }),
		...(user && user),
		...(password && password),
	};
}

/** §1.5.3, with the engine's own strict decoder. */
function text(bytes: number[]): string {
	const escaped = bytes.map((byte) => `%${byte < 16 ? "0" : ""}${byte.toString(16)}`).join("");
	let decoded: string;
	try {
		decoded = decodeURIComponent(escaped);
	} catch {
		throw new Refused("UTF-8");
	}
	if (decoded.indexOf("\u0000") >= 0) throw new Refused("NUL");
	return decoded;
}

function number16(bytes: number[], at: number): number {
	const [high, low] = [bytes[at], bytes[at + 1]];
	if (high === undefined || low === undefined) throw new Refused("number");
	return high * 256 + low;
}

function nonZero(packetId: number): number {
	if (packetId === 0) throw new Refused("packet id");
	return packetId;
}
