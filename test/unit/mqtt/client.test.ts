import { Secret } from "../../../src/bytes/secret.js";
import { encodeUTF8 } from "../../../src/bytes/text.js";
import { MQTT_IN_FLIGHT_MAX, MQTT_OUTBOUND_PACKET_BYTES_MAX } from "../../../src/limits.js";
import { MQTTBench } from "../../support/mqtt-bench.js";
import {
	connack,
	puback,
	pubcomp,
	publish,
	pubrec,
	pubrel,
	suback,
	unsuback,
} from "../../support/mqtt-server-bytes.js";

describe("MQTTClient, connecting", () => {
	it("sends CONNECT as its first packet, once the socket is writable", () => {
		const bench = new MQTTBench({
			connect: {
				id: "sensor-1",
				clean: false,
				keepAliveSeconds: 30,
				user: "user",
				password: new Secret(encodeUTF8("pässword")),
				will: { topic: "w", payload: encodeUTF8("gone"), QoS: 1, retain: true },
			},
		});
		expect(bench.client.state).toBe("connecting");
		expect(bench.seen()).toEqual([]);
		bench.socket.giveRoom(4096);
		expect(bench.seen()).toEqual([
			{
				type: "CONNECT",
				id: "sensor-1",
				clean: false,
				keepAliveSeconds: 30,
				user: "user",
				password: encodeUTF8("pässword"),
				will: { topic: "w", payload: encodeUTF8("gone"), QoS: 1, retain: true },
			},
		]);
		expect(bench.client.state).toBe("joining");
		bench.socket.feed(connack());
		expect(bench.client.state).toBe("online");
		expect(bench.events).toEqual(["secured", "connected false"]);
	});

	it("reports whether the broker kept the session", () => {
		const bench = new MQTTBench();
		bench.socket.giveRoom(4096);
		bench.socket.feed(connack(0, true));
		expect(bench.events).toEqual(["secured", "connected true"]);
	});

	// MQTT 3.1.1 table 3.1
	it("names each refusal of CONNACK", () => {
		const codes = [];
		for (let code = 1; code <= 5; code++) {
			const bench = new MQTTBench();
			bench.socket.giveRoom(4096);
			bench.socket.feed(connack(code));
			codes.push(bench.closed[0]?.code);
		}
		expect(codes).toEqual([
			"connack-protocol-version",
			"connack-identifier",
			"connack-unavailable",
			"connack-credentials",
			"connack-not-authorized",
		]);
	});

	it("refuses options that no CONNECT can carry, without making a socket", () => {
		const bench = new MQTTBench();
		const connect = { id: "sensor", clean: false, keepAliveSeconds: 60 };
		const password = new Secret(Uint8Array.of(1));
		const will = { topic: "a/+", payload: new Uint8Array(0), QoS: 0, retain: false } as const;
		bench.client.close();
		for (const wrong of [
			{ ...connect, keepAliveSeconds: 0 },
			{ ...connect, keepAliveSeconds: 65536 },
			{ ...connect, id: "" }, // [MQTT-3.1.3-7]
			{ ...connect, id: "a\0" },
			{ ...connect, password }, // [MQTT-3.1.2-22]
			{ ...connect, will },
			{ ...connect, user: "u".repeat(MQTT_OUTBOUND_PACKET_BYTES_MAX) },
		]) {
			expect(() => bench.connect({ connect: wrong })).toThrow();
		}
		expect(bench.script.sockets).toHaveLength(1);
		bench.connect(); // the session is free
	});
});

describe("MQTTClient, publishing", () => {
	it("sends QoS 0 without an id and expects nothing", () => {
		const bench = MQTTBench.online();
		expect(bench.publish(5, 0, "x")).toBe("sent");
		expect(bench.seen()).toEqual([
			{
				type: "PUBLISH",
				topic: "a/b",
				QoS: 0,
				retain: false,
				duplicate: false,
				packetId: undefined,
				payload: encodeUTF8("x"),
			},
		]);
		expect(bench.client.inFlightFree).toBe(MQTT_IN_FLIGHT_MAX);
	});

	it("sends QoS 1 and reports its PUBACK by token", () => {
		const bench = MQTTBench.online();
		expect(bench.publish(77)).toBe("sent");
		expect(bench.seenBriefly()).toEqual(["PUBLISH 1"]);
		bench.socket.feed(puback(1));
		expect(bench.events).toEqual(["progress acknowledged", "acknowledged 77"]);
	});

	it("takes QoS 2 through all four packets and reports it once", () => {
		const bench = MQTTBench.online();
		bench.publish(78, 2);
		bench.socket.feed(pubrec(1));
		expect(bench.events).toEqual([]);
		bench.socket.feed(pubcomp(1));
		expect(bench.seenBriefly()).toEqual(["PUBLISH 1", "PUBREL 1"]);
		expect(bench.events).toEqual(["progress acknowledged", "acknowledged 78"]);
	});

	// MQTT 3.1.1 §3.3.1.3, §3.3.3
	it("carries the retained flag and an empty payload", () => {
		const bench = MQTTBench.online();
		const message = { topic: "t", payload: new Uint8Array(0), QoS: 0, retain: true } as const;
		bench.client.publish({ token: 0, ...message });
		const [packet] = bench.seen();
		expect(packet?.["retain"]).toBe(true);
		expect(packet?.["payload"]).toEqual(new Uint8Array(0));
	});

	it("is busy until CONNACK, then says that it is ready", () => {
		const bench = new MQTTBench();
		expect(bench.publish(1)).toBe("busy");
		bench.socket.giveRoom(4096);
		bench.socket.feed(connack());
		expect(bench.events).toEqual(["secured", "connected false", "ready"]);
	});

	it("is busy at the in-flight limit, and ready again after one PUBACK", () => {
		const bench = MQTTBench.online();
		for (let token = 1; token <= MQTT_IN_FLIGHT_MAX; token++) {
			expect(bench.publish(token)).toBe("sent");
		}
		expect(bench.publish(100)).toBe("busy");
		expect(bench.publish(100, 0)).toBe("sent");
		bench.socket.feed(puback(1));
		expect(bench.events).toEqual(["progress acknowledged", "acknowledged 1", "ready"]);
		expect(bench.publish(100)).toBe("sent");
	});

	it("is busy while the socket has too little room, and takes no packet id for it", () => {
		const bench = MQTTBench.online();
		bench.socket.giveRoom(20);
		expect(bench.publish(1, 2, "more than twenty bytes")).toBe("busy");
		expect(bench.client.inFlightFree).toBe(MQTT_IN_FLIGHT_MAX);
		bench.socket.giveRoom(4096);
		expect(bench.events).toEqual(["ready"]);
		expect(bench.publish(1, 2)).toBe("sent");
		expect(bench.seenBriefly()).toEqual(["PUBLISH 1"]);
	});

	it("does not send a token again that is in flight", () => {
		const bench = MQTTBench.online();
		bench.publish(9);
		expect(bench.publish(9)).toBe("sent");
		expect(bench.seenBriefly()).toEqual(["PUBLISH 1"]);
	});

	it("throws for what no broker may be sent", () => {
		const bench = MQTTBench.online();
		const message = {
			token: 1,
			topic: "t",
			payload: new Uint8Array(1),
			QoS: 1 as const,
			retain: false,
		};
		const large = new Uint8Array(MQTT_OUTBOUND_PACKET_BYTES_MAX);
		expect(() => bench.client.publish({ ...message, topic: "" })).toThrow(RangeError);
		expect(() => bench.client.publish({ ...message, topic: "a/#" })).toThrow(RangeError);
		expect(() => bench.client.publish({ ...message, topic: "a\ud800" })).toThrow(RangeError);
		expect(() => bench.client.publish({ ...message, token: -1 })).toThrow(RangeError);
		expect(() => bench.client.publish({ ...message, QoS: 3 as 2 })).toThrow(RangeError);
		expect(() => bench.client.publish({ ...message, payload: large })).toThrow(RangeError);
		expect(() => bench.client.subscribe([])).toThrow(RangeError);
		expect(() => bench.client.subscribe([{ topic: "a/#/b", QoS: 0 }])).toThrow(RangeError);
		expect(() => bench.client.unsubscribe([""])).toThrow(RangeError);
		expect(bench.seen()).toEqual([]);
	});

	it("sends the largest packet that the limit allows in one write", () => {
		const bench = MQTTBench.online();
		bench.socket.giveRoom(MQTT_OUTBOUND_PACKET_BYTES_MAX);
		const payload = new Uint8Array(MQTT_OUTBOUND_PACKET_BYTES_MAX - 8);
		const message = { token: 1, topic: "t", payload, QoS: 1, retain: false } as const;
		expect(bench.client.publish(message).kind).toBe("sent");
		expect(bench.seen()[0]?.["payload"]).toEqual(payload);
	});
});

describe("MQTTClient, subscribing", () => {
	it("reports the result of each topic in the order of the request", () => {
		const bench = MQTTBench.online();
		const subscriptions = [
			{ topic: "a", QoS: 2 },
			{ topic: "b/#", QoS: 1 },
			{ topic: "c/+", QoS: 0 },
		] as const;
		expect(bench.client.subscribe(subscriptions).kind).toBe("sent");
		expect(bench.seen()).toEqual([{ type: "SUBSCRIBE", packetId: 1, subscriptions }]);
		bench.socket.feed(suback(1, [2, 128, 0]));
		expect(bench.events).toEqual(["subscribed a=2 b/#=128 c/+=0"]);
	});

	it("unsubscribes", () => {
		const bench = MQTTBench.online();
		bench.client.unsubscribe(["a", "b/#"]);
		expect(bench.seen()).toEqual([{ type: "UNSUBSCRIBE", packetId: 1, topics: ["a", "b/#"] }]);
		bench.socket.feed(unsuback(1));
		expect(bench.events).toEqual(["unsubscribed a b/#"]);
	});

	it("is busy with too many requests, and before CONNACK", () => {
		const bench = new MQTTBench();
		expect(bench.client.subscribe([{ topic: "a", QoS: 0 }]).kind).toBe("busy");
		bench.goOnline();
		const kinds = [];
		for (let count = 0; count < 5; count++) kinds.push(bench.client.unsubscribe(["a"]).kind);
		expect(kinds).toEqual(["sent", "sent", "sent", "sent", "busy"]);
		bench.socket.feed(unsuback(1));
		expect(bench.events).toEqual(["unsubscribed a", "ready"]);
	});
});

describe("MQTTClient, receiving", () => {
	it("delivers every part of a message", () => {
		const bench = MQTTBench.online();
		const message = { topic: "é/x", payload: "hello", QoS: 1, packetId: 65535 };
		bench.socket.feed(publish({ ...message, retain: true, duplicate: true }));
		expect(bench.messages).toEqual([
			{
				topic: "é/x",
				payload: encodeUTF8("hello"),
				QoS: 1,
				retain: true,
				duplicate: true,
				packetId: 65535,
			},
		]);
		expect(bench.seenBriefly()).toEqual(["PUBACK 65535"]);
	});

	// MQTT 3.1.1 §3.3.3: a PUBLISH may have a payload of zero length
	it("delivers an empty payload as an ordinary message", () => {
		const bench = MQTTBench.online();
		bench.socket.feed(publish({ topic: "t" }));
		expect(bench.messages[0]?.payload).toEqual(new Uint8Array(0));
		expect(bench.closed).toEqual([]);
	});

	it("acknowledges when the application does, not before", () => {
		const bench = MQTTBench.online();
		bench.isAcknowledging = false;
		bench.socket.feed(publish({ topic: "t", QoS: 1, packetId: 3 }));
		bench.socket.feed(publish({ topic: "t", QoS: 2, packetId: 4 }));
		expect(bench.seen()).toEqual([]);
		for (const message of bench.messages) bench.client.acknowledge(message);
		expect(bench.seenBriefly()).toEqual(["PUBACK 3", "PUBREC 4"]);
	});

	// [MQTT-4.6.0-2] [MQTT-4.6.0-3]
	it("acknowledges in the order of arrival, whatever order the application chooses", () => {
		const bench = MQTTBench.online();
		bench.isAcknowledging = false;
		bench.socket.feed(publish({ topic: "t", QoS: 1, packetId: 3 }));
		bench.socket.feed(publish({ topic: "t", QoS: 2, packetId: 4 }));
		bench.socket.feed(publish({ topic: "t", QoS: 1, packetId: 5 }));
		const [first, second, third] = bench.messages;
		if (!first || !second || !third) throw new Error("three messages");
		bench.client.acknowledge(third);
		bench.client.acknowledge(second);
		expect(bench.seen()).toEqual([]);
		bench.client.acknowledge(first);
		expect(bench.seenBriefly()).toEqual(["PUBACK 3", "PUBREC 4", "PUBACK 5"]);
		bench.client.acknowledge(first); // twice is once
		expect(bench.seen()).toEqual([]);
	});

	it("acknowledges each of two messages under one id", () => {
		const bench = MQTTBench.online();
		bench.isAcknowledging = false;
		for (const packetId of [2, 3, 3]) bench.socket.feed(publish({ topic: "t", QoS: 1, packetId }));
		for (const message of bench.messages.slice().reverse()) bench.client.acknowledge(message);
		expect(bench.seenBriefly()).toEqual(["PUBACK 2", "PUBACK 3", "PUBACK 3"]);
	});

	// [MQTT-4.3.3-2]
	it("delivers a QoS 2 message once, however often it comes before PUBREL", () => {
		const bench = MQTTBench.online();
		const bytes = publish({ topic: "t", QoS: 2, packetId: 8 });
		bench.socket.feed(bytes);
		bench.socket.feed(publish({ topic: "t", QoS: 2, packetId: 8, duplicate: true }));
		bench.socket.feed(pubrel(8));
		bench.socket.feed(pubrel(8));
		expect(bench.messages).toHaveLength(1);
		expect(bench.seenBriefly()).toEqual(["PUBREC 8", "PUBREC 8", "PUBCOMP 8", "PUBCOMP 8"]);
		bench.socket.feed(bytes); // the id is free: another message
		expect(bench.messages).toHaveLength(2);
	});

	it("takes packets in one segment and split at every byte alike", () => {
		const bench = MQTTBench.online();
		const bytes = publish({ topic: "t", payload: "p", QoS: 1, packetId: 1 });
		bench.socket.feed(bytes, bytes, publish({ topic: "u" }));
		for (const byte of bytes) bench.socket.feed(Uint8Array.of(byte));
		expect(bench.events).toEqual(["message t", "message t", "message u", "message t"]);
	});
});
