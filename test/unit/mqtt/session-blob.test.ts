import { fromHex, toHex } from "../../../src/bytes/hex.js";
import { MQTT_IN_FLIGHT_MAX, MQTT_RECEIVED_MAX } from "../../../src/limits.js";
import {
	decodeSession,
	encodeSession,
	type StoredSession,
} from "../../../src/mqtt/session-blob.js";

const SESSION: StoredSession = {
	outbound: [
		{ packetId: 258, state: "offered", token: 4294967297 },
		{ packetId: 3, state: "released", token: 2 },
		{ packetId: 65535, state: "forgotten", token: 0 },
	],
	inbound: [1, 65535],
	broker: 0xc0ffee01,
};

/** The content worked by hand; the CRC by zlib's crc32. */
const HEX =
	"020302c0ffee01" +
	"0102000000000100000001" +
	"0003010000000000000002" +
	"ffff020000000000000000" +
	"0001ffff";

describe("the stored session", () => {
	it("has the documented bytes and reads back", () => {
		const bytes = encodeSession(SESSION);
		expect(toHex(bytes.subarray(0, -4))).toBe(HEX);
		expect(toHex(bytes.subarray(-4))).toBe("bd1e23ff");
		expect(decodeSession(bytes)).toEqual(SESSION);
	});

	it("reads back empty and full", () => {
		const empty: StoredSession = { outbound: [], inbound: [], broker: 0 };
		expect(decodeSession(encodeSession(empty))).toEqual(empty);
		const full: StoredSession = {
			outbound: Array.from({ length: MQTT_IN_FLIGHT_MAX }, (_, index) => {
				return { packetId: index + 1, state: "offered", token: Number.MAX_SAFE_INTEGER - index };
			}),
			inbound: Array.from({ length: MQTT_RECEIVED_MAX }, (_, index) => index + 1),
			broker: 0xffffffff,
		};
		expect(decodeSession(encodeSession(full))).toEqual(full);
	});

	it("is refused after the change of any bit, and at any other length", () => {
		const bytes = encodeSession(SESSION);
		for (let bit = 0; bit < bytes.length * 8; bit++) {
			const changed = bytes.slice();
			changed[bit >> 3] = (changed[bit >> 3] as number) ^ (1 << (bit & 7));
			expect(decodeSession(changed)).toBeUndefined();
		}
		for (let length = 0; length < bytes.length; length++) {
			expect(decodeSession(bytes.subarray(0, length))).toBeUndefined();
		}
	});

	it("is refused with ids that cannot be, though the checksum is right", () => {
		const wrong: StoredSession[] = [
			{ outbound: [], inbound: [0], broker: 1 },
			{ outbound: [], inbound: [5, 5], broker: 1 },
			{ outbound: [{ packetId: 0, state: "offered", token: 1 }], inbound: [], broker: 1 },
		];
		for (const session of wrong) expect(decodeSession(encodeSession(session))).toBeUndefined();
	});

	it("asserts that it is bounded", () => {
		const inbound = Array.from({ length: MQTT_RECEIVED_MAX + 1 }, (_, index) => index + 1);
		expect(() => encodeSession({ outbound: [], inbound, broker: 1 })).toThrow("bounded");
	});

	it("is refused in a version that is not ours", () => {
		expect(decodeSession(fromHex("0100000000000000") as Uint8Array)).toBeUndefined();
	});
});
