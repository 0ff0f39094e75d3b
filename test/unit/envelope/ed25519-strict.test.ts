import { fromHex } from "../../../src/bytes/hex.js";
import { ed25519Problem, publicKeyProblem } from "../../../src/envelope/ed25519-strict.js";

// RFC 8032 §7.1 test 1: a sound key, and the signature of the empty message
const KEY = bytesOf("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a");
const R = bytesOf("e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155");
const S = bytesOf("5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b");
const GROUP_ORDER = "edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010";

function bytesOf(text: string): Uint8Array {
	const bytes = fromHex(text);
	if (bytes === undefined || bytes.length !== 32) throw new Error("not 32 bytes of hexadecimal");
	return bytes;
}

function signature(r: Uint8Array, s: Uint8Array): Uint8Array {
	return Uint8Array.of(...r, ...s);
}

describe("ed25519Problem", () => {
	it("finds none in a sound key and signature", () => {
		expect(ed25519Problem(KEY, signature(R, S))).toBeUndefined();
	});

	// RFC 8032 §5.1.7: S is in the range 0 <= s < L
	it("draws the line for S at the group order", () => {
		const problemOf = (s: string) => ed25519Problem(KEY, signature(R, bytesOf(s)));
		expect(problemOf(`ec${GROUP_ORDER.slice(2)}`)).toBeUndefined();
		expect(problemOf(GROUP_ORDER)).toBe("signature-s");
		expect(problemOf(`ee${GROUP_ORDER.slice(2)}`)).toBe("signature-s");
		expect(problemOf("ff".repeat(32))).toBe("signature-s");
		expect(problemOf("00".repeat(32))).toBeUndefined();
	});

	it("draws the line for points at the field prime, whatever their sign bit", () => {
		const middle = "ff".repeat(30);
		expect(publicKeyProblem(bytesOf(`eb${middle}7f`))).toBeUndefined();
		expect(publicKeyProblem(bytesOf(`eb${middle}ff`))).toBeUndefined();
		for (const first of ["ec", "ed", "ee"]) {
			expect(publicKeyProblem(bytesOf(`${first}${middle}7f`))).toBe("small-order-key");
			expect(publicKeyProblem(bytesOf(`${first}${middle}ff`))).toBe("small-order-key");
		}
		for (const first of ["ef", "f0", "ff"]) {
			expect(publicKeyProblem(bytesOf(`${first}${middle}7f`))).toBe("non-canonical-key");
			expect(publicKeyProblem(bytesOf(`${first}${middle}ff`))).toBe("non-canonical-key");
		}
	});

	it("judges the key first, then R, then S", () => {
		const zero = new Uint8Array(32);
		const large = bytesOf(GROUP_ORDER);
		expect(ed25519Problem(zero, signature(zero, large))).toBe("small-order-key");
		expect(ed25519Problem(KEY, signature(zero, large))).toBe("signature-r");
		expect(ed25519Problem(KEY, signature(R, large))).toBe("signature-s");
	});

	it("throws for other lengths", () => {
		expect(() => ed25519Problem(new Uint8Array(31), signature(R, S))).toThrow();
		expect(() => ed25519Problem(KEY, new Uint8Array(63))).toThrow();
	});
});
