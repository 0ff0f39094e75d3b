import { toBase64url } from "../../../src/bytes/base64url.js";
import { encodeUTF8 } from "../../../src/bytes/text.js";

describe("toBase64url", () => {
	// RFC 4648 §10, without padding
	it("agrees with the vectors of the standard", () => {
		const texts = ["", "f", "fo", "foo", "foob", "fooba", "foobar"];
		expect(texts.map((text) => toBase64url(encodeUTF8(text)))).toEqual([
			"",
			"Zg",
			"Zm8",
			"Zm9v",
			"Zm9vYg",
			"Zm9vYmE",
			"Zm9vYmFy",
		]);
	});

	// RFC 4648 §5: the alphabet that is safe in URLs and file names
	it("uses - and _ for the last two digits", () => {
		expect(toBase64url(Uint8Array.of(0xfb, 0xff, 0xbf))).toBe("-_-_");
	});
});
