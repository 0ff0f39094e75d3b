// What an envelope says beside its payload, and the protected header that says it: FORMAT.md. Signs
// and verifies nothing.

import { assert } from "../assert.js";
import { uint64Bytes, uint64From } from "../bytes/arrays.js";
import {
	ALGORITHM_EDDSA,
	HEADER_ALGORITHM,
	HEADER_CLAIMS,
	HEADER_CONTENT_TYPE,
	HEADER_KEY_ID,
} from "../cbor/cose-sign1.js";
import { encode } from "../cbor/encode.js";
import { readFields, type Field, type FieldReader, type FieldsRead } from "../cbor/fields.js";
import type { CBORKey, CBORMap, CBORValue } from "../cbor/value.js";
import { CONTENT_TYPE_LENGTH_MAX, DEVICE_ID_LENGTH_MAX, UNIX_SECONDS_MAX } from "../limits.js";
import { KEY_ID_BYTES } from "./key-id.js";

/** How the sealer knew the time (DESIGN.md §8). A message without time carries none of these. */
export const TIME_QUALITY_BUILD = 1;
export const TIME_QUALITY_FLOOR = 2;
export const TIME_QUALITY_SNTP = 3;
export const TIME_QUALITY_SIGNED = 4;

export interface EnvelopeTime {
	readonly unixSeconds: number;
	/** One of the TIME_QUALITY numbers. */
	readonly quality: number;
}

/** Everything that the protected header holds beside the algorithm. */
export interface EnvelopeHeader {
	readonly keyId: Uint8Array;
	readonly contentType: number | string;
	/** 1 or more; never used twice by one key. */
	readonly sequence: number;
	/** The sequence of the envelope sealed before this one; absent outside the chain (a will). */
	readonly previous?: number;
	readonly time?: EnvelopeTime;
	/** Commands only: the device that is meant, and the seconds between which it may obey. */
	readonly audience?: string;
	readonly expiresAt?: number;
	readonly notBefore?: number;
}

export interface Envelope extends EnvelopeHeader {
	readonly payload: Uint8Array;
}

// CWT claims (RFC 8392 §4) and two of our own in the private-use range.
const CLAIM_AUDIENCE = 3;
const CLAIM_EXPIRATION = 4;
const CLAIM_NOT_BEFORE = 5;
const CLAIM_ISSUED_AT = 6;
const CLAIM_ID = 7;
const CLAIM_TIME_QUALITY = -65537;
const CLAIM_PREVIOUS = -65538;

const CLAIMS: readonly CBORKey[] = Object.freeze([
	CLAIM_AUDIENCE,
	CLAIM_EXPIRATION,
	CLAIM_NOT_BEFORE,
	CLAIM_ISSUED_AT,
	CLAIM_ID,
	CLAIM_TIME_QUALITY,
	CLAIM_PREVIOUS,
]);

const PARAMETERS: readonly CBORKey[] = Object.freeze([
	HEADER_ALGORITHM,
	HEADER_CONTENT_TYPE,
	HEADER_KEY_ID,
	HEADER_CLAIMS,
]);

const SECONDS = Object.freeze({ min: 0, max: UNIX_SECONDS_MAX });
const CONTENT_FORMAT_MAX = 0xffff;

/** The encoded protected header. What does not fit the format is a programmer error. */
export function encodeHeader(header: EnvelopeHeader): Uint8Array {
	const { previous, time, audience, expiresAt, notBefore } = header;
	const claims = new Map<CBORKey, CBORValue>();
	if (audience !== undefined) claims.set(CLAIM_AUDIENCE, audience);
	if (expiresAt !== undefined) claims.set(CLAIM_EXPIRATION, expiresAt);
	if (notBefore !== undefined) claims.set(CLAIM_NOT_BEFORE, notBefore);
	if (time !== undefined) {
		claims.set(CLAIM_ISSUED_AT, time.unixSeconds);
		claims.set(CLAIM_TIME_QUALITY, time.quality);
	}
	claims.set(CLAIM_ID, uint64Bytes(header.sequence));
	if (previous !== undefined) claims.set(CLAIM_PREVIOUS, previous);
	const map: CBORMap = new Map<CBORKey, CBORValue>([
		[HEADER_ALGORITHM, ALGORITHM_EDDSA],
		[HEADER_CONTENT_TYPE, header.contentType],
		[HEADER_KEY_ID, header.keyId],
		[HEADER_CLAIMS, claims],
	]);
	const read = readHeader(map);
	assert(read.kind === "valid", "an envelope header keeps to its format");
	return encode(map);
}

/** Reads the decoded protected header. The algorithm is judged by the caller. */
export function readHeader(value: CBORValue): FieldsRead<EnvelopeHeader> {
	return readFields(value, (root) =>
		root.map(PARAMETERS, (fields) => {
			fields.required(HEADER_ALGORITHM).oneOf([ALGORITHM_EDDSA]);
			return {
				contentType: readContentType(fields.required(HEADER_CONTENT_TYPE)),
				keyId: fields.required(HEADER_KEY_ID).bytes({ min: KEY_ID_BYTES, max: KEY_ID_BYTES }),
				...fields.required(HEADER_CLAIMS).map(CLAIMS, readClaims),
			};
		}),
	);
}

function readContentType(field: Field): number | string {
	if (typeof field.value === "number") return field.integer({ min: 0, max: CONTENT_FORMAT_MAX });
	return field.text({ min: 1, max: CONTENT_TYPE_LENGTH_MAX });
}

function readClaims(claims: FieldReader): Omit<EnvelopeHeader, "keyId" | "contentType"> {
	const sequence = readSequence(claims.required(CLAIM_ID));
	const previous = claims.optional(CLAIM_PREVIOUS)?.integer({ min: 1, max: sequence - 1 });
	const time = readTime(claims);
	const audience = claims.optional(CLAIM_AUDIENCE)?.text({ min: 1, max: DEVICE_ID_LENGTH_MAX });
	const expiresAt = claims.optional(CLAIM_EXPIRATION)?.integer(SECONDS);
	const notBefore = claims.optional(CLAIM_NOT_BEFORE)?.integer(SECONDS);
	return {
		sequence,
		...(previous !== undefined && { previous }),
		...(time !== undefined && { time }),
		...(audience !== undefined && { audience }),
		...(expiresAt !== undefined && { expiresAt }),
		...(notBefore !== undefined && { notBefore }),
	};
}

function readSequence(field: Field): number {
	const sequence = uint64From(field.bytes({ min: 8, max: 8 }));
	if (sequence === undefined || sequence < 1) field.refuse("a sequence of 1 to 2^53 - 1");
	return sequence;
}

/** Time and its quality come together: one alone would leave the reader to guess. */
function readTime(claims: FieldReader): EnvelopeTime | undefined {
	const issuedAt = claims.optional(CLAIM_ISSUED_AT);
	const quality = claims.optional(CLAIM_TIME_QUALITY);
	if (issuedAt === undefined && quality === undefined) return undefined;
	return {
		unixSeconds: claims.required(CLAIM_ISSUED_AT).integer(SECONDS),
		quality: claims
			.required(CLAIM_TIME_QUALITY)
			.integer({ min: TIME_QUALITY_BUILD, max: TIME_QUALITY_SIGNED }),
	};
}
