// Real Ed25519 in a simulated world: what the stand-in does with one hash is done here by
// operations that whoever runs the world brings along. P-256 stays a stand-in: the toy TLS reads
// nothing else.

import { toHex } from "../../src/bytes/hex.js";
import type { ByteSource, KeyAlgorithm } from "../../src/ports.js";
import { StandInCrypto, viewOf, type SHA256 } from "./stand-in-keys.js";

/** RFC 8032. A seed has 32 bytes, a public key 32, a signature 64. */
export interface Ed25519Operations {
	publicKey(seed: Uint8Array): Uint8Array;
	sign(seed: Uint8Array, message: Uint8Array): Uint8Array;
	verify(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean;
}

const ED25519_BYTES = 32;

export class Ed25519Crypto extends StandInCrypto {
	readonly #operations: Ed25519Operations;
	/** Private halves by the hex of their public ones. */
	readonly #seeds = new Map<string, Uint8Array>();

	constructor(sha256: SHA256, operations: Ed25519Operations) {
		super(sha256);
		this.#operations = operations;
	}

	override publicKey(algorithm: KeyAlgorithm, seed: Uint8Array): Uint8Array {
		if (algorithm !== "Ed25519") return super.publicKey(algorithm, seed);
		const publicKey = this.#operations.publicKey(seed);
		this.#seeds.set(toHex(publicKey), seed.slice());
		return publicKey;
	}

	override sign(publicKey: Uint8Array, message: Uint8Array): Uint8Array {
		if (publicKey.length !== ED25519_BYTES) return super.sign(publicKey, message);
		const seed = this.#seeds.get(toHex(publicKey));
		if (seed === undefined) throw new RangeError("publicKey: nobody here has its private half");
		return this.#operations.sign(seed, message);
	}

	override ed25519Verify(key: ByteSource, message: ByteSource, signature: ByteSource): boolean {
		const publicKey = viewOf(key);
		if (publicKey.length !== ED25519_BYTES) return false;
		return this.#operations.verify(publicKey, viewOf(message), viewOf(signature));
	}

	override p256Verify(key: ByteSource, message: ByteSource, signature: ByteSource): boolean {
		return super.ed25519Verify(key, message, signature);
	}
}
