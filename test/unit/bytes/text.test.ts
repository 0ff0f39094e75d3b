import { decodeUTF8, encodeUTF8, isWellFormed, shortenText } from "../../../src/bytes/text.js";

describe("UTF-8", () => {
	it("round-trips every length of code point", () => {
		const text = "a\u00e9\u20ac\u{1f600}z";
		expect(decodeUTF8(encodeUTF8(text))).toBe(text);
	});

	// RFC 3629 §3 and §10
	it("refuses overlong forms, surrogates, stray and missing continuation bytes", () => {
		for (const bytes of [
			[0xc0, 0x80],
			[0xe0, 0x80, 0x80],
			[0xed, 0xa0, 0x80],
			[0xf4, 0x90, 0x80, 0x80],
			[0x80],
			[0xc3],
			[0xff],
		]) {
			expect(decodeUTF8(Uint8Array.from(bytes))).toBeUndefined();
		}
	});

	it("throws for an unpaired surrogate", () => {
		expect(() => encodeUTF8("\ud800")).toThrow(RangeError);
	});
});

describe("shortenText", () => {
	it("cuts at the limit, and never through a surrogate pair", () => {
		expect(shortenText("abc", 3)).toBe("abc");
		expect(shortenText("abcd", 3)).toBe("abc");
		expect(shortenText("ab\u{1f600}", 3)).toBe("ab");
		expect(shortenText("a\u{1f600}b", 3)).toBe("a\u{1f600}");
		expect(shortenText("abc", 0)).toBe("");
	});
});

describe("isWellFormed", () => {
	it("tells whether a text can be encoded", () => {
		expect(["", "a", "\u00e9", "\u{1f600}"].every(isWellFormed)).toBe(true);
		expect(["\ud800", "\udc00", "a\udc00\ud800", "\ud800a"].some(isWellFormed)).toBe(false);
	});
});
