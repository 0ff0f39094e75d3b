// The two statements that are signed over the serial line: the device's proof and the operator's
// unlock. Both are COSE_Sign1 of a form that no envelope has (no claims), under preambles that no
// topic can be.

import { equalBytes } from "../bytes/arrays.js";
import { decodeSign1 } from "../cbor/cose-sign1.js";
import { encode } from "../cbor/encode.js";
import { readFields } from "../cbor/fields.js";
import {
	openStatement,
	signStatement,
	type StatementSigner,
	type StatementVerify,
} from "../cbor/statement.js";
import type { CBORKey, CBORValue } from "../cbor/value.js";
import {
	DEVICE_ID_LENGTH_MAX,
	HARDWARE_ID_CHARACTERS_MAX,
	PROVISIONING_NONCE_BYTES,
} from "../limits.js";

export type { StatementSigner, StatementVerify } from "../cbor/statement.js";

export const CONTENT_PROOF = "application/vnd.holdfast.proof+cbor";
export const CONTENT_UNLOCK = "application/vnd.holdfast.unlock+cbor";

const PROOF_KIND = Object.freeze({
	contentType: CONTENT_PROOF,
	label: "\u0000holdfast/provisioning/proof/1",
});
const UNLOCK_KIND = Object.freeze({
	contentType: CONTENT_UNLOCK,
	label: "\u0000holdfast/provisioning/unlock/1",
});

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
	return signStatement(encode(payload), PROOF_KIND, signer);
}

/** The proof in `bytes`, or `undefined` where it is not one or `verify` refuses it. */
export function openProof(bytes: Uint8Array, verify: StatementVerify): Proof | undefined {
	const payload = openStatement(bytes, PROOF_KIND, verify);
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
	return signStatement(encode(payload), UNLOCK_KIND, signer);
}

export type UnlockJudged = "accepted" | "malformed" | "signature" | "wrong-device" | "not-fresh";

/** Whether `bytes` unlock the device that `expected` describes. */
export function judgeUnlock(
	bytes: Uint8Array,
	expected: Unlock,
	verify: StatementVerify,
): UnlockJudged {
	if (decodeSign1(bytes).kind === "rejected") return "malformed";
	const payload = openStatement(bytes, UNLOCK_KIND, verify);
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
