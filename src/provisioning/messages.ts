// Requests and answers of the provisioning protocol (PROTOCOL.md) and their CBOR. Both sides use
// this file; what a request does is not known here.

import { deepFreeze } from "../deep-freeze.js";
import { decode } from "../cbor/decode.js";
import { encode } from "../cbor/encode.js";
import { readFields, type Field, type FieldReader, type FieldsRead } from "../cbor/fields.js";
import type { CBORKey, CBORValue } from "../cbor/value.js";
import {
	CONFIGURATION_BYTES_MAX,
	DEVICE_ID_LENGTH_MAX,
	FIRMWARE_VERSION_CHARACTERS_MAX,
	HARDWARE_ID_CHARACTERS_MAX,
	PROVISIONING_CHUNK_BYTES,
	PROVISIONING_MESSAGE_BYTES_MAX,
	PROVISIONING_NONCE_BYTES,
} from "../limits.js";

export const PROTOCOL_VERSION = 1;

/** Wire numbers of the requests. An answer carries the number of its request, or TYPE_ERROR. */
export const REQUEST_TYPES = deepFreeze({
	hello: 1,
	status: 2,
	challenge: 3,
	keys: 4,
	request: 5,
	begin: 6,
	chunk: 7,
	commit: 8,
	prove: 9,
	lock: 10,
	unlock: 11,
});
export type RequestName = keyof typeof REQUEST_TYPES;
const TYPE_ERROR = 0;

const VERSION = 0;
const ID = 1;
const TYPE = 2;

/** Every field that a message can have, with its wire number. One set for requests and answers. */
const FIELD_KEYS = deepFreeze({
	offset: 3,
	total: 4,
	bytes: 5,
	digest: 6,
	nonce: 7,
	deviceId: 8,
	hardwareId: 9,
	state: 10,
	publicKey: 11,
	keyName: 12,
	firmware: 13,
	configurationVersion: 14,
	role: 15,
	code: 16,
	path: 17,
	expected: 18,
});

/** The state of a device as hello tells it; on the wire its place in this list. */
export const PROVISIONING_STATES = deepFreeze(["new", "committed", "locked"]);
/** "new": it has no configuration. */
export type ProvisioningState = (typeof PROVISIONING_STATES)[number];

/** What became of a configuration; on the wire its place in this list. */
export const ROLES = deepFreeze(["active", "candidate"]);
export type Role = (typeof ROLES)[number];

/** Stable names of what a device answers instead of doing what was asked. */
export type ProvisioningErrorCode =
	| "version" // another version of the protocol; `expected` has ours
	| "malformed" // not a request; `path` has the field
	| "locked" // the device answers this only after an unlock
	| "step" // a step that this one needs has not been done
	| "device-id" // the device has another name, for ever
	| "offset" // a gap in a transfer; `expected` has the offset to go on from
	| "digest" // the transfer is not complete, or its digest is another
	| "configuration" // `path` and `expected` say which field is wrong
	| "storage" // `expected` has the storage error's code
	| "unlock"; // the operator's message was refused; `expected` has the reason

export interface MessageFields {
	readonly offset?: number;
	readonly total?: number;
	readonly bytes?: Uint8Array;
	readonly digest?: Uint8Array;
	readonly nonce?: Uint8Array;
	readonly deviceId?: string;
	readonly hardwareId?: string;
	readonly state?: ProvisioningState;
	readonly publicKey?: Uint8Array;
	readonly keyName?: string;
	readonly firmware?: string;
	readonly configurationVersion?: number;
	readonly role?: Role;
	readonly code?: ProvisioningErrorCode;
	readonly path?: string;
	readonly expected?: string;
}

/** `name` is "error" for an answer that refuses; for everything else it is the request's name. */
export interface Message {
	readonly id: number;
	readonly name: RequestName | "error";
	readonly fields: MessageFields;
}

export type MessageRead =
	| { readonly kind: "valid"; readonly message: Message }
	/** `id` is 0 where not even that could be read. */
	| {
			readonly kind: "invalid";
			readonly id: number;
			readonly code: "version" | "malformed";
			readonly path: string;
			readonly expected: string;
	  };

/** Characters of a path in an answer: one that is longer is made of a peer's odd names. */
const PATH_CHARACTERS_MAX = 56;

/** The message's bytes. A refusal's texts are cut where the message would be too long. */
export function encodeMessage(message: Message): Uint8Array {
	const { fields } = message;
	if (fields.path !== undefined && fields.path.length > PATH_CHARACTERS_MAX) {
		const path = fields.path.slice(0, PATH_CHARACTERS_MAX);
		return encodeMessage({ ...message, fields: { ...fields, path } });
	}
	const bytes = encode(messageMap(message));
	const excess = bytes.length - PROVISIONING_MESSAGE_BYTES_MAX;
	if (excess <= 0 || fields.expected === undefined) return bytes;
	const expected = fields.expected.slice(0, Math.max(0, fields.expected.length - excess));
	return encode(messageMap({ ...message, fields: { ...fields, expected } }));
}

function messageMap(message: Message): ReadonlyMap<CBORKey, CBORValue> {
	const type = message.name === "error" ? TYPE_ERROR : REQUEST_TYPES[message.name];
	const map = new Map<CBORKey, CBORValue>([
		[VERSION, PROTOCOL_VERSION],
		[ID, message.id],
		[TYPE, type],
	]);
	const { state, role } = message.fields;
	const fields = {
		...message.fields,
		...(state !== undefined && { state: PROVISIONING_STATES.indexOf(state) }),
		...(role !== undefined && { role: ROLES.indexOf(role) }),
	};
	for (const [name, value] of Object.entries(fields)) {
		if (value !== undefined) map.set(FIELD_KEYS[name as keyof MessageFields], value as CBORValue);
	}
	return map;
}

export function decodeMessage(bytes: Uint8Array): MessageRead {
	const decoded = decode(bytes);
	const map = decoded.kind === "decoded" ? decoded.value : undefined;
	if (!(map instanceof Map)) {
		return { kind: "invalid", id: 0, code: "malformed", path: "", expected: "a map" };
	}
	const given = (map as ReadonlyMap<CBORKey, CBORValue>).get(ID);
	const id = typeof given === "number" && isId(given) ? given : 0;
	if (map.get(VERSION) !== PROTOCOL_VERSION) {
		return { kind: "invalid", id, code: "version", path: "version", expected: "1" };
	}
	const read = readMessage(map as CBORValue);
	if (read.kind === "valid") return { kind: "valid", message: read.value };
	const { path, expected } = read;
	return { kind: "invalid", id, code: "malformed", path: nameOfPath(path), expected };
}

function isId(value: number): boolean {
	return Number.isInteger(value) && value >= 1 && value <= 0xffffffff;
}

function readMessage(value: CBORValue): FieldsRead<Message> {
	const keys = [VERSION, ID, TYPE, ...Object.values(FIELD_KEYS)];
	return readFields(value, (root) =>
		root.map(keys, (fields) => {
			const id = fields.required(ID).integer({ min: 1, max: 0xffffffff });
			const types = [TYPE_ERROR, ...Object.values(REQUEST_TYPES)];
			const type = fields.required(TYPE).oneOf(types);
			const name = REQUEST_NAMES.find((each) => REQUEST_TYPES[each] === type) ?? "error";
			return { id, name, fields: readMessageFields(fields) };
		}),
	);
}

const REQUEST_NAMES = Object.freeze(Object.keys(REQUEST_TYPES)) as readonly RequestName[];

function readMessageFields(fields: FieldReader): MessageFields {
	const optional = (key: keyof MessageFields) => fields.optional(FIELD_KEYS[key]);
	const nonce = { min: PROVISIONING_NONCE_BYTES, max: PROVISIONING_NONCE_BYTES };
	const read = {
		offset: optional("offset")?.integer({ min: 0, max: CONFIGURATION_BYTES_MAX }),
		total: optional("total")?.integer({ min: 1, max: CONFIGURATION_BYTES_MAX }),
		bytes: optional("bytes")?.bytes({ min: 1, max: PROVISIONING_CHUNK_BYTES }),
		digest: optional("digest")?.bytes({ min: 32, max: 32 }),
		nonce: optional("nonce")?.bytes(nonce),
		deviceId: optional("deviceId")?.text({ min: 1, max: DEVICE_ID_LENGTH_MAX }),
		hardwareId: optional("hardwareId")?.text({ min: 1, max: HARDWARE_ID_CHARACTERS_MAX }),
		state: readChoice(optional("state"), PROVISIONING_STATES),
		publicKey: optional("publicKey")?.bytes({ min: 32, max: 32 }),
		keyName: optional("keyName")?.text({ min: 1, max: 15 }),
		firmware: optional("firmware")?.text({ min: 0, max: FIRMWARE_VERSION_CHARACTERS_MAX }),
		configurationVersion: optional("configurationVersion")?.integer({ min: 1, max: 255 }),
		role: readChoice(optional("role"), ROLES),
		code: optional("code")?.text({ min: 1, max: 24 }),
		path: optional("path")?.text({ min: 0, max: PROVISIONING_MESSAGE_BYTES_MAX }),
		expected: optional("expected")?.text({ min: 0, max: PROVISIONING_MESSAGE_BYTES_MAX }),
	};
	const present = Object.entries(read).filter(([, value]) => value !== undefined);
	return Object.fromEntries(present) as MessageFields;
}

function readChoice<Choice>(
	field: Field | undefined,
	choices: readonly Choice[],
): Choice | undefined {
	return field && choices[field.integer({ min: 0, max: choices.length - 1 })];
}

/** Paths are told in words: a wire number says nothing to a person. */
function nameOfPath(path: string): string {
	const names: readonly (readonly [string, number])[] = [
		...Object.entries(FIELD_KEYS),
		...([
			["id", ID],
			["type", TYPE],
		] as const),
	];
	return names.find(([, key]) => String(key) === path)?.[0] ?? path;
}
