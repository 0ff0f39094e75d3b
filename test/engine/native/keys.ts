// The key store and the crypto port on XS, against the checklist of every module. The program's
// first argument is a folder for what survives; in a second life there the keys are found again.
import { program } from "../../../hosts/linux/program.js";
import { crypto } from "../../../modules/crypto/crypto.js";
import { KeyStore } from "../../../modules/key-store/key-store.js";
import { nvs } from "../../../modules/nvs/nvs.js";
import { fromHex, toHex } from "../../../src/bytes/hex.js";

program.setVariable("HOLDFAST_STATE", program.arguments[0] as string);

const hostile = [undefined, null, 1, "x", {}, [], Symbol("x"), () => 1, Object.create(null)];
// RFC 8032 §7.1, TEST 2
const PUBLIC_KEY = bytesOf("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c");
const SIGNATURE = bytesOf(
	"92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da" +
		"085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
);
const MESSAGE = Uint8Array.of(0x72);

function bytesOf(hex: string): Uint8Array {
	return fromHex(hex) as Uint8Array;
}

function hexOf(buffer: ArrayBuffer | undefined): string {
	return buffer ? toHex(new Uint8Array(buffer)) : "none";
}

function flipped(bytes: Uint8Array, bit: number): Uint8Array {
	const copy = bytes.slice();
	copy[bit >> 3] = (copy[bit >> 3] as number) ^ (1 << (bit & 7));
	return copy;
}

describe("key store", () => {
	it("finds its keys again in the next life, and no other", () => {
		const keys = new KeyStore();
		const notes = nvs.open({ path: "hf-test", format: "buffer" });
		const noted = notes.read("public");
		if (noted) expect(hexOf(keys.publicKey("lasting"))).toBe(hexOf(noted));
		keys.generate("lasting", "P-256");
		expect(hexOf(keys.publicKey("lasting")) === hexOf(noted)).toBe(false);
		notes.write("public", keys.publicKey("lasting") as ArrayBuffer);
	});

	it("keeps private keys from script that would read them as values", () => {
		new KeyStore().generate("secret", "Ed25519");
		for (const mode of ["r", "r+"] as const) {
			const options = { path: "hf-keys", format: "buffer", mode } as const;
			expect(() => nvs.open(options)).toThrow("path");
		}
		new KeyStore().erase("secret");
	});

	it("constructor: needs nothing, and all instances share the keys", () => {
		const keys = new (KeyStore as new (options: object) => KeyStore)({ other: 1 });
		keys.generate("shared", "Ed25519");
		expect(hexOf(new KeyStore().publicKey("shared"))).toBe(hexOf(keys.publicKey("shared")));
		keys.erase("shared");
	});

	it("close, close-twice, use-after-close", () => {
		const keys = new KeyStore();
		keys.close();
		keys.close();
		expect(() => keys.generate("key", "Ed25519")).toThrow("closed");
		expect(() => keys.publicKey("key")).toThrow("closed");
		expect(() => keys.sign("key", MESSAGE)).toThrow("closed");
		expect(() => keys.certificateRequest("key", "d")).toThrow("closed");
		expect(() => keys.erase("key")).toThrow("closed");
	});

	it("invalid-receiver", () => {
		const store = nvs.open({ path: "hf-test", format: "buffer" });
		for (const name of Reflect.ownKeys(KeyStore.prototype)) {
			if (name === "constructor") continue;
			const method = Reflect.get(KeyStore.prototype, name) as (this: unknown) => unknown;
			for (const other of [...hostile, store]) {
				expect(() => method.call(other)).toThrow();
			}
		}
	});

	it("refuses wrong names, algorithms, messages and common names", () => {
		const keys = new KeyStore();
		for (const name of ["", "0123456789abcdef", "é", undefined, null, 1, {}]) {
			expect(() => keys.generate(name as string, "Ed25519")).toThrow("name");
			expect(() => keys.publicKey(name as string)).toThrow("name");
			expect(() => keys.sign(name as string, MESSAGE)).toThrow("name");
			expect(() => keys.certificateRequest(name as string, "d")).toThrow("name");
			expect(() => keys.erase(name as string)).toThrow("name");
		}
		for (const algorithm of ["RSA", "ed25519", "", undefined, 1, "x".repeat(100)]) {
			expect(() => keys.generate("key", algorithm as never)).toThrow("algorithm");
		}
		expect(() => keys.sign("absent", MESSAGE)).toThrow("no such key");
		expect(keys.publicKey("absent")).toBeUndefined();
		keys.generate("key", "P-256");
		for (const message of [...hostile, keys, new Uint32Array(1)]) {
			expect(() => keys.sign("key", message as never)).toThrow(TypeError);
		}
		for (const common of ["", "a b", "x".repeat(65), "é", undefined, 1]) {
			expect(() => keys.certificateRequest("key", common as string)).toThrow("commonName");
		}
		keys.generate("key", "Ed25519");
		expect(() => keys.certificateRequest("key", "d")).toThrow("P-256");
		keys.erase("key");
	});

	it("format: signs with Ed25519 what the crypto port verifies", () => {
		const keys = new KeyStore();
		keys.generate("signing", "Ed25519");
		const publicKey = keys.publicKey("signing") as ArrayBuffer;
		expect(publicKey.byteLength).toBe(32);
		for (const length of [0, 1, 1000]) {
			const message = new Uint8Array(length).fill(length);
			const signature = keys.sign("signing", message);
			expect(signature.byteLength).toBe(64);
			expect(crypto.ed25519Verify(publicKey, message, signature)).toBe(true);
			const other = new Uint8Array(length + 1).fill(length);
			expect(crypto.ed25519Verify(publicKey, other, signature)).toBe(false);
		}
	});

	it("format: signs with P-256, and writes requests that name the device", () => {
		const keys = new KeyStore();
		keys.generate("tls-0", "P-256");
		const point = keys.publicKey("tls-0") as ArrayBuffer;
		expect([point.byteLength, new Uint8Array(point)[0]]).toEqual([65, 4]);
		expect(keys.sign("tls-0", MESSAGE).byteLength).toBe(64);
		const request = hexOf(keys.certificateRequest("tls-0", "device-1"));
		expect(request).toContain("6465766963652d31");
		expect(request).toContain(hexOf(point));
	});

	it("holds sixteen keys", () => {
		const keys = new KeyStore();
		const made: string[] = [];
		expect(() => {
			for (let index = 0; index <= 16; index++) {
				keys.generate(`many ${index}`, "Ed25519");
				made.push(`many ${index}`);
			}
		}).toThrow("too many");
		for (const name of made) keys.erase(name);
		expect(made.length).toBeGreaterThan(10);
	});
});

describe("crypto", () => {
	// FIPS 180-4: "abc", and nothing
	it("format: hashes as SHA-256 does", () => {
		const abc = Uint8Array.of(0, 97, 98, 99, 0).subarray(1, 4);
		const expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
		expect(hexOf(crypto.sha256(abc))).toBe(expected);
		expect(hexOf(crypto.sha256(new ArrayBuffer(0)))).toBe(
			"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
		);
	});

	it("format: verifies as RFC 8032 says, and nothing with one bit changed", () => {
		expect(crypto.ed25519Verify(PUBLIC_KEY, MESSAGE, SIGNATURE)).toBe(true);
		expect(crypto.ed25519Verify(PUBLIC_KEY, new Uint8Array(0), SIGNATURE)).toBe(false);
		for (let bit = 0; bit < 512; bit++) {
			expect(crypto.ed25519Verify(PUBLIC_KEY, MESSAGE, flipped(SIGNATURE, bit))).toBe(false);
		}
		for (let bit = 0; bit < 256; bit++) {
			expect(crypto.ed25519Verify(flipped(PUBLIC_KEY, bit), MESSAGE, SIGNATURE)).toBe(false);
		}
		for (const length of [0, 31, 33]) {
			const key = new Uint8Array(length);
			expect(crypto.ed25519Verify(key, MESSAGE, SIGNATURE)).toBe(false);
		}
		for (const length of [0, 63, 65]) {
			const signature = new Uint8Array(length);
			expect(crypto.ed25519Verify(PUBLIC_KEY, MESSAGE, signature)).toBe(false);
		}
	});

	it("format: compares bytes", () => {
		const bytes = Uint8Array.of(1, 2, 3);
		expect(crypto.constantTimeEqual(bytes, bytes.slice().buffer)).toBe(true);
		expect(crypto.constantTimeEqual(bytes, Uint8Array.of(1, 2, 4))).toBe(false);
		expect(crypto.constantTimeEqual(bytes, Uint8Array.of(1, 2))).toBe(false);
		expect(crypto.constantTimeEqual(new Uint8Array(0), new ArrayBuffer(0))).toBe(true);
	});

	it("refuses what is no buffer", () => {
		const liar = Object.setPrototypeOf({ byteLength: 4 }, ArrayBuffer.prototype) as ArrayBuffer;
		const keys = Object.setPrototypeOf(new KeyStore(), ArrayBuffer.prototype) as ArrayBuffer;
		for (const wrong of [...hostile, liar, keys, new Float64Array(4)] as never[]) {
			expect(() => crypto.sha256(wrong)).toThrow(TypeError);
			expect(() => crypto.ed25519Verify(wrong, MESSAGE, SIGNATURE)).toThrow(TypeError);
			expect(() => crypto.ed25519Verify(PUBLIC_KEY, wrong, SIGNATURE)).toThrow(TypeError);
			expect(() => crypto.ed25519Verify(PUBLIC_KEY, MESSAGE, wrong)).toThrow(TypeError);
			expect(() => crypto.constantTimeEqual(wrong, MESSAGE)).toThrow(TypeError);
			expect(() => crypto.constantTimeEqual(MESSAGE, wrong)).toThrow(TypeError);
		}
	});

	it("invalid-receiver: has no state, so that any will do", () => {
		const { sha256 } = crypto;
		expect(sha256.call(undefined as never, MESSAGE).byteLength).toBe(32);
	});
});
