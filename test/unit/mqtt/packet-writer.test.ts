import { fromHex, toHex } from "../../../src/bytes/hex.js";
import { encodeUTF8 } from "../../../src/bytes/text.js";
import { encodePacket } from "../../../src/mqtt/packet-writer.js";
import type { OutboundPacket } from "../../../src/mqtt/packets.js";
import { readFromClient } from "../../support/mqtt-reference-reader.js";

const payload = encodeUTF8("payload");
const message = { topic: "a/é", payload, retain: false, duplicate: false };
const connect = { type: "CONNECT", id: "sensor", clean: true, keepAliveSeconds: 60 } as const;

/** Every sort of packet that a client sends. */
const EXAMPLES: readonly OutboundPacket[] = [
	connect,
	{ ...connect, clean: false, keepAliveSeconds: 65535 },
	{ ...connect, id: "" },
	{ ...connect, user: "u", password: Uint8Array.of(0, 255) },
	{ ...connect, user: "", password: new Uint8Array(0) },
	{ ...connect, user: "ü" },
	{ ...connect, will: { topic: "w", payload, QoS: 2, retain: true } },
	{ ...connect, will: { topic: "w", payload: new Uint8Array(0), QoS: 0, retain: false } },
	{ type: "PUBLISH", ...message, QoS: 0, packetId: undefined },
	{ type: "PUBLISH", ...message, QoS: 1, packetId: 1, retain: true },
	{ type: "PUBLISH", ...message, QoS: 2, packetId: 65535, duplicate: true },
	{ type: "PUBLISH", ...message, QoS: 0, packetId: undefined, payload: new Uint8Array(0) },
	{ type: "PUBLISH", ...message, QoS: 1, packetId: 256, payload: new Uint8Array(3000) },
	{ type: "PUBLISH", ...message, QoS: 0, packetId: undefined, payload: new Uint8Array(20_000) },
	{ type: "PUBACK", packetId: 1 },
	{ type: "PUBREC", packetId: 255 },
	{ type: "PUBREL", packetId: 256 },
	{ type: "PUBCOMP", packetId: 65535 },
	{
		type: "SUBSCRIBE",
		packetId: 5,
		subscriptions: [
			{ topic: "#", QoS: 0 },
			{ topic: "\u{1f600}/+", QoS: 2 },
		],
	},
	{ type: "UNSUBSCRIBE", packetId: 6, topics: ["#", "a/+/b"] },
	{ type: "PINGREQ" },
	{ type: "DISCONNECT" },
];

describe("encodePacket", () => {
	it("writes what the reference reader reads back", () => {
		for (const packet of EXAMPLES) {
			const { packets, end } = readFromClient(encodePacket(packet));
			expect(end).toBe("between");
			expect(packets).toEqual([packet]);
		}
	});

	// MQTT 3.1.1 §3.1.2 (figure 3.6), worked by hand
	it("writes CONNECT as the standard draws it", () => {
		const packet: OutboundPacket = {
			...connect,
			id: "d",
			keepAliveSeconds: 10,
			user: "n",
			password: Uint8Array.of(1),
			will: { topic: "w", payload: new Uint8Array(0), QoS: 1, retain: false },
		};
		const bytes = [
			"1018",
			"00044d51545404", // MQTT, level 4
			"ce000a", // user name, password, will QoS 1, will, clean; 10 seconds
			"000164000177000000016e000101",
		];
		expect(toHex(encodePacket(packet))).toBe(bytes.join(""));
	});

	it("writes PUBLISH, SUBSCRIBE and PUBREL as the standard draws them", () => {
		const publish: OutboundPacket = {
			type: "PUBLISH",
			topic: "a/b",
			payload: Uint8Array.of(9),
			QoS: 1,
			retain: true,
			duplicate: true,
			packetId: 10,
		};
		expect(toHex(encodePacket(publish))).toBe("3b08" + "0003612f62" + "000a" + "09");
		const subscriptions = [{ topic: "a/b", QoS: 2 }] as const;
		const subscribe = encodePacket({ type: "SUBSCRIBE", packetId: 10, subscriptions });
		expect(subscribe).toEqual(fromHex("8208000a0003612f6202"));
		expect(toHex(encodePacket({ type: "PUBREL", packetId: 10 }))).toBe("6202000a");
	});

	it("asserts what the standard forbids a client", () => {
		const wrong: OutboundPacket[] = [
			{ type: "PUBLISH", ...message, QoS: 1, packetId: undefined }, // [MQTT-2.3.1-1]
			{ type: "PUBLISH", ...message, QoS: 1, packetId: 0 }, // [MQTT-2.3.1-1]
			{ type: "PUBLISH", ...message, QoS: 0, packetId: 1 }, // [MQTT-2.3.1-5]
			{ type: "PUBLISH", ...message, QoS: 0, packetId: undefined, duplicate: true }, // 3.3.1-2
			{ type: "PUBACK", packetId: 65536 },
			{ type: "SUBSCRIBE", packetId: 0, subscriptions: [{ topic: "a", QoS: 0 }] },
			{ type: "SUBSCRIBE", packetId: 1, subscriptions: [] }, // [MQTT-3.8.3-3]
			{ type: "UNSUBSCRIBE", packetId: 1, topics: [] }, // [MQTT-3.10.3-2]
			{ ...connect, id: "", clean: false }, // [MQTT-3.1.3-7]
			{ ...connect, password: payload }, // [MQTT-3.1.2-22]
		];
		for (const packet of wrong) expect(() => encodePacket(packet)).toThrow();
	});
});
