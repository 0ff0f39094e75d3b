// One entry of the log: what happened, when, and the hash of the entry before. Deterministic CBOR,
// so that one entry has one encoding (FORMAT.md). It signs nothing and stores nothing.

import { assert } from "../assert.js";
import { encode } from "../cbor/encode.js";
import { readEncoded, type Field, type FieldReader, type FieldsRead } from "../cbor/fields.js";
import type { CBORKey, CBORValue } from "../cbor/value.js";
import {
	LOG_DETAILS_MAX,
	LOG_ENTRY_BYTES_MAX,
	LOG_NAME_CHARACTERS_MAX,
	LOG_TEXT_CHARACTERS_MAX,
	UNIX_SECONDS_MAX,
} from "../limits.js";

export type LogDetails = Readonly<Record<string, string | number | boolean>>;

export interface LogTime {
	readonly unixSeconds: number;
	/** As the envelope's claim −65537 has it. */
	readonly quality: number;
}

export interface LogEntry {
	/** 1 for the first entry of a device's life, then one more for each. */
	readonly counter: number;
	/** SHA-256 of the entry before, as encoded; all zeros where there is none to be had. */
	readonly previous: Uint8Array;
	readonly name: string;
	readonly details: LogDetails;
	/** Whole seconds since the boot. */
	readonly uptimeS: number;
	readonly time?: LogTime;
}

export const HASH_BYTES = 32;

const COUNTER = 1;
const PREVIOUS = 2;
const NAME = 3;
const DETAILS = 4;
const UPTIME = 5;
const TIME = 6;
const QUALITY = 7;
const FIELDS: readonly CBORKey[] = Object.freeze([
	COUNTER,
	PREVIOUS,
	NAME,
	DETAILS,
	UPTIME,
	TIME,
	QUALITY,
]);

const QUALITY_MAX = 4;
const POSITIVE = Object.freeze({ min: 1, max: Number.MAX_SAFE_INTEGER });
const NATURAL = Object.freeze({ min: 0, max: Number.MAX_SAFE_INTEGER });
const SECONDS = Object.freeze({ min: 0, max: UNIX_SECONDS_MAX });

/** `entry` as it is hashed. Details that do not fit are left out from the end. */
export function encodeEntry(entry: LogEntry): Uint8Array {
	assert(entry.previous.length === HASH_BYTES, "an entry names the one before by its hash");
	assert(entry.name.length <= LOG_NAME_CHARACTERS_MAX, "a name fits its entry");
	const details = Object.entries(entry.details).slice(0, LOG_DETAILS_MAX);
	for (;;) {
		const bytes = encodeWith(entry, details);
		if (bytes.length <= LOG_ENTRY_BYTES_MAX) return bytes;
		assert(details.length > 0, "an entry without details fits");
		details.pop();
	}
}

export function decodeEntry(bytes: Uint8Array): FieldsRead<LogEntry> {
	if (bytes.length > LOG_ENTRY_BYTES_MAX) {
		return { kind: "invalid", path: "", expected: `at most ${LOG_ENTRY_BYTES_MAX} bytes` };
	}
	return readEncoded(bytes, (root) =>
		root.map(FIELDS, (fields) => {
			const time = readTime(fields, TIME, QUALITY);
			return {
				counter: fields.required(COUNTER).integer(POSITIVE),
				previous: fields.required(PREVIOUS).bytes({ min: HASH_BYTES, max: HASH_BYTES }),
				name: fields.required(NAME).text({ min: 1, max: LOG_NAME_CHARACTERS_MAX }),
				details: readDetails(fields.optional(DETAILS)),
				uptimeS: fields.required(UPTIME).integer(NATURAL),
				...(time !== undefined && { time }),
			};
		}),
	);
}

/** Time and quality under these keys: both, or neither. */
export function readTime(
	fields: FieldReader,
	timeKey: CBORKey,
	qualityKey: CBORKey,
): LogTime | undefined {
	const isThere = fields.optional(timeKey) ?? fields.optional(qualityKey);
	if (isThere === undefined) return undefined;
	return {
		unixSeconds: fields.required(timeKey).integer(SECONDS),
		quality: fields.required(qualityKey).integer({ min: 1, max: QUALITY_MAX }),
	};
}

function encodeWith(entry: LogEntry, details: readonly [string, CBORValue][]): Uint8Array {
	const map = new Map<CBORKey, CBORValue>([
		[COUNTER, entry.counter],
		[PREVIOUS, entry.previous],
		[NAME, entry.name],
		[UPTIME, entry.uptimeS],
	]);
	if (details.length > 0) map.set(DETAILS, new Map<CBORKey, CBORValue>(details));
	if (entry.time !== undefined) {
		map.set(TIME, entry.time.unixSeconds);
		map.set(QUALITY, entry.time.quality);
	}
	return encode(map);
}

function readDetails(field: Field | undefined): LogDetails {
	const details: Record<string, string | number | boolean> = {};
	field?.entries(LOG_DETAILS_MAX, (name, item) => {
		if (typeof item.value === "number") details[name] = item.number();
		else if (typeof item.value === "boolean") details[name] = item.boolean();
		else details[name] = item.text({ min: 0, max: LOG_TEXT_CHARACTERS_MAX });
	});
	return details;
}
