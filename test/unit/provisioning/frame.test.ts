import { concatBytes } from "../../../src/bytes/arrays.js";
import { fromHex } from "../../../src/bytes/hex.js";
import { PROVISIONING_MESSAGE_BYTES_MAX } from "../../../src/limits.js";
import { decodeCOBS, encodeCOBS } from "../../../src/provisioning/cobs.js";
import { FrameReader, encodeFrame } from "../../../src/provisioning/frame.js";
import { Random } from "../../../hosts/simulator/random.js";
import { chosenSeed } from "../../support/seed.js";

function bytes(text: string): Uint8Array {
	const value = fromHex(text.split(" ").join(""));
	if (value === undefined) throw new Error("not hexadecimal");
	return value;
}

/** What comes out of a stream that arrives in parts. */
function read(...parts: Uint8Array[]): Uint8Array[] {
	const messages: Uint8Array[] = [];
	const reader = new FrameReader((message) => messages.push(message));
	for (const part of parts) reader.feed(part);
	return messages;
}

const MESSAGE = Uint8Array.of(0xa1, 0, 0, 1, 2, 0);

describe("COBS", () => {
	// Examples of the encoding in the literature (Cheshire and Baker; Wikipedia, "Encoding
	// examples").
	it("encodes the known examples", () => {
		const counting = Uint8Array.from({ length: 254 }, (_, index) => index + 1);
		const examples: [Uint8Array, Uint8Array][] = [
			[bytes("00"), bytes("01 01")],
			[bytes("00 00"), bytes("01 01 01")],
			[bytes("00 11 00"), bytes("01 02 11 01")],
			[bytes("11 22 00 33"), bytes("03 11 22 02 33")],
			[bytes("11 22 33 44"), bytes("05 11 22 33 44")],
			[bytes("11 00 00 00"), bytes("02 11 01 01 01")],
			[counting, concatBytes(bytes("ff"), counting)],
			[concatBytes(bytes("00"), counting), concatBytes(bytes("01 ff"), counting)],
			[concatBytes(counting, bytes("ff")), concatBytes(bytes("ff"), counting, bytes("02 ff"))],
			[concatBytes(counting, bytes("00")), concatBytes(bytes("ff"), counting, bytes("01 01"))],
		];
		for (const [plain, encoded] of examples) {
			expect(encodeCOBS(plain)).toEqual(encoded);
			expect(decodeCOBS(encoded)).toEqual(plain);
		}
	});

	it("round-trips anything without a zero on the wire", () => {
		const seed = chosenSeed();
		const random = new Random(seed);
		for (let run = 0; run < 100; run++) {
			const plain = random.bytes(random.integer(0, 600));
			if (random.oneIn(2)) {
				for (let index = 0; index < plain.length; index++) if (random.oneIn(4)) plain[index] = 0;
			}
			const encoded = encodeCOBS(plain);
			expect([seed, encoded.includes(0)]).toEqual([seed, false]);
			expect(decodeCOBS(encoded)).toEqual(plain);
		}
	});

	it("refuses a zero inside and a block that is longer than what is there", () => {
		expect(decodeCOBS(bytes("03 11 00"))).toBeUndefined();
		expect(decodeCOBS(bytes("00"))).toBeUndefined();
		expect(decodeCOBS(bytes("05 11 22"))).toBeUndefined();
	});
});

describe("FrameReader", () => {
	it("finds a frame however it is split", () => {
		const frame = encodeFrame(MESSAGE);
		for (let at = 0; at <= frame.length; at++) {
			expect(read(frame.subarray(0, at), frame.subarray(at))).toEqual([MESSAGE]);
		}
		expect(read(...Array.from(frame, (byte) => Uint8Array.of(byte)))).toEqual([MESSAGE]);
	});

	it("finds a frame after noise, half frames and itself", () => {
		const frame = encodeFrame(MESSAGE);
		const noise = Uint8Array.from({ length: 300 }, (_, index) => (index * 7) & 0xff);
		expect(read(noise, frame)).toEqual([MESSAGE]);
		expect(read(frame.subarray(0, 5), frame)).toEqual([MESSAGE]);
		expect(read(frame, frame)).toEqual([MESSAGE, MESSAGE]);
	});

	it("takes one delimiter between two frames for both", () => {
		const frame = encodeFrame(MESSAGE);
		expect(read(frame, frame.subarray(1))).toEqual([MESSAGE, MESSAGE]);
	});

	it("drops a frame that lost or changed any byte", () => {
		const frame = encodeFrame(MESSAGE);
		for (let index = 1; index < frame.length - 1; index++) {
			const lost = concatBytes(frame.subarray(0, index), frame.subarray(index + 1));
			expect(read(lost)).toEqual([]);
			const changed = frame.slice();
			changed[index] = (changed[index] as number) ^ 0x55;
			expect(read(changed)).toEqual([]);
		}
	});

	it("keeps no more than one frame of the greatest length", () => {
		const longest = new Uint8Array(PROVISIONING_MESSAGE_BYTES_MAX).fill(0xee);
		const frame = encodeFrame(longest);
		expect(frame.length).toBeLessThanOrEqual(128); // the UART's buffer
		expect(read(frame)).toEqual([longest]);
		const endless = new Uint8Array(100_000).fill(0x41);
		expect(read(endless, frame)).toEqual([longest]);
		// A good frame that does not end where it should is not a good frame.
		const tail = Uint8Array.of(0x41, 0);
		expect(read(frame.subarray(0, frame.length - 1), tail, frame)).toEqual([longest]);
		// One byte more than fits, otherwise a good frame: 0x80 data bytes, stuffed.
		const stuffed = encodeCOBS(new Uint8Array(PROVISIONING_MESSAGE_BYTES_MAX + 5).fill(1));
		expect(read(concatBytes(Uint8Array.of(0), stuffed, Uint8Array.of(0)), frame)).toEqual([
			longest,
		]);
	});

	it("gives nothing for empty frames and for frames without a message", () => {
		expect(read(new Uint8Array(100))).toEqual([]);
		expect(read(bytes("00 05 00 00 00 00 00"), bytes("00 01 01 01 01 00"))).toEqual([]);
	});
});
