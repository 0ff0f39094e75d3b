import { crc32 } from "../../../src/bytes/crc32.js";
import { encodeUTF8 } from "../../../src/bytes/text.js";

describe("crc32", () => {
	// The check value of CRC-32/ISO-HDLC in the catalogue of parametrised CRC algorithms
	it("gives the check value of its algorithm", () => {
		expect(crc32(encodeUTF8("123456789"))).toBe(0xcbf43926);
	});

	it("is zero for nothing and unsigned always", () => {
		expect(crc32(new Uint8Array(0))).toBe(0);
		expect(crc32(new Uint8Array(4))).toBe(0x2144df1c);
		expect(crc32(new Uint8Array(4).fill(0xff))).toBe(0xffffffff);
	});

	it("continues where it left off, at any split", () => {
		const bytes = encodeUTF8("The quick brown fox jumps over the lazy dog");
		for (let split = 0; split <= bytes.length; split++) {
			expect(crc32(bytes.subarray(split), crc32(bytes.subarray(0, split)))).toBe(0x414fa339);
		}
	});
});
