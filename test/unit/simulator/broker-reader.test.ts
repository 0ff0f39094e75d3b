// The simulated broker's reader: every packet of a client, whole and in pieces, and everything that
// a client may not send, by clause.

import { ClientViolation } from "../../../hosts/simulator/broker-body.js";
import { BrokerReader, type ClientPacket } from "../../../hosts/simulator/broker-reader.js";
import { concatBytes } from "../../../src/bytes/arrays.js";
import { encodeUTF8 } from "../../../src/bytes/text.js";
import {
	connect,
	disconnect,
	field,
	pingreq,
	subscribe,
	unsubscribe,
} from "../../support/mqtt-client-bytes.js";
import {
	puback,
	pubcomp,
	publish,
	pubrec,
	pubrel,
	rawPacket,
} from "../../support/mqtt-server-bytes.js";

function read(...pieces: readonly Uint8Array[]): ClientPacket[] {
	const reader = new BrokerReader();
	const packets: ClientPacket[] = [];
	for (const piece of pieces) reader.read(piece, (packet) => void packets.push(packet));
	return packets;
}

function clauseOf(bytes: Uint8Array): string | undefined {
	try {
		read(bytes);
	} catch (error) {
		if (error instanceof ClientViolation) return error.clause;
		throw error;
	}
	return undefined;
}

const PAYLOAD = encodeUTF8("payload");
const WILL = { topic: "last/words", payload: PAYLOAD, QoS: 1, retain: true };
const ALL = [
	connect({
		id: "device",
		clean: true,
		keepAliveSeconds: 300,
		will: WILL,
		user: "ü",
		password: "p",
	}),
	publish({ topic: "a/b", payload: PAYLOAD, QoS: 2, packetId: 513, duplicate: true, retain: true }),
	publish({ topic: "😀" }),
	puback(1),
	pubrec(2),
	pubrel(3),
	pubcomp(65_535),
	subscribe(10, ["a/+/b", 1], ["#", 2]),
	unsubscribe(11, "a/+/b", "+"),
	pingreq(),
	disconnect(),
];
const DECODED = [
	{
		type: "CONNECT",
		id: "device",
		clean: true,
		keepAliveSeconds: 300,
		will: WILL,
		user: "ü",
		password: encodeUTF8("p"),
	},
	{
		type: "PUBLISH",
		topic: "a/b",
		payload: PAYLOAD,
		QoS: 2,
		packetId: 513,
		duplicate: true,
		retain: true,
	},
	{
		type: "PUBLISH",
		topic: "😀",
		payload: new Uint8Array(0),
		QoS: 0,
		packetId: 0,
		duplicate: false,
		retain: false,
	},
	{ type: "PUBACK", packetId: 1 },
	{ type: "PUBREC", packetId: 2 },
	{ type: "PUBREL", packetId: 3 },
	{ type: "PUBCOMP", packetId: 65_535 },
	{
		type: "SUBSCRIBE",
		packetId: 10,
		subscriptions: [
			{ filter: "a/+/b", QoS: 1 },
			{ filter: "#", QoS: 2 },
		],
	},
	{ type: "UNSUBSCRIBE", packetId: 11, filters: ["a/+/b", "+"] },
	{ type: "PINGREQ" },
	{ type: "DISCONNECT" },
];

describe("BrokerReader", () => {
	it("reads every packet of a client", () => {
		expect(read(...ALL)).toEqual(DECODED);
		expect(read(connect())).toEqual([
			{ type: "CONNECT", id: "client", clean: false, keepAliveSeconds: 60 },
		]);
	});

	it("reads them in one piece, split at every byte, and byte by byte", () => {
		const bytes = concatBytes(...ALL);
		expect(read(bytes)).toEqual(DECODED);
		for (let at = 1; at < bytes.length; at++) {
			expect(read(bytes.slice(0, at), bytes.slice(at))).toHaveLength(ALL.length);
		}
		expect(read(...Array.from(bytes, (byte) => Uint8Array.of(byte)))).toEqual(DECODED);
	});

	it("keeps payloads of its own", () => {
		const bytes = publish({ topic: "a", payload: PAYLOAD });
		const [packet] = read(bytes);
		bytes.fill(0);
		expect(packet?.type === "PUBLISH" && packet.payload).toEqual(PAYLOAD);
	});

	it("takes a remaining length that is longer than need be: §2.2.3 forbids a fifth byte", () => {
		expect(read(Uint8Array.of(0xc0, 0x80, 0x80, 0x00))).toEqual([{ type: "PINGREQ" }]);
	});

	it("hands over nothing after it was stopped", () => {
		const reader = new BrokerReader();
		let count = 0;
		reader.read(concatBytes(pingreq(), pingreq()), () => {
			count++;
			reader.stop();
		});
		expect(count).toBe(1);
	});

	const id = [0, 1];
	const refused: readonly [string, string, Uint8Array][] = [
		["type 0", "MQTT §2.2.1", rawPacket(0x00, [])],
		["a server's packet", "MQTT §2.2.1", rawPacket(0x20, [0, 0])],
		["type 15", "MQTT §2.2.1", rawPacket(0xf0, [])],
		["a fifth byte of length", "MQTT §2.2.3", Uint8Array.of(0x30, 128, 128, 128, 128, 1)],
		["five bytes that say nothing", "MQTT §2.2.3", Uint8Array.of(0xc0, 128, 128, 128, 128, 0)],
		["200 MB", "MQTT §2.2.3", Uint8Array.of(0x30, 255, 255, 255, 127)],
		["flags of PUBACK", "MQTT-2.2.2-1", rawPacket(0x41, id)],
		["flags of PUBREL", "MQTT-3.6.1-1", rawPacket(0x60, id)],
		["flags of SUBSCRIBE", "MQTT-3.8.1-1", rawPacket(0x80, [0, 1, 0, 1, 97, 0])],
		["flags of UNSUBSCRIBE", "MQTT-3.10.1-1", rawPacket(0xa0, [0, 1, 0, 1, 97])],
		["flags of DISCONNECT", "MQTT-3.14.1-1", rawPacket(0xe1, [])],
		["a PUBACK of three bytes", "MQTT §2.2.3", rawPacket(0x40, [0, 1, 0])],
		["a PINGREQ with a body", "MQTT §2.2.3", rawPacket(0xc0, [0])],
		["packet id 0", "MQTT-2.3.1-1", puback(0)],
		["PUBLISH with packet id 0", "MQTT-2.3.1-1", publish({ topic: "a", QoS: 1, packetId: 0 })],
		["QoS 3", "MQTT-3.3.1-4", publish({ topic: "a", QoS: 3, packetId: 1 })],
		["a duplicate with QoS 0", "MQTT-3.3.1-2", publish({ topic: "a", duplicate: true })],
		["an empty topic", "MQTT-4.7.3-1", publish({ topic: "" })],
		["# in a topic", "MQTT-3.3.2-2", publish({ topic: "a/#" })],
		["+ in a topic", "MQTT-3.3.2-2", publish({ topic: "+" })],
		["NUL in a topic", "MQTT-1.5.3-2", publish({ topic: "a\0" })],
		["bytes that are no UTF-8", "MQTT-1.5.3-1", publish({ topic: Uint8Array.of(0xc3, 0x28) })],
		["an overlong form", "MQTT-1.5.3-1", publish({ topic: Uint8Array.of(0xc0, 0xaf) })],
		["a longer overlong form", "MQTT-1.5.3-1", publish({ topic: Uint8Array.of(0xe0, 128, 128) })],
		["a surrogate", "MQTT-1.5.3-1", publish({ topic: Uint8Array.of(0xed, 0xa0, 0x80) })],
		["beyond U+10FFFF", "MQTT-1.5.3-1", publish({ topic: Uint8Array.of(0xf4, 0x90, 0x80, 0x80) })],
		["half a character", "MQTT-1.5.3-1", publish({ topic: Uint8Array.of(0xe2, 0x82) })],
		["a topic beyond its packet", "MQTT §1.5.3", rawPacket(0x30, [0, 9, 97])],
		["no packet id", "MQTT §2.2.3", rawPacket(0x32, [0, 1, 97, 1])],
		["a SUBSCRIBE for nothing", "MQTT-3.8.3-3", subscribe(1)],
		["a requested QoS of 3", "MQTT-3-8.3-4", subscribe(1, ["a", 3])],
		["a filter with # inside", "MQTT-4.7.1-2", subscribe(1, ["a/#/b", 0])],
		["a filter with a#", "MQTT-4.7.1-2", subscribe(1, ["a#", 0])],
		["a filter with a+", "MQTT-4.7.1-3", subscribe(1, ["a+/b", 0])],
		["an empty filter", "MQTT-4.7.3-1", subscribe(1, ["", 0])],
		["an UNSUBSCRIBE for nothing", "MQTT-3.10.3-2", unsubscribe(1)],
		["another protocol", "MQTT-3.1.2-1", connect({ protocol: "MQIsdp" })],
		["another level", "MQTT-3.1.2-2", connect({ level: 3 })],
		["the reserved connect flag", "MQTT-3.1.2-3", connect({ flags: 1 })],
		["will QoS without a will", "MQTT-3.1.2-13", connect({ flags: 8 })],
		["will retain without a will", "MQTT-3.1.2-15", connect({ flags: 32 })],
		["will QoS 3", "MQTT-3.1.2-14", connect({ will: WILL, flags: 4 + 24 })],
		["a password without a user", "MQTT-3.1.2-22", connect({ password: "p", flags: 64 })],
		["a field that was announced and is missing", "MQTT §2.2.3", connect({ flags: 128 })],
		["bytes behind the last field", "MQTT-3.1.3-1", connect({ user: "u", flags: 0 })],
		["a will topic with a wildcard", "MQTT-3.3.2-2", connect({ will: { topic: "#" } })],
	];
	for (const [name, clause, bytes] of refused) {
		it(`refuses ${name} [${clause}]`, () => {
			expect(clauseOf(bytes)).toBe(clause);
		});
	}

	it("refuses a first byte before the rest has come", () => {
		expect(clauseOf(Uint8Array.of(0xf0))).toBe("MQTT §2.2.1");
		expect(clauseOf(field("x").slice(0, 1))).toBe("MQTT §2.2.1");
	});
});
