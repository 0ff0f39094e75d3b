// Schema checks on decoded CBOR: typed reading of maps and lists that reports the dotted path of
// the first wrong field and what was expected there. Unknown fields are refused.

import { assert } from "../assert.js";
import { decode } from "./decode.js";
import type { CBORKey, CBORMap, CBORValue } from "./value.js";

export type FieldsRead<Value> =
	| { readonly kind: "valid"; readonly value: Value }
	/**
	 * `path` is like `servers[1].port`; empty for the value as a whole. Neither holds peer data.
	 */
	| { readonly kind: "invalid"; readonly path: string; readonly expected: string };

/** Inclusive bounds: of a number, or of a length. */
export interface Bounds {
	readonly min: number;
	readonly max: number;
}

/**
 * Reads `value` with `read`, whose {@link Field} methods refuse what does not fit. The first
 * refusal ends the reading and becomes the answer.
 *
 *     readFields(value, (root) =>
 *         root.map(["host", "port"], (fields) => ({
 *             host: fields.required("host").text({ min: 1, max: 253 }),
 *             port: fields.optional("port")?.integer({ min: 1, max: 65535 }),
 *         })),
 *     );
 */
export function readFields<Value>(
	value: CBORValue,
	read: (root: Field) => Value,
	path = "",
): FieldsRead<Value> {
	try {
		return { kind: "valid", value: read(new Field(value, path)) };
	} catch (error) {
		// Nested readers are left in one step; only their own refusal is an answer.
		if (error instanceof FieldRefusal) {
			return { kind: "invalid", path: error.path, expected: error.expected };
		}
		throw error;
	}
}

/** {@link readFields} of the one item in `bytes`. */
export function readEncoded<Value>(
	bytes: Uint8Array,
	read: (root: Field) => Value,
): FieldsRead<Value> {
	const decoded = decode(bytes);
	if (decoded.kind === "decoded") return readFields(decoded.value, read);
	return { kind: "invalid", path: "", expected: `deterministic CBOR (${decoded.reason})` };
}

/** One value and where it was found. Use it only inside {@link readFields}. */
export class Field {
	readonly value: CBORValue;
	readonly #above: Field | string;
	readonly #key: CBORKey | undefined;

	/** `above` is the path, or, with `key`, what holds this value under that key. */
	constructor(value: CBORValue, above: Field | string, key?: CBORKey) {
		this.value = value;
		this.#above = above;
		this.#key = key;
	}

	/** Put together when it is asked for: most fields are right, and nobody asks. */
	get path(): string {
		const above = typeof this.#above === "string" ? this.#above : this.#above.path;
		return this.#key === undefined ? above : join(above, this.#key);
	}

	/** Refuses this field: for what the other methods cannot judge. */
	refuse(expected: string): never {
		throw new FieldRefusal(this.path, expected);
	}

	/** Text of `min` to `max` UTF-16 code units, all of them in `alphabet` where one is given. */
	text(bounds: Bounds, alphabet?: string): string {
		const expected = `text of ${range(bounds)} characters`;
		if (typeof this.value !== "string") this.refuse(expected);
		if (!within(this.value.length, bounds)) this.refuse(expected);
		for (let index = 0; alphabet !== undefined && index < this.value.length; index++) {
			if (!alphabet.includes(this.value.charAt(index))) this.refuse(`${expected} of ${alphabet}`);
		}
		return this.value;
	}

	integer(bounds: Bounds): number {
		const value = this.value;
		if (typeof value !== "number" || !Number.isInteger(value) || !within(value, bounds)) {
			this.refuse(`an integer of ${range(bounds)}`);
		}
		return value;
	}

	/** Any finite number. */
	number(): number {
		if (typeof this.value !== "number") this.refuse("a number");
		return this.value;
	}

	boolean(): boolean {
		if (typeof this.value !== "boolean") this.refuse("true or false");
		return this.value;
	}

	bytes(bounds: Bounds): Uint8Array {
		const value = this.value;
		if (!(value instanceof Uint8Array) || !within(value.length, bounds)) {
			this.refuse(`a byte string of ${range(bounds)} bytes`);
		}
		return value;
	}

	oneOf<Choice extends string | number>(choices: readonly Choice[]): Choice {
		for (const choice of choices) {
			if (this.value === choice) return choice;
		}
		this.refuse(`one of ${choices.join(", ")}`);
	}

	list<Item>(bounds: Bounds, readItem: (item: Field, index: number) => Item): Item[] {
		const value = this.value;
		if (!Array.isArray(value) || !within(value.length, bounds)) {
			this.refuse(`a list of ${range(bounds)} items`);
		}
		return (value as readonly CBORValue[]).map((item, index) =>
			readItem(new Field(item, `${this.path}[${index}]`), index),
		);
	}

	/** A map whose keys are all in `allowed`. */
	map<Value>(allowed: readonly CBORKey[], read: (fields: FieldReader) => Value): Value {
		return read(new FieldReader(this.#asMap(), allowed, this));
	}

	/** A map with text keys of the peer's own choice, at most `max` of them. */
	entries<Item>(max: number, readItem: (key: string, item: Field) => Item): Item[] {
		const map = this.#asMap();
		if (map.size > max) this.refuse(`a map of at most ${max} entries`);
		return Array.from(map, ([key, item]) => {
			if (typeof key !== "string") this.refuse("a map with text keys");
			return readItem(key, new Field(item, this, key));
		});
	}

	#asMap(): CBORMap {
		const value = this.value;
		if (!(value instanceof Map)) this.refuse("a map");
		return value as CBORMap;
	}
}

/** The fields of one map. */
export class FieldReader {
	readonly #map: CBORMap;
	readonly #allowed: readonly CBORKey[];
	readonly #owner: Field;

	constructor(map: CBORMap, allowed: readonly CBORKey[], owner: Field) {
		this.#map = map;
		this.#allowed = allowed;
		this.#owner = owner;
		for (const key of map.keys()) {
			if (!allowed.includes(key)) {
				throw new FieldRefusal(
					join(owner.path, key),
					`no such field; known: ${allowed.join(", ")}`,
				);
			}
		}
	}

	required(key: CBORKey): Field {
		const field = this.optional(key);
		if (field === undefined)
			throw new FieldRefusal(join(this.#owner.path, key), "a value: it is missing");
		return field;
	}

	/** The field, or `undefined` where the map has none: `fields.optional("port")?.integer(…)`. */
	optional(key: CBORKey): Field | undefined {
		assert(this.#allowed.includes(key), "a field that is read is an allowed one");
		const value = this.#map.get(key);
		return value === undefined ? undefined : new Field(value, this.#owner, key);
	}
}

class FieldRefusal extends Error {
	readonly path: string;
	readonly expected: string;

	constructor(path: string, expected: string) {
		super("field refused");
		this.path = path;
		this.expected = expected;
	}
}

const NAME_CHARACTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_/+.";
const NAME_CHARACTERS_MAX = 40;

/** A key may come from a peer, and a path goes into logs: odd keys are shown as `?`. */
function join(path: string, key: CBORKey): string {
	const name = String(key);
	let isPlain = name.length > 0 && name.length <= NAME_CHARACTERS_MAX;
	for (let index = 0; isPlain && index < name.length; index++) {
		isPlain = NAME_CHARACTERS.includes(name.charAt(index));
	}
	const shown = isPlain ? name : "?";
	return path === "" ? shown : `${path}.${shown}`;
}

function within(value: number, bounds: Bounds): boolean {
	return value >= bounds.min && value <= bounds.max;
}

function range(bounds: Bounds): string {
	return bounds.min === bounds.max ? String(bounds.min) : `${bounds.min} to ${bounds.max}`;
}
