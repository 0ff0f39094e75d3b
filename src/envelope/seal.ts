// Seals a payload: puts it, with its sequence and times, into a COSE_Sign1 bound to the topic it
// will be published to (FORMAT.md). Reserves no sequence and stores nothing.

import { assert } from "../assert.js";
import { encodeUTF8 } from "../bytes/text.js";
import { encodeSign1, signatureStructure } from "../cbor/cose-sign1.js";
import { ENVELOPE_PAYLOAD_BYTES_MAX } from "../limits.js";
import { SIGNATURE_BYTES } from "./ed25519-strict.js";
import { encodeHeader, type EnvelopeHeader } from "./envelope.js";

export interface SealRequest extends Omit<EnvelopeHeader, "keyId"> {
	/** The MQTT topic that the envelope will be published to, and no other. */
	readonly topic: string;
	/** At most ENVELOPE_PAYLOAD_BYTES_MAX bytes. */
	readonly payload: Uint8Array;
}

/** A signing key without its private half: on the chip that half is not in JavaScript. */
export interface Signer {
	/** keyIdOf its public key. */
	readonly keyId: Uint8Array;
	/** The 64-byte Ed25519 signature of `message`. */
	sign(message: Uint8Array): Uint8Array;
}

/** The sealed envelope. A request that does not fit the format is a programmer error. */
export function seal(request: SealRequest, signer: Signer): Uint8Array {
	const { topic, payload } = request;
	assert(topic.length > 0, "an envelope is bound to a topic");
	assert(payload.length <= ENVELOPE_PAYLOAD_BYTES_MAX, "a payload fits its envelope");
	const protectedHeader = encodeHeader({ ...request, keyId: signer.keyId });
	const signature = signer.sign(signatureStructure(protectedHeader, encodeUTF8(topic), payload));
	assert(signature.length === SIGNATURE_BYTES, "an Ed25519 signature has 64 bytes");
	return encodeSign1({ protectedHeader, payload, signature });
}
