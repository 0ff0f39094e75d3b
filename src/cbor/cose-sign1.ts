// COSE_Sign1 (RFC 9052 §4.2) in deterministic CBOR: the bytes that a signature covers and the
// message around them. Knows no header parameter and no algorithm: those belong to whoever signs or
// opens.

import { decode, type CBORRejection } from "./decode.js";
import { encode } from "./encode.js";
import { Tagged } from "./value.js";

/** Tag of a COSE_Sign1 message. */
export const TAG_SIGN1 = 18;

/** Header parameters (RFC 9052 §3.1, RFC 9597) and the algorithm EdDSA (RFC 9053 §2.2). */
export const HEADER_ALGORITHM = 1;
export const HEADER_CONTENT_TYPE = 3;
export const HEADER_KEY_ID = 4;
export const HEADER_CLAIMS = 15;
export const ALGORITHM_EDDSA = -8;

export interface Sign1 {
	/** The encoded protected header. */
	readonly protectedHeader: Uint8Array;
	readonly payload: Uint8Array;
	readonly signature: Uint8Array;
}

export type Sign1Decoded =
	| { readonly kind: "decoded"; readonly sign1: Sign1 }
	/** "unprotected": the unprotected header holds something, which nobody signed. */
	| { readonly kind: "rejected"; readonly reason: CBORRejection | "structure" | "unprotected" };

/** The Sig_structure of RFC 9052 §4.4: what is signed, and so what is verified. */
export function signatureStructure(
	protectedHeader: Uint8Array,
	externalAAD: Uint8Array,
	payload: Uint8Array,
): Uint8Array {
	return encode(["Signature1", protectedHeader, externalAAD, payload]);
}

/** The tagged message, with an empty unprotected header. */
export function encodeSign1(sign1: Sign1): Uint8Array {
	const { protectedHeader, payload, signature } = sign1;
	return encode(new Tagged(TAG_SIGN1, [protectedHeader, new Map(), payload, signature]));
}

/** Takes a message apart. Nothing in it is verified yet. */
export function decodeSign1(bytes: Uint8Array): Sign1Decoded {
	const decoded = decode(bytes);
	if (decoded.kind === "rejected") return decoded;
	const message = decoded.value;
	if (!(message instanceof Tagged) || message.tag !== TAG_SIGN1) return structureRejection();
	const parts = message.value;
	if (!Array.isArray(parts) || parts.length !== 4) return structureRejection();
	const [protectedHeader, unprotected, payload, signature] = parts as readonly unknown[];
	const isSound =
		protectedHeader instanceof Uint8Array &&
		unprotected instanceof Map &&
		payload instanceof Uint8Array &&
		signature instanceof Uint8Array;
	if (!isSound) return structureRejection();
	if (unprotected.size > 0) return { kind: "rejected", reason: "unprotected" };
	return { kind: "decoded", sign1: { protectedHeader, payload, signature } };
}

function structureRejection(): Sign1Decoded {
	return { kind: "rejected", reason: "structure" };
}
