import { fromHex, toHex } from "../../../src/bytes/hex.js";
import { decode, type CBORRejection } from "../../../src/cbor/decode.js";
import { encode } from "../../../src/cbor/encode.js";
import { Tagged, type CBORKey, type CBORValue } from "../../../src/cbor/value.js";
import { CBOR_DEPTH_MAX, CBOR_ITEMS_MAX } from "../../../src/limits.js";

function map(...entries: [CBORKey, CBORValue][]): Map<CBORKey, CBORValue> {
	return new Map(entries);
}

function bytes(...values: number[]): Uint8Array {
	return Uint8Array.from(values);
}

const ONE_TO_25 = Array.from({ length: 25 }, (_, index) => index + 1);

// RFC 8949 appendix A: every example that the profile holds.
const EXAMPLES: [string, CBORValue][] = [
	["00", 0],
	["01", 1],
	["0a", 10],
	["17", 23],
	["1818", 24],
	["1819", 25],
	["1864", 100],
	["1903e8", 1000],
	["1a000f4240", 1000000],
	["1b000000e8d4a51000", 1000000000000],
	["20", -1],
	["29", -10],
	["3863", -100],
	["3903e7", -1000],
	["f98000", -0],
	["fb3ff199999999999a", 1.1],
	["f93e00", 1.5],
	["f90001", 5.960464477539063e-8],
	["f90400", 0.00006103515625],
	["fbc010666666666666", -4.1],
	["f4", false],
	["f5", true],
	["f6", null],
	["c074323031332d30332d32315432303a30343a30305a", new Tagged(0, "2013-03-21T20:04:00Z")],
	["c11a514b67b0", new Tagged(1, 1363896240)],
	["c1fb41d452d9ec200000", new Tagged(1, 1363896240.5)],
	["d74401020304", new Tagged(23, bytes(1, 2, 3, 4))],
	["d818456449455446", new Tagged(24, bytes(0x64, 0x49, 0x45, 0x54, 0x46))],
	["d82076687474703a2f2f7777772e6578616d706c652e636f6d", new Tagged(32, "http://www.example.com")],
	["c249010000000000000000", new Tagged(2, bytes(1, 0, 0, 0, 0, 0, 0, 0, 0))],
	["c349010000000000000000", new Tagged(3, bytes(1, 0, 0, 0, 0, 0, 0, 0, 0))],
	["40", bytes()],
	["4401020304", bytes(1, 2, 3, 4)],
	["60", ""],
	["6161", "a"],
	["6449455446", "IETF"],
	["62225c", '"\\'],
	["62c3bc", "\u00fc"],
	["63e6b0b4", "\u6c34"],
	["64f0908591", "\ud800\udd51"],
	["80", []],
	["83010203", [1, 2, 3]],
	["8301820203820405", [1, [2, 3], [4, 5]]],
	["98190102030405060708090a0b0c0d0e0f101112131415161718181819", ONE_TO_25],
	["a0", map()],
	["a201020304", map([1, 2], [3, 4])],
	["a26161016162820203", map(["a", 1], ["b", [2, 3]])],
	["826161a161626163", ["a", map(["b", "c"])]],
	[
		"a56161614161626142616361436164614461656145",
		map(["a", "A"], ["b", "B"], ["c", "C"], ["d", "D"], ["e", "E"]),
	],
];

// RFC 8949 appendix A: what the profile does not hold. Integers in a float's clothes are among
// them.
const OUTSIDE: [string, CBORRejection][] = [
	["1bffffffffffffffff", "unsupported"],
	["3bffffffffffffffff", "unsupported"],
	["f90000", "not-deterministic"],
	["f93c00", "not-deterministic"],
	["f97bff", "not-deterministic"],
	["fa47c35000", "not-deterministic"],
	["f9c400", "not-deterministic"],
	["fa7f7fffff", "unsupported"],
	["fb7e37e43c8800759c", "unsupported"],
	["f97c00", "unsupported"],
	["f97e00", "unsupported"],
	["f9fc00", "unsupported"],
	["fa7f800000", "unsupported"],
	["fa7fc00000", "unsupported"],
	["faff800000", "unsupported"],
	["fb7ff0000000000000", "unsupported"],
	["fb7ff8000000000000", "unsupported"],
	["fbfff0000000000000", "unsupported"],
	["f7", "unsupported"],
	["f0", "unsupported"],
	["f818", "unsupported"],
	["f8ff", "unsupported"],
	["5f42010243030405ff", "not-deterministic"],
	["7f657374726561646d696e67ff", "not-deterministic"],
	["9fff", "not-deterministic"],
	["9f018202039f0405ffff", "not-deterministic"],
	["83018202039f0405ff", "not-deterministic"],
	["bf61610161629f0203ffff", "not-deterministic"],
	["826161bf61626163ff", "not-deterministic"],
];

// RFC 8949 §4.2 and appendix F
const REFUSED: [string, CBORRejection][] = [
	["", "truncated"],
	["18", "truncated"],
	["19ff", "truncated"],
	["1a0000", "truncated"],
	["1b000000", "truncated"],
	["f9", "truncated"],
	["f900", "truncated"],
	["fa000000", "truncated"],
	["fb00000000000000", "truncated"],
	["41", "truncated"],
	["6261", "truncated"],
	["5affffffff00", "truncated"], // a claim of 4 GB
	["9affffffff00", "truncated"],
	["baffffffff00", "truncated"],
	["5b001fffffffffffff00", "truncated"],
	["81", "truncated"],
	["a1", "truncated"],
	["a101", "truncated"],
	["c0", "truncated"],
	["0000", "trailing-bytes"],
	["8000", "trailing-bytes"],
	["1817", "not-deterministic"],
	["190018", "not-deterministic"],
	["1900ff", "not-deterministic"],
	["1a0000ffff", "not-deterministic"],
	["1b00000000ffffffff", "not-deterministic"],
	["3817", "not-deterministic"],
	["5800", "not-deterministic"],
	["7800", "not-deterministic"],
	["9800", "not-deterministic"],
	["b800", "not-deterministic"],
	["d812f6", "not-deterministic"],
	["fa3fc00000", "not-deterministic"], // 1.5 fits half precision
	["fb3ff8000000000000", "not-deterministic"],
	["fb47efffffe0000000", "unsupported"], // an integer beyond 2^53 - 1 as a float
	["a2020001f6", "not-deterministic"], // keys out of order
	["a2616200616100", "not-deterministic"],
	["a262616100616200", "not-deterministic"], // length first, by its head
	["a201000100", "duplicate-key"],
	["a2616100616100", "duplicate-key"],
	["a1f9800000", "unsupported"], // minus zero as a key
	["a1f93e0000", "unsupported"], // 1.5 as a key
	["a1400000", "unsupported"],
	["a1f500", "unsupported"],
	["a1f600", "unsupported"],
	["a1800000", "unsupported"],
	["a1c10000", "unsupported"],
	["1c", "unsupported"], // reserved additional information
	["1d", "unsupported"],
	["1e", "unsupported"],
	["1f", "not-deterministic"],
	["3f", "not-deterministic"],
	["ff", "not-deterministic"], // a break without a beginning
	["fc", "unsupported"],
	["e0", "unsupported"],
	["f3", "unsupported"],
	["f801", "unsupported"],
	["1b0020000000000000", "unsupported"], // 2^53
	["3b001fffffffffffff", "unsupported"], // -2^53
	["61ff", "invalid-utf8"],
	["62c080", "invalid-utf8"],
	["63eda080", "invalid-utf8"],
	["64f4908080", "invalid-utf8"],
];

function nested(depth: number): string {
	return `${"81".repeat(depth)}00`;
}

function decodeHex(text: string) {
	return decode(fromHex(text) ?? bytes());
}

describe("CBOR", () => {
	it("agrees with RFC 8949 appendix A in both directions", () => {
		for (const [text, value] of EXAMPLES) {
			expect(toHex(encode(value))).toBe(text);
			expect(decodeHex(text)).toEqual({ kind: "decoded", value });
		}
	});

	it("refuses those of appendix A that are outside the profile", () => {
		for (const [text, reason] of OUTSIDE) {
			const decoded = decodeHex(text);
			expect(`${text} ${decoded.kind === "rejected" && decoded.reason}`).toBe(`${text} ${reason}`);
		}
	});

	it("keeps the ends of the integers", () => {
		const ends = [Number.MAX_SAFE_INTEGER, -Number.MAX_SAFE_INTEGER, 0xffffffff, 0x100000000];
		for (const value of ends) {
			expect(decode(encode(value))).toEqual({ kind: "decoded", value });
		}
		expect(toHex(encode(Number.MAX_SAFE_INTEGER))).toBe("1b001fffffffffffff");
		expect(toHex(encode(-Number.MAX_SAFE_INTEGER))).toBe("3b001ffffffffffffe");
	});

	it("keeps floats in the shortest form that holds them", () => {
		const floats: [number, string][] = [
			[2 ** -24, "f90001"], // the least half
			[2 ** -25, "fa33000000"],
			[2 ** -14 - 2 ** -24, "f903ff"], // the greatest subnormal half
			[0.1, "fb3fb999999999999a"],
			[Math.fround(0.1), "fa3dcccccd"],
			[1023.5, "f963ff"],
			[2047.5, "fa44fff000"], // one bit too many for a half
			[5e-324, "fb0000000000000001"],
		];
		for (const [value, text] of floats) {
			expect(toHex(encode(value))).toBe(text);
			expect(decodeHex(text)).toEqual({ kind: "decoded", value });
		}
	});
});

describe("decode", () => {
	it("refuses what is cut short, padded, longer than need be or out of order", () => {
		for (const [text, reason] of REFUSED) {
			const decoded = decodeHex(text);
			expect(`${text} ${decoded.kind === "rejected" && decoded.reason}`).toBe(`${text} ${reason}`);
		}
	});

	it("says at which byte it stopped", () => {
		expect(decodeHex("8301021817")).toEqual({
			kind: "rejected",
			reason: "not-deterministic",
			offset: 5,
		});
	});

	it("refuses deeper nesting than the limit before the stack ends", () => {
		expect(decodeHex(nested(CBOR_DEPTH_MAX)).kind).toBe("decoded");
		const deeper = decodeHex(nested(CBOR_DEPTH_MAX + 1));
		expect(deeper.kind === "rejected" && deeper.reason).toBe("too-large");
		const deepest = decodeHex("81".repeat(20_000));
		expect(deepest.kind === "rejected" && deepest.reason).toBe("too-large");
		const tags = decodeHex("c1".repeat(20_000));
		expect(tags.kind === "rejected" && tags.reason).toBe("too-large");
	});

	it("refuses more items than the limit", () => {
		const count = CBOR_ITEMS_MAX - 1;
		const head = `99${count.toString(16).padStart(4, "0")}`;
		expect(decodeHex(head + "00".repeat(count)).kind).toBe("decoded");
		const over = decodeHex(
			`99${(count + 1).toString(16).padStart(4, "0")}${"00".repeat(count + 1)}`,
		);
		expect(over.kind === "rejected" && over.reason).toBe("too-large");
	});

	it("gives copies of byte strings", () => {
		const message = bytes(0x42, 1, 2);
		const decoded = decode(message);
		message.fill(9);
		expect(decoded).toEqual({ kind: "decoded", value: bytes(1, 2) });
	});

	it("reads a view at its own offset", () => {
		const whole = bytes(0xff, 0xfb, 0x3f, 0xf1, 0x99, 0x99, 0x99, 0x99, 0x99, 0x9a, 0xff);
		expect(decode(whole.subarray(1, 10))).toEqual({ kind: "decoded", value: 1.1 });
	});

	it("does not take text keys for members of a prototype", () => {
		const decoded = decode(encode(map(["__proto__", 1], ["constructor", 2])));
		expect(decoded.kind === "decoded" && (decoded.value as Map<string, number>).size).toBe(2);
	});
});

describe("encode", () => {
	it("orders keys by their encoding, whatever the order given", () => {
		const value = map(["aa", 6], ["b", 5], [-1, 4], [100, 3], [10, 1], [24, 2]);
		expect(toHex(encode(value))).toBe("a60a01181802186403200461620562616106");
	});

	it("throws for what is outside the profile or nested too deeply", () => {
		for (const value of [NaN, Infinity, -Infinity, 2 ** 53, -(2 ** 53), 1e300]) {
			expect(() => encode(value)).toThrow(RangeError);
		}
		expect(() => encode(new Tagged(-1, 0))).toThrow(RangeError);
		expect(() => encode(new Tagged(1.5, 0))).toThrow(RangeError);
		expect(() => encode(map([1.5, 0]))).toThrow(RangeError);
		let value: CBORValue = 0;
		for (let depth = 0; depth <= CBOR_DEPTH_MAX; depth++) value = [value];
		expect(() => encode(value)).toThrow(RangeError);
	});
});
