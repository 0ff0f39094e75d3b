import {
	concatBytes,
	equalBytes,
	joinBytes,
	uint64Bytes,
	uint64From,
} from "../../../src/bytes/arrays.js";

describe("equalBytes", () => {
	it("compares contents and lengths", () => {
		expect(equalBytes(Uint8Array.of(1, 2), Uint8Array.of(1, 2))).toBe(true);
		expect(equalBytes(Uint8Array.of(1, 2), Uint8Array.of(1, 3))).toBe(false);
		expect(equalBytes(Uint8Array.of(1, 2), Uint8Array.of(1))).toBe(false);
		expect(equalBytes(new Uint8Array(0), new Uint8Array(0))).toBe(true);
	});

	it("looks at a view, not at the buffer behind it", () => {
		const bytes = Uint8Array.of(9, 1, 2, 9);
		expect(equalBytes(bytes.subarray(1, 3), Uint8Array.of(1, 2))).toBe(true);
	});
});

describe("concatBytes", () => {
	it("joins none, one and many", () => {
		expect(concatBytes()).toEqual(new Uint8Array(0));
		expect(concatBytes(Uint8Array.of(1))).toEqual(Uint8Array.of(1));
		expect(concatBytes(Uint8Array.of(1), new Uint8Array(0), Uint8Array.of(2, 3))).toEqual(
			Uint8Array.of(1, 2, 3),
		);
	});

	it("gives a copy", () => {
		const part = Uint8Array.of(1);
		const joined = joinBytes([part]);
		part[0] = 2;
		expect(joined[0]).toBe(1);
	});
});

describe("uint64", () => {
	it("round-trips up to the last safe integer, big-endian", () => {
		expect(uint64Bytes(0x0102030405)).toEqual(Uint8Array.of(0, 0, 0, 1, 2, 3, 4, 5));
		for (const value of [0, 1, 255, 256, 0xffffffff, 0x100000000, Number.MAX_SAFE_INTEGER]) {
			expect(uint64From(uint64Bytes(value))).toBe(value);
		}
	});

	it("refuses what is not a safe integer, and other lengths", () => {
		expect(uint64From(Uint8Array.of(0, 0x20, 0, 0, 0, 0, 0, 0))).toBeUndefined();
		expect(uint64From(new Uint8Array(8).fill(0xff))).toBeUndefined();
		expect(uint64From(new Uint8Array(7))).toBeUndefined();
		expect(uint64From(new Uint8Array(9))).toBeUndefined();
	});

	it("reads a view at its own offset", () => {
		const bytes = Uint8Array.of(9, 0, 0, 0, 0, 0, 0, 0, 7, 9);
		expect(uint64From(bytes.subarray(1, 9))).toBe(7);
	});
});
