import { fromHex, toHex } from "../../../src/bytes/hex.js";

describe("hexadecimal", () => {
	it("round-trips every byte in lower case", () => {
		const bytes = Uint8Array.from({ length: 256 }, (_, index) => index);
		const text = toHex(bytes);
		expect(text.slice(0, 8)).toBe("00010203");
		expect(text.slice(-4)).toBe("feff");
		expect(fromHex(text)).toEqual(bytes);
	});

	it("reads either case, and the empty text", () => {
		expect(fromHex("aBfF")).toEqual(Uint8Array.of(0xab, 0xff));
		expect(fromHex("")).toEqual(new Uint8Array(0));
	});

	it("refuses odd lengths and other characters", () => {
		// The Kelvin sign and the dotless i change their length or letter with the case.
		for (const text of [
			"a",
			"abc",
			"0x",
			"g0",
			"0g",
			" 0",
			"-1",
			"\u0130\u0130",
			"\u212aa",
			"\u0660\u0660",
		]) {
			expect(fromHex(text)).toBeUndefined();
		}
	});
});
