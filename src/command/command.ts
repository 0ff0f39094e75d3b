// The commands that a device knows, and their payload: a name with its arguments. Whether a command
// may be obeyed is judge.ts's question.

import { encode } from "../cbor/encode.js";
import {
	readEncoded,
	readFields,
	type Field,
	type FieldReader,
	type FieldsRead,
} from "../cbor/fields.js";
import type { CBORValue } from "../cbor/value.js";
import {
	COMMAND_NAME_CHARACTERS_MAX,
	SAMPLE_INTERVAL_MS_MAX,
	SAMPLE_INTERVAL_MS_MIN,
} from "../limits.js";

export type Command =
	| { readonly name: "identify" } // blink, beep or print: which board is it?
	| { readonly name: "report" } // posture and health, in the result
	| { readonly name: "set-interval"; readonly intervalMs: number } // between samples
	| { readonly name: "restart" };

export type CommandName = Command["name"];

/** Every command, for those who grant them. */
export const COMMAND_NAMES: readonly CommandName[] = Object.freeze([
	"identify",
	"report",
	"set-interval",
	"restart",
]);

export type CommandRead =
	| { readonly kind: "valid"; readonly command: Command }
	| { readonly kind: "unknown"; readonly name: string }
	| { readonly kind: "invalid"; readonly path: string; readonly expected: string };

const FIELDS: readonly string[] = Object.freeze(["name", "arguments"]);

/** The payload of `command`: `{"name": …, "arguments": {…}}`. */
export function encodeCommand(command: Command): Uint8Array {
	const { name, ...rest } = command;
	const commandArguments = new Map<string, CBORValue>(Object.entries(rest));
	return encode(
		new Map<string, CBORValue>([
			["name", name],
			["arguments", commandArguments],
		]),
	);
}

export function decodeCommand(payload: Uint8Array): CommandRead {
	const read = readEncoded(payload, readParts);
	if (read.kind === "invalid") return read;
	const { name, fields } = read.value;
	const known = COMMAND_NAMES.find((candidate) => candidate === name);
	if (known === undefined) return { kind: "unknown", name };
	const command = readCommand(known, fields);
	return command.kind === "invalid" ? command : { kind: "valid", command: command.value };
}

function readParts(root: Field): { name: string; fields: Field } {
	return root.map(FIELDS, (fields) => ({
		name: fields.required("name").text({ min: 1, max: COMMAND_NAME_CHARACTERS_MAX }),
		fields: fields.required("arguments"),
	}));
}

function readCommand(name: CommandName, field: Field): FieldsRead<Command> {
	return readFields(
		field.value,
		(root) => {
			if (name === "set-interval") return root.map(["intervalMs"], readSetInterval);
			return root.map([], () => ({ name }));
		},
		field.path,
	);
}

function readSetInterval(fields: FieldReader): Command {
	const bounds = { min: SAMPLE_INTERVAL_MS_MIN, max: SAMPLE_INTERVAL_MS_MAX };
	return { name: "set-interval", intervalMs: fields.required("intervalMs").integer(bounds) };
}
