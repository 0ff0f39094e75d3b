// What we write and what we read, as Wireshark's dissector sees it. HOLDFAST_SEED replays a run.

import { concatBytes } from "../../src/bytes/arrays.js";
import { toHex } from "../../src/bytes/hex.js";
import { encodePacket } from "../../src/mqtt/packet-writer.js";
import { PacketReader } from "../../src/mqtt/packet-reader.js";
import type { InboundPacket, OutboundPacket, QoS } from "../../src/mqtt/packets.js";
import { Random } from "../../hosts/simulator/random.js";
import { MQTTBench } from "../support/mqtt-bench.js";
import * as server from "../support/mqtt-server-bytes.js";
import { dissect, hasTshark, type DissectedPacket, type Segment } from "../support/mqtt-tshark.js";
import { chosenSeed } from "../support/seed.js";

const isHere = hasTshark();
if (!isHere) console.warn("skipped: tshark is not installed (Debian: apt-get install tshark)");
const test = isHere || process.env["CI"] ? it : it.skip;

const seed = chosenSeed();
console.log(`HOLDFAST_SEED=${seed}`);

const TYPES = [
	...["", "CONNECT", "CONNACK", "PUBLISH", "PUBACK", "PUBREC", "PUBREL", "PUBCOMP", "SUBSCRIBE"],
	...["SUBACK", "UNSUBSCRIBE", "UNSUBACK", "PINGREQ", "PINGRESP", "DISCONNECT"],
];

type Summary = Readonly<Record<string, unknown>>;

/** The fields that both sides have, in our words. */
function theirs({ fields, isMalformed }: DissectedPacket): Summary {
	const all = (name: string) => fields.get(`mqtt.${name}`) ?? [];
	const number = (name: string) => (all(name)[0] === undefined ? undefined : Number(all(name)[0]));
	const type = TYPES[number("msgtype") ?? 0];
	const summary: Record<string, unknown> = { type, packetId: number("msgid"), isMalformed };
	if (type === "PUBLISH") {
		summary["topic"] = all("topic")[0];
		summary["payload"] = (all("msg")[0] ?? "").replaceAll(":", "");
		summary["QoS"] = number("qos");
		summary["retain"] = number("retain") === 1;
		summary["duplicate"] = number("dupflag") === 1;
	}
	if (type === "CONNACK") {
		summary["code"] = number("conack.val");
		summary["sessionPresent"] = number("conack.flags.sp") === 1;
	}
	if (type === "SUBACK") summary["codes"] = all("suback.qos").map(Number);
	if (type === "SUBSCRIBE") {
		summary["topics"] = all("topic");
		summary["QoS"] = all("sub.qos").map(Number);
	}
	if (type === "UNSUBSCRIBE") summary["topics"] = all("topic");
	if (type === "CONNECT") {
		summary["id"] = all("clientid")[0] ?? "";
		summary["level"] = number("ver");
		summary["clean"] = number("conflag.cleansess") === 1;
		summary["keepAliveSeconds"] = number("kalive");
		summary["user"] = all("username")[0];
		summary["will"] = number("conflag.willflag") === 1 && [
			all("willtopic")[0],
			(all("willmsg")[0] ?? "").replaceAll(":", ""),
			number("conflag.qos"),
			number("conflag.retain") === 1,
		];
	}
	return summary;
}

function ours(packet: InboundPacket | OutboundPacket): Summary {
	const packetId = "packetId" in packet ? packet.packetId : undefined;
	const summary = { type: packet.type, packetId, isMalformed: false };
	switch (packet.type) {
		case "PUBLISH": {
			const { topic, payload, QoS, retain, duplicate } = packet;
			return { ...summary, topic, payload: toHex(payload), QoS, retain, duplicate };
		}
		case "CONNACK":
			return { ...summary, code: packet.code, sessionPresent: packet.sessionPresent };
		case "SUBACK":
			return { ...summary, codes: packet.codes };
		case "SUBSCRIBE": {
			const { subscriptions } = packet;
			const topics = subscriptions.map(({ topic }) => topic);
			return { ...summary, topics, QoS: subscriptions.map(({ QoS }) => QoS) };
		}
		case "UNSUBSCRIBE":
			return { ...summary, topics: packet.topics };
		case "CONNECT": {
			const { id, clean, keepAliveSeconds, user, will } = packet;
			const common = { ...summary, id, level: 4, clean, keepAliveSeconds, user };
			if (!will) return { ...common, will: false };
			return { ...common, will: [will.topic, toHex(will.payload), will.QoS, will.retain] };
		}
		default:
			return summary;
	}
}

const TOPICS = ["t", "a/b/c", "é/\u{1f600}", "$SYS/broker", " "];

function randomPublish(random: Random): server.ServerPublish {
	const QoS = random.integer(0, 2);
	return {
		topic: random.pick(TOPICS),
		payload: random.bytes(random.pick([0, 1, 100, 127, 128, 2000])),
		QoS,
		retain: random.oneIn(2),
		duplicate: QoS > 0 && random.oneIn(2),
		...(QoS > 0 && { packetId: random.integer(1, 65535) }),
	};
}

function randomServerPacket(random: Random): Uint8Array {
	const id = random.integer(1, 65535);
	const codes = Array.from({ length: random.integer(1, 8) }, () => random.pick([0, 1, 2, 128]));
	return random.pick([
		() => server.connack(random.integer(0, 5)),
		() => server.connack(0, true),
		() => server.publish(randomPublish(random)),
		() => server.publish(randomPublish(random)),
		() => server.puback(id),
		() => server.pubrec(id),
		() => server.pubrel(id),
		() => server.pubcomp(id),
		() => server.suback(id, codes),
		() => server.unsuback(id),
		() => server.pingresp(),
	])();
}

function randomClientPacket(random: Random): OutboundPacket {
	const packetId = random.integer(1, 65535);
	const topic = random.pick(TOPICS);
	const payload = random.bytes(random.pick([0, 1, 100, 127, 128, 2000]));
	const QoS = random.integer(0, 2) as QoS;
	const retain = random.oneIn(2);
	const again = { duplicate: QoS > 0 && random.oneIn(2), packetId: QoS > 0 ? packetId : undefined };
	return random.pick<() => OutboundPacket>([
		() => ({
			type: "CONNECT",
			id: "sensor",
			clean: random.oneIn(2),
			keepAliveSeconds: random.integer(1, 65535),
			...(random.oneIn(2) && { user: "üser", password: Buffer.from(random.bytes(8)) }),
			...(random.oneIn(2) && { will: { topic, payload, QoS, retain } }),
		}),
		() => ({ type: "PUBLISH", topic, payload, QoS, retain, ...again }),
		() => ({ type: "PUBLISH", topic, payload, QoS, retain, ...again }),
		() => ({ type: random.pick(["PUBACK", "PUBREC", "PUBREL", "PUBCOMP"]), packetId }),
		() => ({
			type: "SUBSCRIBE",
			packetId,
			subscriptions: [
				{ topic, QoS },
				{ topic: "a/+/#", QoS: 1 },
			],
		}),
		() => ({ type: "UNSUBSCRIBE", packetId, topics: [topic, "#"] }),
		() => ({ type: "PINGREQ" }),
	])();
}

/**
 * What the server sent in TCP segments that respect no packet, but for one place: tshark takes the
 * first byte of a longer remaining length for all of it when the next one is not there yet.
 */
function segments(packets: readonly Uint8Array[], random: Random): Segment[] {
	const bytes = concatBytes(...packets);
	const uncut = new Set(placesWithinLengths(packets));
	const result: Segment[] = [];
	const from = "server";
	for (let at = 0; at < bytes.length;) {
		let end = Math.min(bytes.length, at + random.integer(1, random.pick([2, 30, 1400])));
		while (uncut.has(end)) end++;
		result.push({ from, bytes: bytes.slice(at, end) });
		at = end;
	}
	return result;
}

/** Offsets in the stream between two bytes of one remaining length. */
function placesWithinLengths(packets: readonly Uint8Array[]): number[] {
	const places: number[] = [];
	let start = 0;
	for (const packet of packets) {
		for (let index = 1; (packet[index] as number) >= 0x80; index++) places.push(start + index + 1);
		start += packet.length;
	}
	return places;
}

/** tshark takes a conversation without CONNECT for an unknown version. */
const CONNECT: Segment = {
	from: "client",
	bytes: encodePacket({ type: "CONNECT", id: "d", clean: true, keepAliveSeconds: 1 }),
};

function readAll(bytes: Uint8Array): { packets: InboundPacket[]; isRefused: boolean } {
	const reader = new PacketReader();
	const packets: InboundPacket[] = [];
	reader.push(bytes);
	for (;;) {
		const result = reader.next();
		if (result.kind !== "packet") return { packets, isRefused: result.kind === "refused" };
		packets.push(result.packet);
	}
}

describe("tshark", () => {
	test("reads every packet that we write as we meant it", () => {
		const random = new Random(seed);
		const packets = Array.from({ length: 300 }, () => randomClientPacket(random));
		const bytes = packets.map((packet) => ({
			from: "client" as const,
			bytes: encodePacket(packet),
		}));
		expect(dissect(bytes).map(theirs)).toEqual(packets.map(ours));
	});

	test("reads what we read, from a stream cut anywhere", () => {
		const random = new Random(seed + 1);
		const sent = Array.from({ length: 300 }, () => randomServerPacket(random));
		const { packets, isRefused } = readAll(concatBytes(...sent));
		expect(isRefused).toBe(false);
		const seen = dissect([CONNECT, ...segments(sent, random)]);
		expect(seen.slice(1).map(theirs)).toEqual(packets.map(ours));
	});

	test("finds nothing malformed in what we accept of mutated packets", () => {
		const random = new Random(seed + 2);
		const accepted: Uint8Array[] = [];
		const packets: InboundPacket[] = [];
		for (let count = 0; count < 3000; count++) {
			const bytes = randomServerPacket(random);
			const at = random.integer(0, Math.min(bytes.length - 1, 8));
			bytes[at] = random.oneIn(2)
				? random.integer(0, 255)
				: (bytes[at] ?? 0) ^ (1 << random.integer(0, 7));
			const result = readAll(bytes);
			// Only what is exactly one packet, and in text that tshark prints as it is.
			const [packet] = result.packets;
			if (!packet || result.packets.length > 1 || result.isRefused) continue;
			if (packet.type === "PUBLISH" && !isPrintable(packet.topic)) continue;
			const size = bytes.length - unreadBytes(bytes);
			accepted.push(bytes.slice(0, size));
			packets.push(packet);
		}
		expect(packets.length).toBeGreaterThan(500);
		const seen = dissect([
			CONNECT,
			...accepted.map((bytes) => ({ from: "server" as const, bytes })),
		]);
		expect(seen.slice(1).map(theirs)).toEqual(packets.map(ours));
	});

	test("follows a whole conversation of the client", () => {
		const bench = new MQTTBench();
		const conversation: Segment[] = [];
		const say = (...pieces: Uint8Array[]): void => {
			for (const bytes of pieces) conversation.push({ from: "server", bytes });
			bench.socket.feed(...pieces);
			hear();
		};
		let heard = 0;
		const hear = (): void => {
			for (const bytes of bench.socket.writes.slice(heard)) {
				conversation.push({ from: "client", bytes });
			}
			heard = bench.socket.writes.length;
		};
		bench.socket.giveRoom(4096);
		hear();
		say(server.connack());
		bench.client.subscribe([{ topic: "c/#", QoS: 2 }]);
		hear();
		say(server.suback(1, [2]));
		bench.publish(10, 0);
		bench.publish(11, 1);
		bench.publish(12, 2);
		hear();
		say(server.puback(2), server.pubrec(3), server.pubcomp(3));
		say(server.publish({ topic: "c/d", QoS: 1, packetId: 1 }));
		say(server.publish({ topic: "c/d", QoS: 2, packetId: 2 }), server.pubrel(2));
		bench.client.unsubscribe(["c/#"]);
		hear();
		say(server.unsuback(4));
		bench.clock.advance(59_000);
		hear();
		say(server.pingresp());
		bench.client.disconnect();
		hear();
		const seen = dissect(conversation).map((packet) => {
			const { type, packetId, isMalformed } = theirs(packet);
			const id = packetId === undefined ? "" : ` ${String(packetId)}`;
			return `${packet.from[0]} ${String(type)}${id}${isMalformed ? " malformed" : ""}`;
		});
		expect(seen).toEqual([
			"c CONNECT",
			"s CONNACK",
			"c SUBSCRIBE 1",
			"s SUBACK 1",
			"c PUBLISH",
			"c PUBLISH 2",
			"c PUBLISH 3",
			"s PUBACK 2",
			"s PUBREC 3",
			"s PUBCOMP 3",
			"c PUBREL 3",
			"s PUBLISH 1",
			"c PUBACK 1",
			"s PUBLISH 2",
			"s PUBREL 2",
			"c PUBREC 2",
			"c PUBCOMP 2",
			"c UNSUBSCRIBE 4",
			"s UNSUBACK 4",
			"c PINGREQ",
			"s PINGRESP",
			"c DISCONNECT",
		]);
	});
});

function isPrintable(text: string): boolean {
	return Array.from(text).every((character) => character > "\u001f" && character !== "\u007f");
}

/** Bytes behind the first packet, which is whole. */
function unreadBytes(bytes: Uint8Array): number {
	const end = Array.from(bytes.subarray(1)).findIndex((byte) => byte < 128) + 2;
	let length = 0;
	for (let at = end - 1; at > 0; at--) length = length * 128 + ((bytes[at] as number) & 127);
	return bytes.length - end - length;
}
