// What a broken or hostile broker may send. Each test names the clause of MQTT 3.1.1 that is
// broken, and ends in one closed connection with a stable reason, or states why the packet is
// tolerated.

import {
	MQTT_INBOUND_PACKET_BYTES_MAX,
	MQTT_RECEIVED_MAX,
	MQTT_SKIPPED_PACKET_BYTES_MAX,
} from "../../../src/limits.js";
import { MQTTBench } from "../../support/mqtt-bench.js";
import {
	connack,
	pingresp,
	puback,
	pubcomp,
	publish,
	pubrec,
	pubrel,
	rawPacket,
	remainingLength,
	suback,
	unsuback,
} from "../../support/mqtt-server-bytes.js";

/** Feeds the pieces to a connection that is online, and gives how it ended. */
function outcome(...pieces: readonly Uint8Array[]): string {
	const bench = MQTTBench.online();
	bench.socket.feed(...pieces);
	return ended(bench);
}

function ended(bench: MQTTBench): string {
	if (bench.closed.length === 0) return "open";
	const { code, clause, detail } = bench.closed[0] ?? {};
	if (bench.closed.length > 1 || !bench.socket.isClosed) return "not once";
	return code === "protocol-violation" ? `${clause} ${detail}` : String(code);
}

describe("a hostile fixed header", () => {
	// MQTT 3.1.1 §2.2.3
	it("closes on a remaining length of five bytes", () => {
		const bytes = [0x30, 0xff, 0xff, 0xff, 0xff, 0x01];
		expect(outcome(Uint8Array.from(bytes))).toBe("MQTT §2.2.3 remaining-length");
	});

	// MQTT 3.1.1 §2.2.3: only 5.0 asks for the shortest form
	it("takes a remaining length that is longer than need be", () => {
		const bench = MQTTBench.online();
		bench.socket.feed(Uint8Array.of(0x30, 0x84, 0x80, 0x80, 0x00, 0, 1, 0x74, 0x70));
		expect(bench.events).toEqual(["message t"]);
	});

	// MQTT 3.1.1 §2.2.3: four bytes announce up to 268 435 455; how much is taken is our own bound
	it("closes on an announcement of 256 MB without waiting for it", () => {
		const header = Uint8Array.of(0x30, 0xff, 0xff, 0xff, 0x7f);
		expect(outcome(header)).toBe("packet-too-large");
	});

	// MQTT 3.1.1 §2.2.3, §3.2.1 and the like; [MQTT-4.8.0-1]
	it("closes on an announcement of 256 MB for a packet of fixed size", () => {
		for (const first of [0x20, 0x40, 0x50, 0x62, 0x70, 0x90, 0xb0, 0xd0]) {
			const header = Uint8Array.of(first, 0xff, 0xff, 0xff, 0x7f);
			expect(outcome(header)).toBe("MQTT-4.8.0-1 packet-length");
		}
	});

	// [MQTT-4.8.0-1]
	it("closes on a wrong length of every packet of fixed size", () => {
		for (const first of [0x20, 0x40, 0x50, 0x62, 0x70, 0x90, 0xb0]) {
			expect(outcome(rawPacket(first, [0]))).toBe("MQTT-4.8.0-1 packet-length");
		}
		for (const first of [0x20, 0x40, 0x50, 0x62, 0x70, 0xb0, 0xd0]) {
			expect(outcome(rawPacket(first, [0, 1, 0]))).toBe("MQTT-4.8.0-1 packet-length");
		}
	});

	// [MQTT-2.2.2-1] [MQTT-2.2.2-2] [MQTT-3.6.1-1]
	it("closes on wrong flags", () => {
		for (const first of [0x21, 0x41, 0x52, 0x78, 0x92, 0xb4, 0xd8]) {
			expect(outcome(rawPacket(first, [0, 1]))).toBe("MQTT-2.2.2-2 header-flags");
		}
		expect(outcome(rawPacket(0x60, [0, 1]))).toBe("MQTT-3.6.1-1 header-flags");
	});

	// MQTT 3.1.1 §2.2.1: types 0 and 15 are forbidden, the others travel from client to server only
	it("closes on packets that no server may send", () => {
		for (const type of [0, 1, 8, 10, 12, 14, 15]) {
			expect(outcome(rawPacket(type << 4, []))).toBe("MQTT §2.2.1 packet-type");
		}
	});

	// [MQTT-3.3.1-4]
	it("closes on QoS 3", () => {
		expect(outcome(publish({ topic: "t", QoS: 3, packetId: 1 }))).toBe("MQTT-3.3.1-4 QoS-3");
	});

	// [MQTT-3.3.1-2]
	it("closes on DUP with QoS 0", () => {
		const bytes = publish({ topic: "t", duplicate: true });
		expect(outcome(bytes)).toBe("MQTT-3.3.1-2 duplicate-QoS-0");
	});
});

describe("a hostile PUBLISH", () => {
	// MQTT 3.1.1 §3.3.2
	it("closes on a topic longer than its packet", () => {
		expect(outcome(rawPacket(0x30, [0xff, 0xff, 0x74]))).toBe("MQTT §3.3.2 topic-length");
		expect(outcome(rawPacket(0x32, [0, 1, 0x74, 1]))).toBe("MQTT §3.3.2 topic-length");
	});

	// [MQTT-4.7.3-1]
	it("closes on a zero-length topic", () => {
		expect(outcome(publish({ topic: "" }))).toBe("MQTT-4.7.3-1 topic-empty");
	});

	// [MQTT-1.5.3-2]
	it("closes on a topic with a NUL", () => {
		expect(outcome(publish({ topic: "a\0b" }))).toBe("MQTT-1.5.3-2 topic-nul");
	});

	// [MQTT-3.3.2-2]
	it("closes on a topic with a wildcard", () => {
		expect(outcome(publish({ topic: "a/#" }))).toBe("MQTT-3.3.2-2 topic-wildcard");
		expect(outcome(publish({ topic: "a/+/b" }))).toBe("MQTT-3.3.2-2 topic-wildcard");
	});

	// [MQTT-1.5.3-1]
	it("closes on a topic that is not UTF-8", () => {
		for (const topic of [[0xff], [0xc0, 0x80], [0xed, 0xa0, 0x80], [0xe2, 0x82]]) {
			expect(outcome(publish({ topic: Uint8Array.from(topic) }))).toBe("MQTT-1.5.3-1 topic-utf8");
		}
	});

	// [MQTT-2.3.1-1]
	it("closes on packet id 0", () => {
		for (const QoS of [1, 2]) {
			const bytes = publish({ topic: "t", QoS, packetId: 0 });
			expect(outcome(bytes)).toBe("MQTT-2.3.1-1 packet-id-0");
		}
	});

	// MQTT 3.1.1 §2.2.3, our bound; [MQTT-4.3.2-2], [MQTT-4.3.3-2]: what is skipped is acknowledged
	it("skips a message that is too large, and acknowledges it so that it does not come back", () => {
		const bench = MQTTBench.online();
		const payload = new Uint8Array(MQTT_INBOUND_PACKET_BYTES_MAX);
		bench.socket.feed(publish({ topic: "t", QoS: 1, packetId: 4, payload }));
		bench.socket.feed(publish({ topic: "u", QoS: 2, packetId: 5, payload }));
		bench.socket.feed(publish({ topic: "v", payload: "fits" }));
		bench.clock.advance(1);
		expect(bench.events).toEqual([
			`oversized t ${payload.length}`,
			`oversized u ${payload.length}`,
			"message v",
		]);
		expect(bench.seenBriefly()).toEqual(["PUBACK 4", "PUBREC 5"]);
	});

	// MQTT 3.1.1 §2.2.3, our bound
	it("closes where even the topic of a too large message is too large", () => {
		const bytes = publish({ topic: "t".repeat(MQTT_INBOUND_PACKET_BYTES_MAX) });
		expect(outcome(bytes)).toBe("packet-too-large");
	});

	// MQTT 3.1.1 §2.2.3, our bound
	it("closes on a message too large to be skipped", () => {
		const length = remainingLength(MQTT_SKIPPED_PACKET_BYTES_MAX + 1);
		expect(outcome(Uint8Array.of(0x30), length)).toBe("packet-too-large");
		const fits = remainingLength(MQTT_SKIPPED_PACKET_BYTES_MAX);
		expect(outcome(Uint8Array.of(0x30), fits)).toBe("open");
	});

	it("closes where more QoS 2 messages are unfinished than it can remember", () => {
		const bench = MQTTBench.online();
		for (let packetId = 1; packetId <= MQTT_RECEIVED_MAX; packetId++) {
			bench.socket.feed(publish({ topic: "t", QoS: 2, packetId }));
		}
		expect(ended(bench)).toBe("open");
		bench.socket.feed(publish({ topic: "t", QoS: 2, packetId: MQTT_RECEIVED_MAX + 1 }));
		expect(ended(bench)).toBe("receive-limit");
	});
});

describe("a hostile CONNACK", () => {
	// [MQTT-3.2.0-1]
	it("closes on any packet before it", () => {
		const packets = [
			publish({ topic: "t" }),
			puback(1),
			pubrec(1),
			pubrel(1),
			pubcomp(1),
			suback(1, [0]),
			unsuback(1),
			pingresp(),
		];
		for (const bytes of packets) {
			const bench = new MQTTBench();
			bench.socket.giveRoom(4096);
			bench.socket.feed(bytes, connack());
			expect(ended(bench)).toBe("MQTT-3.2.0-1 packet-before-connack");
			expect(bench.events).toEqual(["secured", "closed protocol-violation"]);
		}
	});

	// [MQTT-3.2.0-1]
	it("closes on a second one", () => {
		expect(outcome(connack())).toBe("MQTT-3.2.0-1 second-connack");
		expect(outcome(connack(5))).toBe("MQTT-3.2.0-1 second-connack");
	});

	// MQTT 3.1.1 §3.2.2.3: 6 to 255 are reserved
	it("closes on a reserved code", () => {
		for (const code of [6, 9, 255]) {
			const bench = new MQTTBench();
			bench.socket.giveRoom(4096);
			bench.socket.feed(connack(code));
			expect(ended(bench)).toBe("MQTT §3.2.2.3 connack-code");
		}
	});

	// MQTT 3.1.1 §3.2.2.1
	it("closes on reserved acknowledge flags", () => {
		const bench = new MQTTBench();
		bench.socket.giveRoom(4096);
		bench.socket.feed(rawPacket(0x20, [2, 0]));
		expect(ended(bench)).toBe("MQTT §3.2.2.1 connack-flags");
	});

	// [MQTT-3.2.2-4]
	it("closes on a refusal that claims a session", () => {
		const bench = new MQTTBench();
		bench.socket.giveRoom(4096);
		bench.socket.feed(connack(3, true));
		expect(ended(bench)).toBe("MQTT-3.2.2-4 session-present-refused");
	});

	// [MQTT-3.2.2-1]
	it("closes on session present after a clean start", () => {
		const connect = { id: "sensor", clean: true, keepAliveSeconds: 60 };
		const bench = new MQTTBench({ connect });
		bench.socket.giveRoom(4096);
		bench.socket.feed(connack(0, true));
		expect(ended(bench)).toBe("MQTT-3.2.2-1 session-present-clean");
		expect(bench.events).toEqual(["secured", "closed protocol-violation"]);
	});
});

describe("hostile acknowledgements", () => {
	// [MQTT-2.3.1-1]
	it("closes on packet id 0", () => {
		const packets = [puback(0), pubrec(0), pubrel(0), pubcomp(0), suback(0, [0]), unsuback(0)];
		for (const bytes of packets) expect(outcome(bytes)).toBe("MQTT-2.3.1-1 packet-id-0");
	});

	// [MQTT-4.3.2-2]
	it("closes on PUBACK for an unknown id", () => {
		expect(outcome(puback(7))).toBe("MQTT-4.3.2-2 PUBACK-unexpected");
	});

	// [MQTT-4.3.2-2]
	it("closes on a second PUBACK", () => {
		const bench = MQTTBench.online();
		bench.publish(1);
		bench.socket.feed(puback(1), puback(1));
		expect(ended(bench)).toBe("MQTT-4.3.2-2 PUBACK-unexpected");
	});

	// [MQTT-3.3.4-1]
	it("closes on the wrong acknowledgement for the QoS", () => {
		const cases: [1 | 2, Uint8Array, string][] = [
			[1, pubrec(1), "MQTT-3.3.4-1 PUBREC-unexpected"],
			[1, pubcomp(1), "MQTT-3.3.4-1 PUBCOMP-unexpected"],
			[2, puback(1), "MQTT-3.3.4-1 PUBACK-unexpected"],
			[2, pubcomp(1), "MQTT-4.3.3-2 PUBCOMP-unexpected"], // before PUBREC
			[1, suback(1, [0]), "MQTT-3.8.4-2 SUBACK-unexpected"],
			[1, unsuback(1), "MQTT-3.10.4-4 UNSUBACK-unexpected"],
		];
		for (const [QoS, bytes, reason] of cases) {
			const bench = MQTTBench.online();
			bench.publish(1, QoS);
			bench.socket.feed(bytes);
			expect(ended(bench)).toBe(reason);
			expect(bench.events).toEqual(["closed protocol-violation"]);
		}
	});

	// Only the broker remembers the exchange: PUBREL lets it end (see transitions.ts).
	it("answers PUBREC for an unknown id, and ignores the PUBCOMP that follows", () => {
		const bench = MQTTBench.online();
		bench.socket.feed(pubrec(9), pubcomp(9));
		expect(bench.seenBriefly()).toEqual(["PUBREL 9"]);
		expect(ended(bench)).toBe("open");
	});

	// [MQTT-4.3.3-2]: its PUBCOMP may have been lost
	it("answers PUBREL for an unknown id", () => {
		const bench = MQTTBench.online();
		bench.socket.feed(pubrel(9));
		expect(bench.seenBriefly()).toEqual(["PUBCOMP 9"]);
		expect(ended(bench)).toBe("open");
	});

	// [MQTT-4.3.3-1]
	it("closes on PUBREL for a message that has had no PUBREC", () => {
		const bench = MQTTBench.online();
		bench.isAcknowledging = false;
		bench.socket.feed(publish({ topic: "t", QoS: 2, packetId: 2 }), pubrel(2));
		expect(ended(bench)).toBe("MQTT-4.3.3-1 PUBREL-unexpected");
	});

	// [MQTT-3.12.4-1]
	it("closes on PINGRESP without PINGREQ", () => {
		expect(outcome(pingresp())).toBe("MQTT-3.12.4-1 PINGRESP-unexpected");
	});
});

describe("a hostile SUBACK", () => {
	function answered(bytes: Uint8Array): MQTTBench {
		const bench = MQTTBench.online();
		bench.client.subscribe([
			{ topic: "a", QoS: 1 },
			{ topic: "b", QoS: 1 },
		]);
		bench.socket.feed(bytes);
		return bench;
	}

	// MQTT 3.1.1 §3.9.3
	it("reports a refusal of 0x80 to the application and stays connected", () => {
		const bench = answered(suback(1, [0x80, 1]));
		expect(bench.events).toEqual(["subscribed a=128 b=1"]);
		expect(ended(bench)).toBe("open");
	});

	// [MQTT-3.8.4-5]
	it("closes on too few or too many codes", () => {
		expect(ended(answered(suback(1, [0])))).toBe("MQTT-3.8.4-5 suback-count");
		expect(ended(answered(suback(1, [0, 0, 0])))).toBe("MQTT-3.8.4-5 suback-count");
		const flood = suback(1, new Array<number>(1000).fill(0));
		expect(ended(answered(flood))).toBe("MQTT-4.8.0-1 packet-length");
	});

	// [MQTT-3.9.3-2]
	it("closes on a reserved code", () => {
		expect(ended(answered(suback(1, [3, 0])))).toBe("MQTT-3.9.3-2 suback-code");
	});

	// [MQTT-3.8.4-2] [MQTT-3.10.4-4]
	it("closes on an unknown id, or the answer to the other request", () => {
		expect(ended(answered(suback(2, [0, 0])))).toBe("MQTT-3.8.4-2 SUBACK-unexpected");
		expect(ended(answered(unsuback(1)))).toBe("MQTT-3.10.4-4 UNSUBACK-unexpected");
		expect(ended(answered(puback(1)))).toBe("MQTT-4.3.2-2 PUBACK-unexpected");
	});
});
