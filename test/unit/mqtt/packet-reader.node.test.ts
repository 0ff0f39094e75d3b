// Our reader against a second one written from the standard, on bytes that nobody chose.
// HOLDFAST_SEED replays a run.

import { concatBytes } from "../../../src/bytes/arrays.js";
import {
	MQTT_INBOUND_PACKET_BYTES_MAX,
	MQTT_REQUEST_TOPICS_MAX,
	MQTT_SKIPPED_PACKET_BYTES_MAX,
} from "../../../src/limits.js";
import { PacketReader } from "../../../src/mqtt/packet-reader.js";
import { Random } from "../../../hosts/simulator/random.js";
import { readFromServer } from "../../support/mqtt-reference-reader.js";
import * as server from "../../support/mqtt-server-bytes.js";
import { chosenSeed } from "../../support/seed.js";

const LIMITS = {
	heldBytes: MQTT_INBOUND_PACKET_BYTES_MAX,
	packetBytes: MQTT_SKIPPED_PACKET_BYTES_MAX,
	topics: MQTT_REQUEST_TOPICS_MAX,
};

const seed = chosenSeed();
console.log(`HOLDFAST_SEED=${seed}`);

interface Seen {
	readonly packets: readonly unknown[];
	readonly isRefused: boolean;
}

/** What our reader makes of the bytes, in pieces of random length. */
function ours(bytes: Uint8Array, random: Random): Seen {
	const reader = new PacketReader();
	const packets: unknown[] = [];
	for (let at = 0; at < bytes.length;) {
		const end = Math.min(bytes.length, at + random.integer(1, random.pick([1, 3, 50, 20_000])));
		reader.push(bytes.slice(at, end));
		at = end;
		for (;;) {
			const result = reader.next();
			if (result.kind === "more") break;
			if (result.kind === "refused") return { packets, isRefused: true };
			packets.push(result.packet);
		}
	}
	return { packets, isRefused: false };
}

function theirs(bytes: Uint8Array): Seen {
	const { packets, end } = readFromServer(bytes, LIMITS);
	return { packets, isRefused: end === "refused" };
}

const TOPICS = ["t", "a/b/c", "é", "", "a/#", "+", "x\0y", "\u{1f600}", "$SYS/x"];

/** A packet as a server makes it, mostly right. */
function packet(random: Random): Uint8Array {
	const packetId = random.oneIn(12) ? 0 : random.integer(1, 65535);
	const QoS = random.integer(0, random.oneIn(10) ? 3 : 2);
	const size = random.oneIn(200) ? random.integer(8000, 9000) : random.integer(0, 300);
	const badText = random.bytes(random.integer(1, 4));
	return random.pick([
		() => server.connack(random.integer(0, random.oneIn(5) ? 255 : 5), random.oneIn(2)),
		() =>
			server.publish({
				topic: random.oneIn(8) ? badText : random.oneIn(2) ? "t" : random.pick(TOPICS),
				payload: random.bytes(size),
				QoS,
				retain: random.oneIn(2),
				duplicate: random.oneIn(3),
				...(QoS > 0 && { packetId }),
			}),
		() => server.puback(packetId),
		() => server.pubrec(packetId),
		() => server.pubrel(packetId),
		() => server.pubcomp(packetId),
		() => server.suback(packetId, [0, 1, 2, 128].slice(random.integer(0, 3))),
		() => server.suback(packetId, Array.from(random.bytes(random.integer(0, 10)))),
		() => server.unsuback(packetId),
		() => server.pingresp(),
	])();
}

function stream(random: Random): Uint8Array {
	const pieces = [];
	for (let count = random.integer(1, 6); count > 0; count--) pieces.push(packet(random));
	return concatBytes(...pieces);
}

/** A few bytes changed, removed, added or cut off. */
function mutated(bytes: Uint8Array, random: Random): Uint8Array {
	let result: Uint8Array = bytes.slice();
	for (let count = random.integer(1, 3); count > 0 && result.length > 0; count--) {
		const at = random.integer(0, Math.min(result.length - 1, random.pick([8, 1000])));
		const [head, tail] = [result.subarray(0, at), result.subarray(at)];
		result = random.pick([
			() => concatBytes(head, Uint8Array.of(random.integer(0, 255)), tail.subarray(1)),
			() =>
				concatBytes(
					head,
					Uint8Array.of((tail[0] ?? 0) ^ (1 << random.integer(0, 7))),
					tail.subarray(1),
				),
			() => concatBytes(head, tail.subarray(1)),
			() => concatBytes(head, random.bytes(random.integer(1, 3)), tail),
			() => head.slice(),
		])();
	}
	return result;
}

/** Many times faster to compare than the objects; the fields come in no particular order. */
function asText({ packets, isRefused }: Seen): string {
	const texts = packets.map((packet) =>
		Object.entries(packet as object)
			.map(([name, value]) => `${name}=${String(value)}`)
			.sort()
			.join(),
	);
	return `${isRefused} ${texts.join(" ")}`;
}

function compare(make: (random: Random) => Uint8Array, runs: number): { refused: number } {
	let refused = 0;
	for (let run = 0; run < runs; run++) {
		const random = new Random(seed + run);
		const bytes = make(random);
		const expected = theirs(bytes);
		const actual = ours(bytes, random);
		if (asText(actual) !== asText(expected)) {
			console.log(`run ${run}: ${Buffer.from(bytes).toString("hex").slice(0, 400)}`);
			expect(actual).toEqual(expected);
		}
		if (expected.isRefused) refused++;
	}
	return { refused };
}

describe("PacketReader and the reference reader agree", () => {
	it("on streams of packets", () => {
		const { refused } = compare(stream, 2000);
		expect(refused).toBeGreaterThan(200); // both answers were given often
		expect(refused).toBeLessThan(1800);
	});

	it("on mutated streams", () => {
		const { refused } = compare((random) => mutated(stream(random), random), 4000);
		expect(refused).toBeGreaterThan(500);
		expect(refused).toBeLessThan(3900);
	});

	it("on random bytes", () => {
		compare((random) => random.bytes(random.integer(1, 60)), 4000);
	});

	it("on random bytes behind a plausible fixed header", () => {
		const firsts = [0x20, 0x30, 0x31, 0x32, 0x3d, 0x40, 0x50, 0x62, 0x70, 0x90, 0xb0, 0xd0];
		const { refused } = compare((random) => {
			const body = random.bytes(random.integer(0, 12));
			body[0] = random.oneIn(3) ? (body[0] ?? 0) : 0;
			if (body.length > 1) body[1] = random.integer(0, 12);
			return server.rawPacket(random.pick(firsts), body);
		}, 4000);
		expect(refused).toBeLessThan(3900);
	});

	it("on a message that is skipped", () => {
		compare((random) => {
			const payload = new Uint8Array(random.integer(8000, 40_000));
			const message = { topic: "t".repeat(random.pick([1, 8185, 8190, 8192])), payload };
			return concatBytes(server.publish({ ...message, QoS: 1, packetId: 9 }), stream(random));
		}, 20);
	});
});
