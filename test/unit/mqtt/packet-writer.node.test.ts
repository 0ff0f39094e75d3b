// What we write, read by mqtt-packet's own parser, which many brokers use.

import { parser } from "mqtt-packet";
import type { OutboundPacket } from "../../../src/mqtt/packets.js";
import { encodePacket } from "../../../src/mqtt/packet-writer.js";
import { PacketReader } from "../../../src/mqtt/packet-reader.js";
import * as server from "../../support/mqtt-server-bytes.js";

type Fields = Record<string, unknown>;

function parse(bytes: Uint8Array): Fields[] {
	const packets: Fields[] = [];
	const reader = parser({ protocolVersion: 4 });
	reader.on("packet", (packet: unknown) => packets.push({ ...(packet as Fields) }));
	reader.on("error", (error: Error) => {
		throw error;
	});
	expect(reader.parse(Buffer.from(bytes))).toBe(0);
	return packets;
}

const payload = Uint8Array.of(1, 2, 3);

describe("mqtt-packet's parser", () => {
	it("reads our CONNECT", () => {
		const connect: OutboundPacket = {
			type: "CONNECT",
			id: "sensor",
			clean: false,
			keepAliveSeconds: 30,
			user: "user",
			password: Uint8Array.of(0, 255),
			will: { topic: "w", payload, QoS: 1, retain: true },
		};
		const [packet] = parse(encodePacket(connect));
		expect(packet?.["cmd"]).toBe("connect");
		expect(packet?.["protocolId"]).toBe("MQTT");
		expect(packet?.["protocolVersion"]).toBe(4);
		expect(packet?.["clean"]).toBe(false);
		expect(packet?.["clientId"]).toBe("sensor");
		expect(packet?.["keepalive"]).toBe(30);
		expect(packet?.["username"]).toBe("user");
		expect(Array.from(packet?.["password"] as Buffer)).toEqual([0, 255]);
		const will = packet?.["will"] as Fields;
		expect(will["topic"]).toBe("w");
		expect(will["qos"]).toBe(1);
		expect(will["retain"]).toBe(true);
	});

	it("reads our PUBLISH of every sort", () => {
		for (const QoS of [0, 1, 2] as const) {
			for (const retain of [false, true]) {
				const duplicate = QoS > 0;
				const packetId = QoS > 0 ? 4660 : undefined;
				const [packet] = parse(
					encodePacket({
						type: "PUBLISH",
						topic: "a/é",
						payload,
						QoS,
						retain,
						duplicate,
						packetId,
					}),
				);
				expect(packet?.["topic"]).toBe("a/é");
				expect(packet?.["qos"]).toBe(QoS);
				expect(packet?.["retain"]).toBe(retain);
				expect(packet?.["dup"]).toBe(duplicate);
				expect(packet?.["messageId"]).toBe(packetId);
				expect(Array.from(packet?.["payload"] as Buffer)).toEqual([1, 2, 3]);
			}
		}
	});

	it("reads our requests, acknowledgements and empty packets", () => {
		const subscriptions = [{ topic: "a/#", QoS: 2 }] as const;
		const [subscribe] = parse(encodePacket({ type: "SUBSCRIBE", packetId: 7, subscriptions }));
		expect(subscribe?.["messageId"]).toBe(7);
		expect(subscribe?.["subscriptions"]).toEqual([{ topic: "a/#", qos: 2 }]);
		const topics = ["a/#", "b"];
		const [unsubscribe] = parse(encodePacket({ type: "UNSUBSCRIBE", packetId: 8, topics }));
		expect(unsubscribe?.["unsubscriptions"]).toEqual(topics);
		for (const type of ["PUBACK", "PUBREC", "PUBREL", "PUBCOMP"] as const) {
			const [packet] = parse(encodePacket({ type, packetId: 513 }));
			expect(packet?.["cmd"]).toBe(type.toLowerCase());
			expect(packet?.["messageId"]).toBe(513);
		}
		for (const type of ["PINGREQ", "DISCONNECT"] as const) {
			expect(parse(encodePacket({ type }))[0]?.["cmd"]).toBe(type.toLowerCase());
		}
	});

	it("agrees with our reader on what a server sends", () => {
		const bytes = [
			server.connack(0, true),
			server.publish({ topic: "é", payload, QoS: 2, packetId: 65535, retain: true }),
			server.puback(1),
			server.suback(2, [0, 1, 2, 128]),
			server.unsuback(3),
			server.pubrel(4),
			server.pingresp(),
		];
		for (const piece of bytes) {
			const reader = new PacketReader();
			reader.push(piece);
			const result = reader.next();
			if (result.kind !== "packet") throw new Error(result.kind);
			const [theirs] = parse(piece);
			const ours = { ...result.packet } as Fields;
			expect(theirs?.["cmd"]).toBe(result.packet.type.toLowerCase());
			expect(theirs?.["messageId"]).toBe(ours["packetId"]);
			expect(theirs?.["granted"]).toEqual(ours["codes"]);
			expect(theirs?.["topic"] ?? undefined).toBe(ours["topic"]);
			expect(theirs?.["returnCode"]).toBe(ours["code"]);
			expect(theirs?.["sessionPresent"]).toBe(ours["sessionPresent"]);
		}
	});
});
