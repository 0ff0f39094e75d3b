// What verifiers of Ed25519 disagree about, refused before any of them is asked: keys and
// commitments of small order, encodings that are not canonical, and S not reduced modulo the group
// order. With these out of the way OpenSSL, libsodium and tweetnacl give the same answer. Public
// data only: not constant-time.

import { fromHex } from "../bytes/hex.js";
import { assert } from "../assert.js";

export const PUBLIC_KEY_BYTES = 32;
export const SIGNATURE_BYTES = 64;

export type Ed25519Problem =
	| "small-order-key" // signatures under it can be made without a private key
	| "non-canonical-key" // y is not below p = 2^255 − 19
	| "signature-r" // the commitment is of small order or not canonical
	| "signature-s"; // S is not below L: the signature could be changed and still verify

/** Group order L = 2^252 + 27742317777372353535851937790883648493 and p, little-endian. */
const GROUP_ORDER = constant("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010");
const FIELD_PRIME = constant("edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f");

/** y of the eight points of small order, canonical and not. Their sign bit is left aside. */
const SMALL_ORDER: readonly Uint8Array[] = Object.freeze([
	constant("0000000000000000000000000000000000000000000000000000000000000000"), // order 4
	constant("0100000000000000000000000000000000000000000000000000000000000000"), // order 1
	constant("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"), // order 8
	constant("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a"), // order 8
	constant("ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"), // order 2, p − 1
	constant("edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"), // p, which is 0
	constant("eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"), // p + 1, which is 1
]);

/** The first problem of a 32-byte `publicKey` and 64-byte `signature`, or `undefined`. */
export function ed25519Problem(
	publicKey: Uint8Array,
	signature: Uint8Array,
): Ed25519Problem | undefined {
	assert(publicKey.length === PUBLIC_KEY_BYTES, "an Ed25519 public key has 32 bytes");
	assert(signature.length === SIGNATURE_BYTES, "an Ed25519 signature has 64 bytes");
	const key = publicKeyProblem(publicKey);
	if (key !== undefined) return key;
	if (publicKeyProblem(signature.subarray(0, 32)) !== undefined) return "signature-r";
	return isBelow(signature.subarray(32), GROUP_ORDER) ? undefined : "signature-s";
}

/** The problem of an encoded point on its own: for keys, when they are provisioned. */
export function publicKeyProblem(
	encoded: Uint8Array,
): "small-order-key" | "non-canonical-key" | undefined {
	const y = encoded.slice();
	y[31] = (y[31] as number) & 0x7f;
	if (SMALL_ORDER.some((point) => !isBelow(y, point) && !isBelow(point, y))) {
		return "small-order-key";
	}
	return isBelow(y, FIELD_PRIME) ? undefined : "non-canonical-key";
}

/** Compares little-endian numbers of 32 bytes. */
function isBelow(left: Uint8Array, right: Uint8Array): boolean {
	for (let index = 31; index >= 0; index--) {
		const difference = (left[index] as number) - (right[index] as number);
		if (difference !== 0) return difference < 0;
	}
	return false;
}

function constant(hex: string): Uint8Array {
	const bytes = fromHex(hex);
	assert(bytes !== undefined && bytes.length === 32, "a constant of 32 bytes");
	return bytes;
}
