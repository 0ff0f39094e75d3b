// Keys and cryptography of the simulated world: the sizes and the rejections of Ed25519 and P-256,
// made of one hash. Whoever has a public key can sign with it, so it proves nothing but the flow;
// nobody in the simulated world does.

import { concatBytes, equalBytes } from "../../src/bytes/arrays.js";
import { encodeUTF8 } from "../../src/bytes/text.js";
import type { ByteSource, Crypto, KeyAlgorithm, KeyStore } from "../../src/ports.js";

export type SHA256 = (bytes: ByteSource) => ArrayBuffer;

const ED25519_BYTES = 32;
const P256_BYTES = 65;
const KEYS_MAX = 16;

export class StandInCrypto implements Crypto {
	readonly sha256: SHA256;

	constructor(sha256: SHA256) {
		this.sha256 = sha256;
	}

	ed25519Verify(publicKey: ByteSource, message: ByteSource, signature: ByteSource): boolean {
		return equalBytes(this.sign(viewOf(publicKey), viewOf(message)), viewOf(signature));
	}

	/** The same for a key of 65 bytes: what a TLS server checks of its clients. */
	p256Verify(publicKey: ByteSource, message: ByteSource, signature: ByteSource): boolean {
		return this.ed25519Verify(publicKey, message, signature);
	}

	constantTimeEqual(left: ByteSource, right: ByteSource): boolean {
		return equalBytes(viewOf(left), viewOf(right));
	}

	/** R and S, the same bytes turned round, both in the range that strict verifiers ask for. */
	sign(publicKey: Uint8Array, message: Uint8Array): Uint8Array {
		const digest = new Uint8Array(this.sha256(concatBytes(publicKey, message)));
		const signature = new Uint8Array(64);
		for (let index = 0; index < 32; index++) {
			const byte = digest[index] as number;
			signature[index] = byte;
			signature[63 - index] = byte ^ 0x5a;
		}
		signature[31] = (signature[31] as number) & 0x7f;
		signature[63] = (signature[63] as number) & 0x0f;
		return signature;
	}

	/** The public key of the private key that `seed` stands for. */
	publicKey(algorithm: KeyAlgorithm, seed: Uint8Array): Uint8Array {
		const first = new Uint8Array(this.sha256(concatBytes(encodeUTF8(algorithm), seed)));
		if (algorithm === "Ed25519") {
			first[31] = (first[31] as number) & 0x7f;
			return first.subarray(0, ED25519_BYTES);
		}
		const second = new Uint8Array(this.sha256(first));
		return concatBytes(Uint8Array.of(4), first, second).subarray(0, P256_BYTES);
	}
}

interface Key {
	readonly algorithm: KeyAlgorithm;
	readonly publicKey: Uint8Array;
}

/** A key store with stand-in keys. What it holds outlives every boot. */
export class StandInKeyStore implements KeyStore {
	readonly #crypto: StandInCrypto;
	readonly #fill: (seed: Uint8Array) => void;
	readonly #keys = new Map<string, Key>();
	#signatures = 0;

	constructor(crypto: StandInCrypto, entropy: { fill(bytes: Uint8Array): void }) {
		this.#crypto = crypto;
		this.#fill = (seed) => entropy.fill(seed);
	}

	/** How often a key was used. */
	get signatures(): number {
		return this.#signatures;
	}

	generate(name: string, algorithm: KeyAlgorithm): void {
		checkName(name);
		if (!this.#keys.has(name) && this.#keys.size >= KEYS_MAX) throw new RangeError("too many keys");
		const seed = new Uint8Array(32);
		this.#fill(seed);
		this.#keys.set(name, { algorithm, publicKey: this.#crypto.publicKey(algorithm, seed) });
	}

	publicKey(name: string): ArrayBuffer | undefined {
		checkName(name);
		return this.#keys.get(name)?.publicKey.slice().buffer as ArrayBuffer | undefined;
	}

	sign(name: string, message: ByteSource): ArrayBuffer {
		this.#signatures++;
		const { publicKey } = this.#get(name);
		return this.#crypto.sign(publicKey, viewOf(message)).buffer as ArrayBuffer;
	}

	/** Of the right size, and no PKCS #10: no station reads it here. */
	certificateRequest(name: string, commonName: string): ArrayBuffer {
		const { algorithm, publicKey } = this.#get(name);
		if (algorithm !== "P-256") throw new TypeError("name: not a P-256 key");
		const content = concatBytes(encodeUTF8(`request ${commonName} `), publicKey);
		return concatBytes(Uint8Array.of(0x30, 0x81, content.length), content).buffer as ArrayBuffer;
	}

	erase(name: string): void {
		checkName(name);
		this.#keys.delete(name);
	}

	#get(name: string): Key {
		checkName(name);
		const key = this.#keys.get(name);
		if (!key) throw new RangeError("name: no such key");
		return key;
	}
}

/** The same bytes, not copied. */
export function viewOf(source: ByteSource): Uint8Array {
	return source instanceof Uint8Array ? source : new Uint8Array(source);
}

function checkName(name: string): void {
	if (name.length === 0 || name.length > 15) throw new RangeError("name: not 1 to 15 characters");
}
