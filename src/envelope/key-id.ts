// The short name of a signing key on the wire.

import type { Crypto } from "../ports.js";

export const KEY_ID_BYTES = 8;

/** The first 8 bytes of SHA-256 of the 32-byte Ed25519 public key. */
export function keyIdOf(publicKey: Uint8Array, crypto: Pick<Crypto, "sha256">): Uint8Array {
	return new Uint8Array(crypto.sha256(publicKey)).slice(0, KEY_ID_BYTES);
}
