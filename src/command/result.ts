// The payload of the signed answer to a command: which command of whom, what came of it, and facts.

import { assert } from "../assert.js";
import { fromHex, toHex } from "../bytes/hex.js";
import { shortenText } from "../bytes/text.js";
import { encode } from "../cbor/encode.js";
import { readEncoded, type Field, type FieldReader, type FieldsRead } from "../cbor/fields.js";
import type { CBORValue } from "../cbor/value.js";
import {
	RESULT_DETAILS_MAX,
	RESULT_PAYLOAD_BYTES_MAX,
	RESULT_TEXT_CHARACTERS_MAX,
} from "../limits.js";

export type CommandOutcome =
	| "done"
	| "refused" // judged and not carried out: `reason` says why
	| "failed"; // tried, and did not succeed

export type ResultFact = string | number | boolean;

export interface CommandResult {
	/** The command's sequence. */
	readonly command: number;
	/** The key id of the operator who gave it, 16 hexadecimal digits. */
	readonly operator: string;
	readonly outcome: CommandOutcome;
	readonly reason?: string;
	/**
	 * Facts by name. What does not fit the payload is left out from the end, and `truncated` added.
	 */
	readonly detail?: Readonly<Record<string, ResultFact>>;
}

const OUTCOMES: readonly CommandOutcome[] = Object.freeze(["done", "refused", "failed"]);
const FIELDS: readonly string[] = Object.freeze([
	"command",
	"operator",
	"outcome",
	"reason",
	"detail",
]);
const TEXT = Object.freeze({ min: 0, max: RESULT_TEXT_CHARACTERS_MAX });
const NAME_CHARACTERS_MAX = 32;

/** The payload. Facts that CBOR cannot hold (NaN, infinities) are left out. */
export function encodeResult(result: CommandResult): Uint8Array {
	const facts = Object.entries(result.detail ?? {}).filter(isEncodable);
	let kept = Math.min(facts.length, RESULT_DETAILS_MAX - 1);
	let payload = encodeWith(result, facts.slice(0, kept), kept < facts.length);
	while (payload.length > RESULT_PAYLOAD_BYTES_MAX) {
		assert(kept > 0, "a result without facts fits its payload");
		kept--;
		payload = encodeWith(result, facts.slice(0, kept), true);
	}
	return payload;
}

export function decodeResult(payload: Uint8Array): FieldsRead<CommandResult> {
	return readEncoded(payload, (root) => root.map(FIELDS, readResult));
}

function encodeWith(
	result: CommandResult,
	facts: readonly (readonly [string, ResultFact])[],
	isTruncated: boolean,
): Uint8Array {
	const operator = fromHex(result.operator);
	assert(operator?.length === 8, "an operator is named by 16 hexadecimal digits");
	const map = new Map<string, CBORValue>([
		["command", result.command],
		["operator", operator],
		["outcome", result.outcome],
	]);
	if (result.reason !== undefined) map.set("reason", shorten(result.reason));
	if (result.detail !== undefined) {
		const detail = new Map<string, CBORValue>();
		for (const [name, fact] of facts) {
			detail.set(name, typeof fact === "string" ? shorten(fact) : fact);
		}
		if (isTruncated) detail.set("truncated", true);
		map.set("detail", detail);
	}
	return encode(map);
}

function isEncodable([name, fact]: readonly [string, ResultFact]): boolean {
	if (name.length === 0 || name.length > NAME_CHARACTERS_MAX) return false;
	if (typeof fact !== "number") return true;
	return Number.isInteger(fact) ? Number.isSafeInteger(fact) : Number.isFinite(fact);
}

function shorten(text: string): string {
	return shortenText(text, RESULT_TEXT_CHARACTERS_MAX);
}

function readResult(fields: FieldReader): CommandResult {
	const reason = fields.optional("reason")?.text(TEXT);
	const detail = fields.optional("detail")?.entries(RESULT_DETAILS_MAX, readFact);
	return {
		command: fields.required("command").integer({ min: 1, max: Number.MAX_SAFE_INTEGER }),
		operator: toHex(fields.required("operator").bytes({ min: 8, max: 8 })),
		outcome: fields.required("outcome").oneOf(OUTCOMES),
		...(reason !== undefined && { reason }),
		...(detail !== undefined && { detail: Object.fromEntries(detail) }),
	};
}

function readFact(name: string, field: Field): [string, ResultFact] {
	if (name.length === 0 || name.length > NAME_CHARACTERS_MAX) {
		field.refuse(`a name of 1 to ${NAME_CHARACTERS_MAX} characters`);
	}
	switch (typeof field.value) {
		case "string":
			return [name, field.text(TEXT)];
		case "number":
			return [name, field.number()];
		default:
			return [name, field.boolean()];
	}
}
