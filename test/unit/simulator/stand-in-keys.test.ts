// Stand-ins refuse what the real ones refuse, and have their sizes.

import { Random } from "../../../hosts/simulator/random.js";
import { StandInCrypto, StandInKeyStore } from "../../../hosts/simulator/stand-in-keys.js";
import { ed25519Problem } from "../../../src/envelope/ed25519-strict.js";
import { toyHash } from "../../support/toy-hash.js";

const MESSAGE = Uint8Array.of(1, 2, 3, 4);

function store() {
	const crypto = new StandInCrypto(toyHash);
	const keyStore = new StandInKeyStore(crypto, new Random(1));
	keyStore.generate("signing", "Ed25519");
	keyStore.generate("tls-0", "P-256");
	return { crypto, keyStore, publicKey: bytesOf(keyStore.publicKey("signing")) };
}

function bytesOf(buffer: ArrayBuffer | undefined): Uint8Array {
	return new Uint8Array(buffer as ArrayBuffer);
}

describe("StandInKeyStore", () => {
	it("gives keys and signatures of the real sizes", () => {
		const { keyStore, publicKey } = store();
		expect(publicKey).toHaveLength(32);
		expect(bytesOf(keyStore.publicKey("tls-0"))).toHaveLength(65);
		expect(keyStore.sign("signing", MESSAGE).byteLength).toBe(64);
		expect(keyStore.sign("tls-0", MESSAGE).byteLength).toBe(64);
		expect(keyStore.signatures).toBe(2);
		expect(keyStore.publicKey("other")).toBeUndefined();
		expect(() => keyStore.sign("other", MESSAGE)).toThrow("no such key");
		expect(() => keyStore.certificateRequest("signing", "sensor-1")).toThrow("P-256");
		keyStore.erase("signing");
		expect(keyStore.publicKey("signing")).toBeUndefined();
	});

	it("holds sixteen keys, and makes a new one in place of an old one", () => {
		const { keyStore, publicKey } = store();
		for (let count = 2; count < 16; count++) keyStore.generate(`key-${count}`, "Ed25519");
		expect(() => keyStore.generate("one more", "Ed25519")).toThrow("too many");
		keyStore.generate("signing", "Ed25519");
		expect([...bytesOf(keyStore.publicKey("signing"))]).not.toEqual([...publicKey]);
	});

	it("signs so that strict verifiers have nothing to say", () => {
		const { crypto, keyStore, publicKey } = store();
		for (let count = 0; count < 50; count++) {
			const signature = bytesOf(keyStore.sign("signing", Uint8Array.of(count)));
			expect(ed25519Problem(publicKey, signature)).toBeUndefined();
			expect(crypto.ed25519Verify(publicKey, Uint8Array.of(count), signature)).toBe(true);
		}
	});

	it("verifies nothing of which one bit is another", () => {
		const { crypto, keyStore, publicKey } = store();
		const signature = bytesOf(keyStore.sign("signing", MESSAGE));
		const flipped = (bytes: Uint8Array, bit: number) => {
			const copy = bytes.slice();
			copy[bit >> 3] = (copy[bit >> 3] as number) ^ (1 << (bit & 7));
			return copy;
		};
		let verified = 0;
		for (let bit = 0; bit < 512; bit++) {
			if (crypto.ed25519Verify(publicKey, MESSAGE, flipped(signature, bit))) verified++;
			if (bit >= 256) continue;
			if (crypto.ed25519Verify(flipped(publicKey, bit), MESSAGE, signature)) verified++;
			if (bit < 32 && crypto.ed25519Verify(publicKey, flipped(MESSAGE, bit), signature)) verified++;
		}
		expect(verified).toBe(0);
		expect(crypto.constantTimeEqual(signature, signature.slice())).toBe(true);
		expect(crypto.constantTimeEqual(signature, signature.slice(1))).toBe(false);
	});
});
