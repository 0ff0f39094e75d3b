import { concatBytes } from "../../../src/bytes/arrays.js";
import {
	MQTT_INBOUND_PACKET_BYTES_MAX,
	MQTT_REQUEST_TOPICS_MAX,
	MQTT_SKIPPED_PACKET_BYTES_MAX,
} from "../../../src/limits.js";
import { PacketReader, type ReadResult } from "../../../src/mqtt/packet-reader.js";
import { readFromServer } from "../../support/mqtt-reference-reader.js";
import {
	connack,
	pingresp,
	puback,
	pubcomp,
	publish,
	pubrec,
	pubrel,
	suback,
	unsuback,
} from "../../support/mqtt-server-bytes.js";

/** One of each sort, with the edges of their fields. */
const EXAMPLES: readonly Uint8Array[] = [
	connack(),
	connack(0, true),
	connack(5),
	publish({ topic: "t" }),
	publish({ topic: "a/b", payload: "x", retain: true }),
	publish({ topic: "\ufeff/\u{1f600}", payload: new Uint8Array(200), QoS: 1, packetId: 1 }),
	publish({ topic: "t", QoS: 2, packetId: 65535, duplicate: true }),
	puback(1),
	pubrec(256),
	pubrel(65535),
	pubcomp(2),
	suback(3, [0, 1, 2, 128]),
	unsuback(4),
	pingresp(),
];

const LIMITS = {
	heldBytes: MQTT_INBOUND_PACKET_BYTES_MAX,
	packetBytes: MQTT_SKIPPED_PACKET_BYTES_MAX,
	topics: MQTT_REQUEST_TOPICS_MAX,
};

/** All results for bytes that come in these pieces, up to the first refusal. */
function readAll(pieces: readonly Uint8Array[]): ReadResult[] {
	const reader = new PacketReader();
	const results: ReadResult[] = [];
	for (const piece of pieces) {
		reader.push(piece);
		for (;;) {
			const result = reader.next();
			if (result.kind === "more") break;
			results.push(result);
			if (result.kind === "refused") return results;
		}
	}
	return results;
}

function packetsOf(bytes: Uint8Array): ReadResult[] {
	return readFromServer(bytes, LIMITS).packets.map((packet) => {
		return { kind: "packet", packet } as unknown as ReadResult;
	});
}

describe("PacketReader", () => {
	it("reads every packet that a server may send", () => {
		for (const bytes of EXAMPLES) {
			const [result] = readAll([bytes]);
			expect(result?.kind).toBe("packet");
			expect([result]).toEqual(packetsOf(bytes));
		}
	});

	it("reads every packet split at every byte", () => {
		for (const bytes of EXAMPLES) {
			const expected = packetsOf(bytes);
			for (let cut = 0; cut <= bytes.length; cut++) {
				expect(readAll([bytes.subarray(0, cut), bytes.subarray(cut)])).toEqual(expected);
			}
			const single = Array.from(bytes, (byte) => Uint8Array.of(byte));
			expect(readAll(single)).toEqual(expected);
		}
	});

	it("reads every packet followed by every other in one segment, split at every byte", () => {
		for (const first of EXAMPLES) {
			for (const second of EXAMPLES) {
				const bytes = concatBytes(first, second);
				const expected = packetsOf(bytes);
				expect(expected).toHaveLength(2);
				expect(readAll([bytes])).toEqual(expected);
				for (let cut = 1; cut < bytes.length; cut += cut < 16 ? 1 : 61) {
					const pieces = [bytes.subarray(0, cut), bytes.subarray(cut)];
					const kinds = readAll(pieces).map(({ kind }) => kind);
					expect(kinds).toEqual(["packet", "packet"]);
				}
			}
		}
	});

	it("refuses as soon as the byte is there that cannot be right", () => {
		const hopeless = [
			[0x00],
			[0x36],
			[0x38],
			[0x21],
			[0x60],
			[0x20, 0x03],
			[0xd0, 0x01],
			[0x30, 0x80, 0x80, 0x80, 0x80],
			[0x30, 0xff, 0xff, 0xff, 0x7f],
			[0x30, 0x01],
			[0x32, 0x03],
		];
		for (const bytes of hopeless) {
			const all = Uint8Array.from(bytes);
			expect(readAll([all.subarray(0, -1)])).toEqual([]);
			expect(readAll([all])[0]?.kind).toBe("refused");
		}
	});

	it("stays refused, whatever comes afterwards", () => {
		const reader = new PacketReader();
		reader.push(concatBytes(Uint8Array.of(0x00), pingresp()));
		const refusal = reader.next();
		expect(refusal.kind).toBe("refused");
		expect(reader.next()).toEqual(refusal);
		reader.push(pingresp());
		expect(reader.next()).toEqual(refusal);
	});

	// MQTT 3.1.1 §2.2.3, our bound
	it("holds no more of an oversized packet than the limit, and reads on behind it", () => {
		const payload = new Uint8Array(MQTT_SKIPPED_PACKET_BYTES_MAX - 3);
		const bytes = publish({ topic: "t", payload });
		const pieces = [bytes.subarray(0, 9000), bytes.subarray(9000), pingresp()];
		expect(readAll(pieces)).toEqual([
			{
				kind: "packet",
				packet: {
					type: "OVERSIZED",
					topic: "t",
					payloadBytes: payload.length,
					QoS: 0,
					retain: false,
					duplicate: false,
					packetId: undefined,
				},
			},
			{ kind: "packet", packet: { type: "PINGRESP" } },
		]);
	});

	it("reads the largest packet that it holds in full", () => {
		const payload = new Uint8Array(MQTT_INBOUND_PACKET_BYTES_MAX - 3).fill(7);
		const bytes = publish({ topic: "t", payload });
		expect(readAll([bytes])).toEqual(packetsOf(bytes));
		const larger = publish({ topic: "t", payload: new Uint8Array(payload.length + 1) });
		expect(readAll([larger])).toEqual(packetsOf(larger));
	});

	it("asserts that a chunk is used up before the next", () => {
		const reader = new PacketReader();
		reader.push(pingresp());
		expect(() => reader.push(pingresp())).toThrow("used up");
	});
});
