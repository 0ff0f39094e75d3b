// The payload of an opened envelope, by its content type.
import { toHex } from "../../../src/bytes/hex.js";
import { decode } from "../../../src/cbor/decode.js";
import { Tagged, type CBORValue } from "../../../src/cbor/value.js";
import { decodeResult, type CommandResult } from "../../../src/command/result.js";
import {
	CONTENT_EVENT,
	CONTENT_GAP,
	CONTENT_LOG,
	CONTENT_READING,
	CONTENT_RESULT,
} from "../../../src/envelope/content-types.js";
import type { Envelope } from "../../../src/envelope/envelope.js";
import { decodeGap, type Gap } from "../../../src/envelope/gap.js";
import { decodeBatch } from "../../../src/security-log/batch.js";
import { decodeEntry, type LogEntry } from "../../../src/security-log/entry.js";
import { decodeReading, type Measurement } from "../../../src/reading/senml.js";

export type Content =
	| { readonly kind: "reading"; readonly measurements: readonly Measurement[] }
	| { readonly kind: "event"; readonly event: unknown }
	| { readonly kind: "gap"; readonly gaps: readonly Gap[] }
	| { readonly kind: "result"; readonly result: CommandResult }
	| LogContent
	/** Of a type that this program does not know: signed all the same. */
	| { readonly kind: "other"; readonly contentType: number | string; readonly payload: string };

/** Entries of the security log. Whether one follows from another the log verifier judges. */
export interface LogContent {
	readonly kind: "log";
	readonly entries: readonly Omit<LogEntry, "previous">[];
	/** The same as they were hashed, and the checkpoint over the last of them, in hexadecimal. */
	readonly encoded: readonly string[];
	readonly checkpoint?: string;
}

/** The decoded payload, or `undefined` where it is not what its content type says. */
export function readContent({ contentType, payload }: Envelope): Content | undefined {
	switch (contentType) {
		case CONTENT_READING: {
			const read = decodeReading(payload);
			return read.kind === "valid" ? { kind: "reading", measurements: read.value } : undefined;
		}
		case CONTENT_GAP: {
			const read = decodeGap(payload);
			return read.kind === "valid" ? { kind: "gap", gaps: read.value } : undefined;
		}
		case CONTENT_RESULT: {
			const read = decodeResult(payload);
			return read.kind === "valid" ? { kind: "result", result: read.value } : undefined;
		}
		case CONTENT_EVENT: {
			const decoded = decode(payload);
			if (decoded.kind === "rejected") return undefined;
			return { kind: "event", event: toPlain(decoded.value) };
		}
		case CONTENT_LOG:
			return readLog(payload);
		default:
			return { kind: "other", contentType, payload: toHex(payload) };
	}
}

function readLog(payload: Uint8Array): LogContent | undefined {
	const read = decodeBatch(payload);
	if (read.kind === "invalid") return undefined;
	const entries: Omit<LogEntry, "previous">[] = [];
	for (const bytes of read.value.entries) {
		const entry = decodeEntry(bytes);
		if (entry.kind === "invalid") return undefined;
		const { counter, name, details, uptimeS, time } = entry.value;
		entries.push({ counter, name, details, uptimeS, ...(time !== undefined && { time }) });
	}
	const { checkpoint } = read.value;
	return {
		kind: "log",
		entries,
		encoded: read.value.entries.map(toHex),
		...(checkpoint !== undefined && { checkpoint: toHex(checkpoint) }),
	};
}

/** CBOR as JSON has it: byte strings in hexadecimal, keys as text. */
function toPlain(value: CBORValue): unknown {
	if (value instanceof Uint8Array) return toHex(value);
	if (value instanceof Tagged) return { tag: value.tag, value: toPlain(value.value) };
	if (value instanceof Map) {
		return Object.fromEntries(
			[...value].map(([key, item]: [unknown, CBORValue]) => [String(key), toPlain(item)]),
		);
	}
	return Array.isArray(value) ? value.map((item: CBORValue) => toPlain(item)) : value;
}
