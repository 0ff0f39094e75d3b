// The two statements that are signed over the serial line: the device's proof and the operator's
// unlock. Both are COSE_Sign1 of a form that no envelope has (no claims), under preambles that no
// topic can be.

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
} from "../cbor/cose-sign1.js";
import { decode } from "../cbor/decode.js";
import { encode } from "../cbor/encode.js";
import { readFields } from "../cbor/fields.js";
import type { CBORKey, CBORValue } from "../cbor/value.js";
import {
	DEVICE_ID_LENGTH_MAX,
	HARDWARE_ID_CHARACTERS_MAX,
	PROVISIONING_NONCE_BYTES,
} from "../limits.js";

export const CONTENT_PROOF = "application/vnd.holdfast.proof+cbor";
export const CONTENT_UNLOCK = "application/vnd.holdfast.unlock+cbor";

// External AAD. A topic holds no NUL [MQTT-1.5.3-2], so no envelope is signed under these.
const LABEL_PROOF = "\u0000holdfast/provisioning/proof/1";
const LABEL_UNLOCK = "\u0000holdfast/provisioning/unlock/1";

/** What the device proves: it has the signing key, and this is the configuration it holds. */
export interface Proof {
	/** The station's nonce, from its challenge. */
	readonly challenge: Uint8Array;
	/** The device's own nonce: it signs nothing that the station alone has chosen. */
	readonly deviceNonce: Uint8Array;
	readonly deviceId: string;
	readonly hardwareId: string;
	/** SHA-256 of the configuration. */
	readonly digest: Uint8Array;
}

/** What an operator signs to open a locked device, once: the nonce is the device's. */
export interface Unlock {
	readonly deviceNonce: Uint8Array;
	readonly deviceId: string;
}

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

const PROOF_CHALLENGE = 1;
const DEVICE_NONCE = 2;
const DEVICE_ID = 3;
const PROOF_HARDWARE_ID = 4;
const PROOF_DIGEST = 5;

export function signProof(proof: Proof, signer: StatementSigner): Uint8Array {
	const payload = new Map<CBORKey, CBORValue>([
		[PROOF_CHALLENGE, proof.challenge],
		[DEVICE_NONCE, proof.deviceNonce],
		[DEVICE_ID, proof.deviceId],
		[PROOF_HARDWARE_ID, proof.hardwareId],
		[PROOF_DIGEST, proof.digest],
	]);
	return sign(encode(payload), CONTENT_PROOF, LABEL_PROOF, signer);
}

/** The proof in `bytes`, or `undefined` where it is not one or `verify` refuses it. */
export function openProof(bytes: Uint8Array, verify: StatementVerify): Proof | undefined {
	const payload = open(bytes, CONTENT_PROOF, LABEL_PROOF, verify);
	if (payload === undefined) return undefined;
	const keys = [PROOF_CHALLENGE, DEVICE_NONCE, DEVICE_ID, PROOF_HARDWARE_ID, PROOF_DIGEST];
	const hardwareId = { min: 1, max: HARDWARE_ID_CHARACTERS_MAX };
	const read = readFields(payload, (root) =>
		root.map(keys, (fields) => ({
			challenge: fields.required(PROOF_CHALLENGE).bytes(NONCE),
			deviceNonce: fields.required(DEVICE_NONCE).bytes(NONCE),
			deviceId: fields.required(DEVICE_ID).text(NAME),
			hardwareId: fields.required(PROOF_HARDWARE_ID).text(hardwareId),
			digest: fields.required(PROOF_DIGEST).bytes({ min: 32, max: 32 }),
		})),
	);
	return read.kind === "valid" ? read.value : undefined;
}

export function signUnlock(unlock: Unlock, signer: StatementSigner): Uint8Array {
	const payload = new Map<CBORKey, CBORValue>([
		[DEVICE_NONCE, unlock.deviceNonce],
		[DEVICE_ID, unlock.deviceId],
	]);
	return sign(encode(payload), CONTENT_UNLOCK, LABEL_UNLOCK, signer);
}

export type UnlockJudged = "accepted" | "malformed" | "signature" | "wrong-device" | "not-fresh";

/** Whether `bytes` unlock the device that `expected` describes. */
export function judgeUnlock(
	bytes: Uint8Array,
	expected: Unlock,
	verify: StatementVerify,
): UnlockJudged {
	if (decodeSign1(bytes).kind === "rejected") return "malformed";
	const payload = open(bytes, CONTENT_UNLOCK, LABEL_UNLOCK, verify);
	if (payload === undefined) return "signature";
	const read = readFields(payload, (root) =>
		root.map([DEVICE_NONCE, DEVICE_ID], (fields) => ({
			deviceNonce: fields.required(DEVICE_NONCE).bytes(NONCE),
			deviceId: fields.required(DEVICE_ID).text(NAME),
		})),
	);
	if (read.kind === "invalid") return "malformed";
	if (read.value.deviceId !== expected.deviceId) return "wrong-device";
	return equalBytes(read.value.deviceNonce, expected.deviceNonce) ? "accepted" : "not-fresh";
}

const NONCE = Object.freeze({ min: PROVISIONING_NONCE_BYTES, max: PROVISIONING_NONCE_BYTES });
const NAME = Object.freeze({ min: 1, max: DEVICE_ID_LENGTH_MAX });

function sign(
	payload: Uint8Array,
	contentType: string,
	label: string,
	signer: StatementSigner,
): Uint8Array {
	const protectedHeader = encodeHeader(contentType, signer.keyId);
	const signature = signer.sign(signatureStructure(protectedHeader, encodeUTF8(label), payload));
	return encodeSign1({ protectedHeader, payload, signature });
}

function open(
	bytes: Uint8Array,
	contentType: string,
	label: string,
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
