// A signature of the right sizes that anyone can forge: for tests of everything around signatures,
// which also run on the XS engine, where Ed25519 in script takes a quarter of a second. The
// *.node.test.ts files use real Ed25519.

import { concatBytes, equalBytes } from "../../src/bytes/arrays.js";
import { crc32 } from "../../src/bytes/crc32.js";
import type { Signer } from "../../src/envelope/seal.js";

export interface ToyKey extends Signer {
	readonly publicKey: Uint8Array;
}

/** A key whose id is `fill` repeated. */
export function toyKey(fill: number): ToyKey {
	const publicKey = new Uint8Array(32).fill(fill);
	return {
		publicKey,
		keyId: new Uint8Array(8).fill(fill),
		sign: (message) => toySignature(publicKey, message),
	};
}

export const toyCrypto = {
	ed25519Verify: (
		publicKey: ArrayBuffer | Uint8Array,
		message: ArrayBuffer | Uint8Array,
		signature: ArrayBuffer | Uint8Array,
	): boolean =>
		equalBytes(
			toySignature(new Uint8Array(publicKey), new Uint8Array(message)),
			new Uint8Array(signature),
		),
};

/** Sixteen checksums of key and message. The last byte keeps S below the group order. */
function toySignature(publicKey: Uint8Array, message: Uint8Array): Uint8Array {
	const signature = new Uint8Array(64);
	const view = new DataView(signature.buffer);
	let checksum = 1;
	for (let offset = 0; offset < 64; offset += 4) {
		checksum = crc32(concatBytes(publicKey, message), checksum);
		view.setUint32(offset, checksum);
	}
	signature[63] = signature[63]! & 0x0f;
	return signature;
}
