// Keys and cryptography for a whole device in tests: real Ed25519 signatures, and nothing random.

import {
	createHash,
	createPrivateKey,
	createPublicKey,
	sign,
	verify as verifySignature,
	type KeyObject,
} from "node:crypto";
import { fromHex, toHex } from "../../src/bytes/hex.js";
import { keyIdOf } from "../../src/envelope/key-id.js";
import type { Signer } from "../../src/envelope/seal.js";
import type { ByteSource, Crypto, KeyStore } from "../../src/ports.js";

const PKCS8_ED25519 = fromHex("302e020100300506032b657004220420") as Uint8Array;
const SPKI_ED25519 = fromHex("302a300506032b6570032100") as Uint8Array;

export const nodeCrypto: Crypto = {
	sha256: (bytes) => {
		const digest = createHash("sha256").update(new Uint8Array(bytes)).digest();
		return new Uint8Array(digest).slice().buffer;
	},
	ed25519Verify: (publicKey, message, signature) =>
		verifySignature(
			null,
			new Uint8Array(message),
			createPublicKey({
				key: Buffer.concat([SPKI_ED25519, new Uint8Array(publicKey)]),
				format: "der",
				type: "spki",
			}),
			new Uint8Array(signature),
		),
	constantTimeEqual: (left, right) => toHex(new Uint8Array(left)) === toHex(new Uint8Array(right)),
};

/** Keys of node:crypto, from the seed 'name' and nothing else: quick, and the same in every run. */
export class SeededKeyStore implements KeyStore {
	readonly #keys = new Map<string, KeyObject>();

	generate(name: string): void {
		const seed = createHash("sha256").update(name).digest();
		const der = Buffer.concat([PKCS8_ED25519, seed]);
		this.#keys.set(name, createPrivateKey({ key: der, format: "der", type: "pkcs8" }));
	}

	publicKey(name: string): ArrayBuffer | undefined {
		const key = this.#keys.get(name);
		if (key === undefined) return undefined;
		const der = createPublicKey(key).export({ format: "der", type: "spki" });
		return new Uint8Array(der.subarray(SPKI_ED25519.length)).slice().buffer;
	}

	sign(name: string, message: ByteSource): ArrayBuffer {
		const key = this.#keys.get(name) as KeyObject;
		return new Uint8Array(sign(null, new Uint8Array(message), key)).slice().buffer;
	}

	certificateRequest(): ArrayBuffer {
		throw new Error("no station here");
	}

	erase(name: string): void {
		this.#keys.delete(name);
	}
}

export function signerOf(keyStore: KeyStore, name: string) {
	const publicKey = new Uint8Array(keyStore.publicKey(name) as ArrayBuffer);
	const signer: Signer = {
		keyId: keyIdOf(publicKey, nodeCrypto),
		sign: (message) => new Uint8Array(keyStore.sign(name, message)),
	};
	return { publicKey, signer };
}
