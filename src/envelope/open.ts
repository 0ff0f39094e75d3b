// Opens an envelope: everything about its form is judged before its signature, and its signature
// before anyone sees its payload. Knows nothing of replay: the receiver keeps the sequences that it
// has seen.

import { assert } from "../assert.js";
import { encodeUTF8, isWellFormed } from "../bytes/text.js";
import {
	ALGORITHM_EDDSA,
	HEADER_ALGORITHM,
	decodeSign1,
	signatureStructure,
	type Sign1,
} from "../cbor/cose-sign1.js";
import { decode } from "../cbor/decode.js";
import type { CBORValue } from "../cbor/value.js";
import { ENVELOPE_BYTES_MAX, ENVELOPE_PAYLOAD_BYTES_MAX } from "../limits.js";
import type { Crypto } from "../ports.js";
import { PUBLIC_KEY_BYTES, SIGNATURE_BYTES, ed25519Problem } from "./ed25519-strict.js";
import type { Ed25519Problem } from "./ed25519-strict.js";
import { readHeader, type Envelope, type EnvelopeHeader } from "./envelope.js";

export type { Envelope };

/** Stable names: events, logs and tests use them. */
export type OpenRejection =
	| "too-large" // more bytes, payload or items than limits.ts allows
	| "malformed" // no COSE_Sign1 of CBOR within our profile
	| "not-deterministic" // the same message could have been written shorter or in another order
	| "unprotected" // the unprotected header is not empty
	| "algorithm" // anything but EdDSA
	| "header" // a parameter or claim is missing, unknown or out of bounds
	| "unknown-key"
	| Ed25519Problem
	| "signature"; // does not verify: other key, other topic, or changed on the way

export type Opened =
	| { readonly kind: "opened"; readonly envelope: Envelope }
	/** `keyId` and `sequence` are there where they could be read; nobody vouches for them. */
	| {
			readonly kind: "rejected";
			readonly reason: OpenRejection;
			readonly keyId?: Uint8Array;
			readonly sequence?: number;
	  };

type Rejected = Extract<Opened, { kind: "rejected" }>;

/**
 * Opens `bytes` as they came on `topic`. `keyOf` gives the trusted 32-byte public key of a key id,
 * or `undefined` for a stranger's.
 */
export function open(
	bytes: Uint8Array,
	topic: string,
	keyOf: (keyId: Uint8Array) => Uint8Array | undefined,
	crypto: Pick<Crypto, "ed25519Verify">,
): Opened {
	if (bytes.length > ENVELOPE_BYTES_MAX) return rejected("too-large");
	const message = decodeSign1(bytes);
	if (message.kind === "rejected") return rejected(formRejection(message.reason));
	const { sign1 } = message;
	if (sign1.signature.length !== SIGNATURE_BYTES) return rejected("malformed");
	if (sign1.payload.length > ENVELOPE_PAYLOAD_BYTES_MAX) return rejected("too-large");
	const decoded = decode(sign1.protectedHeader);
	if (decoded.kind === "rejected") return rejected(formRejection(decoded.reason));
	if (!isEdDSA(decoded.value)) return rejected("algorithm");
	const read = readHeader(decoded.value);
	if (read.kind === "invalid") return rejected("header");
	const header = read.value;
	const publicKey = keyOf(header.keyId);
	if (publicKey === undefined) return rejected("unknown-key", header);
	assert(publicKey.length === PUBLIC_KEY_BYTES, "keyOf gives 32-byte public keys");
	const reason = signatureRejection(sign1, topic, publicKey, crypto);
	if (reason !== undefined) return rejected(reason, header);
	return { kind: "opened", envelope: { ...header, payload: sign1.payload } };
}

function signatureRejection(
	sign1: Sign1,
	topic: string,
	publicKey: Uint8Array,
	crypto: Pick<Crypto, "ed25519Verify">,
): OpenRejection | undefined {
	const { protectedHeader, payload, signature } = sign1;
	const problem = ed25519Problem(publicKey, signature);
	if (problem !== undefined) return problem;
	if (!isWellFormed(topic)) return "signature"; // nothing was ever sealed for such a topic
	const signed = signatureStructure(protectedHeader, encodeUTF8(topic), payload);
	return crypto.ed25519Verify(publicKey, signed, signature) ? undefined : "signature";
}

function isEdDSA(header: CBORValue): boolean {
	return header instanceof Map && header.get(HEADER_ALGORITHM) === ALGORITHM_EDDSA;
}

function formRejection(reason: string): OpenRejection {
	switch (reason) {
		case "not-deterministic":
		case "unprotected":
		case "too-large":
			return reason;
		default:
			return "malformed";
	}
}

function rejected(reason: OpenRejection, header?: EnvelopeHeader): Rejected {
	if (header === undefined) return { kind: "rejected", reason };
	return { kind: "rejected", reason, keyId: header.keyId, sequence: header.sequence };
}
