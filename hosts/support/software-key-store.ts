// The key store port in software: Ed25519 by tweetnacl, P-256 by operations that the host gives.
// Private keys lie in a key-value store; `src` cannot reach them, because the port has no call that
// returns one.
import nacl from "tweetnacl";
import type { ByteSource, Entropy, KeyAlgorithm } from "../../src/ports.js";
import type { KeyStore, KeyValueStore } from "../../src/ports.js";

/** P-256 by the host. `privateKey` is in whatever form `generate` gave, at most 512 bytes. */
export interface P256Operations {
	generate(): Uint8Array;
	/** 65 bytes, uncompressed. */
	publicKey(privateKey: Uint8Array): Uint8Array;
	/** ES256: 64 bytes, r and s. */
	sign(privateKey: Uint8Array, message: Uint8Array): Uint8Array;
	/** PKCS #10, DER. */
	certificateRequest(privateKey: Uint8Array, commonName: string): Uint8Array;
}

export interface SoftwareKeyStoreOptions {
	/** Where the keys lie. Nothing else may use this store. */
	store: KeyValueStore;
	entropy: Entropy;
	p256: P256Operations;
}

const KEYS_MAX = 16;
const NAME_PATTERN = /^[ -~]{1,15}$/;
const COMMON_NAME_PATTERN = /^[A-Za-z0-9_-]{1,64}$/;
const ED25519_SEED_BYTES = 32;

/** First byte of an entry. */
const ALGORITHM_BYTES: Readonly<Record<KeyAlgorithm, number>> = { Ed25519: 1, "P-256": 2 };

interface Key {
	readonly algorithm: KeyAlgorithm;
	readonly privateKey: Uint8Array;
}

export class SoftwareKeyStore implements KeyStore {
	readonly #store: KeyValueStore;
	readonly #entropy: Entropy;
	readonly #p256: P256Operations;

	constructor(options: SoftwareKeyStoreOptions) {
		this.#store = options.store;
		this.#entropy = options.entropy;
		this.#p256 = options.p256;
	}

	generate(name: string, algorithm: KeyAlgorithm): void {
		checkName(name);
		if (!Object.hasOwn(ALGORITHM_BYTES, algorithm)) throw new TypeError("algorithm: unknown");
		const names = [...this.#store];
		if (!names.includes(name) && names.length >= KEYS_MAX) throw new RangeError("too many keys");
		const privateKey = algorithm === "Ed25519" ? this.#seed() : this.#p256.generate();
		const entry = Uint8Array.of(ALGORITHM_BYTES[algorithm], ...privateKey);
		this.#store.write(name, entry);
		entry.fill(0);
		privateKey.fill(0);
	}

	publicKey(name: string): ArrayBuffer | undefined {
		const key = this.#find(name);
		if (!key) return undefined;
		if (key.algorithm === "P-256") return bufferOf(this.#p256.publicKey(key.privateKey));
		return bufferOf(nacl.sign.keyPair.fromSeed(key.privateKey).publicKey);
	}

	sign(name: string, message: ByteSource): ArrayBuffer {
		const bytes = bytesOf(message);
		const { algorithm, privateKey } = this.#get(name);
		if (algorithm === "P-256") return bufferOf(this.#p256.sign(privateKey, bytes));
		const pair = nacl.sign.keyPair.fromSeed(privateKey);
		const signature = nacl.sign.detached(bytes, pair.secretKey);
		pair.secretKey.fill(0);
		privateKey.fill(0);
		return bufferOf(signature);
	}

	certificateRequest(name: string, commonName: string): ArrayBuffer {
		const { algorithm, privateKey } = this.#get(name);
		if (algorithm !== "P-256") throw new TypeError("name: not a P-256 key");
		if (!COMMON_NAME_PATTERN.test(commonName)) throw new RangeError("commonName: not a device id");
		return bufferOf(this.#p256.certificateRequest(privateKey, commonName));
	}

	erase(name: string): void {
		checkName(name);
		this.#store.delete(name);
	}

	/**
	 * The private P-256 key `name`, for the host's own TLS stack. Not part of the port: only a
	 * composition root can hand this on.
	 */
	privateKeyForTLS(name: string): Uint8Array | undefined {
		const key = this.#find(name);
		return key?.algorithm === "P-256" ? key.privateKey : undefined;
	}

	#seed(): Uint8Array {
		const seed = new Uint8Array(ED25519_SEED_BYTES);
		this.#entropy.fill(seed);
		return seed;
	}

	#get(name: string): Key {
		const key = this.#find(name);
		if (!key) throw new RangeError("name: no such key");
		return key;
	}

	#find(name: string): Key | undefined {
		checkName(name);
		const entry = this.#store.read(name);
		if (!entry) return undefined;
		const bytes = new Uint8Array(entry);
		const privateKey = bytes.slice(1);
		if (bytes[0] === ALGORITHM_BYTES["P-256"]) return { algorithm: "P-256", privateKey };
		// An entry of another shape was not written by this class: as good as no key.
		const isSeed = bytes[0] === ALGORITHM_BYTES.Ed25519 && privateKey.length === ED25519_SEED_BYTES;
		return isSeed ? { algorithm: "Ed25519", privateKey } : undefined;
	}
}

function checkName(name: string): void {
	if (typeof name !== "string") throw new TypeError("name: not a string");
	if (!NAME_PATTERN.test(name)) throw new RangeError("name: not 1 to 15 characters of ASCII");
}

function bytesOf(source: ByteSource): Uint8Array {
	if (source instanceof ArrayBuffer) return new Uint8Array(source);
	if (source instanceof Uint8Array) return source;
	throw new TypeError("message: neither ArrayBuffer nor Uint8Array");
}

function bufferOf(bytes: Uint8Array): ArrayBuffer {
	return new Uint8Array(bytes).buffer;
}
