// Statements: COSE_Sign1 messages that are no envelopes. Their protected header has a content type
// and a key id and no claims, and what is signed begins with a label that no MQTT topic can be. So
// a signature made for one purpose is good for no other.

import { equalBytes } from "../bytes/arrays.js";
import { encodeUTF8 } from "../bytes/text.js";
import {
	ALGORITHM_EDDSA,
	HEADER_ALGORITHM,
	HEADER_CONTENT_TYPE,
	HEADER_KEY_ID,
	decodeSign1,
	encodeSign1,
	signatureStructure,
} from "./cose-sign1.js";
import { decode } from "./decode.js";
import { encode } from "./encode.js";
import type { CBORKey, CBORValue } from "./value.js";

/** Signs with a key that is named by the first 8 bytes of its SHA-256. */
export interface StatementSigner {
	readonly keyId: Uint8Array;
	sign(message: Uint8Array): Uint8Array;
}

/** Whether `signature` of `message` is by the key that `keyId` names. */
export type StatementVerify = (
	keyId: Uint8Array,
	message: Uint8Array,
	signature: Uint8Array,
) => boolean;

/** What a statement is for. */
export interface StatementKind {
	readonly contentType: string;
	/** External AAD. It begins with NUL, which no topic holds [MQTT-1.5.3-2]. */
	readonly label: string;
}

export function signStatement(
	payload: Uint8Array,
	{ contentType, label }: StatementKind,
	signer: StatementSigner,
): Uint8Array {
	const protectedHeader = encodeHeader(contentType, signer.keyId);
	const signature = signer.sign(signatureStructure(protectedHeader, encodeUTF8(label), payload));
	return encodeSign1({ protectedHeader, payload, signature });
}

/**
 * The decoded payload, or `undefined` where `bytes` are no statement of this kind or `verify`
 * refuses it.
 */
export function openStatement(
	bytes: Uint8Array,
	{ contentType, label }: StatementKind,
	verify: StatementVerify,
): CBORValue | undefined {
	const message = decodeSign1(bytes);
	if (message.kind === "rejected") return undefined;
	const { protectedHeader, payload, signature } = message.sign1;
	const header = decode(protectedHeader);
	if (header.kind === "rejected" || !(header.value instanceof Map)) return undefined;
	const keyId = (header.value as ReadonlyMap<CBORKey, CBORValue>).get(HEADER_KEY_ID);
	if (!(keyId instanceof Uint8Array)) return undefined;
	// Nothing beside these three parameters, and they say what we expect: byte for byte.
	if (!equalBytes(encodeHeader(contentType, keyId), protectedHeader)) return undefined;
	if (!verify(keyId, signatureStructure(protectedHeader, encodeUTF8(label), payload), signature)) {
		return undefined;
	}
	const decoded = decode(payload);
	return decoded.kind === "decoded" ? decoded.value : undefined;
}

function encodeHeader(contentType: string, keyId: Uint8Array): Uint8Array {
	return encode(
		new Map<CBORKey, CBORValue>([
			[HEADER_ALGORITHM, ALGORITHM_EDDSA],
			[HEADER_CONTENT_TYPE, contentType],
			[HEADER_KEY_ID, keyId],
		]),
	);
}
