// Deterministic CBOR (RFC 8949 §4.2.1): shortest heads, shortest floats, map keys in bytewise order
// of their encoding. Numbers that are integers are always encoded as integers.

import { joinBytes } from "../bytes/arrays.js";
import { encodeUTF8 } from "../bytes/text.js";
import { CBOR_DEPTH_MAX } from "../limits.js";
import { encodeFloat } from "./float.js";
import {
	MAJOR_ARRAY,
	MAJOR_BYTES,
	MAJOR_MAP,
	MAJOR_NEGATIVE,
	MAJOR_SIMPLE,
	MAJOR_TAG,
	MAJOR_TEXT,
	MAJOR_UNSIGNED,
	Tagged,
	type CBORKey,
	type CBORMap,
	type CBORValue,
} from "./value.js";

/**
 * The deterministic encoding of `value`. Throws `RangeError` for what the profile does not hold:
 * NaN, infinities, integers and tags beyond ±(2^53 − 1), map keys that are neither integers nor
 * text, nesting deeper than CBOR_DEPTH_MAX.
 */
export function encode(value: CBORValue): Uint8Array {
	const parts: Uint8Array[] = [];
	append(parts, value, 0);
	return joinBytes(parts);
}

/** Orders two encoded keys bytewise (RFC 8949 §4.2.1). */
export function compareBytes(left: Uint8Array, right: Uint8Array): number {
	const length = Math.min(left.length, right.length);
	for (let index = 0; index < length; index++) {
		const difference = (left[index] as number) - (right[index] as number);
		if (difference !== 0) return difference;
	}
	return left.length - right.length;
}

/** Whether `value` can be a map key. Minus zero cannot: a `Map` would take it for zero. */
export function isKey(value: CBORValue): value is CBORKey {
	if (typeof value === "number") return Number.isInteger(value) && !Object.is(value, -0);
	return typeof value === "string";
}

function append(parts: Uint8Array[], value: CBORValue, depth: number): void {
	if (depth > CBOR_DEPTH_MAX) throw new RangeError("CBOR: nested too deeply");
	if (typeof value === "number") {
		parts.push(encodeNumber(value));
	} else if (typeof value === "string") {
		const bytes = encodeUTF8(value);
		parts.push(head(MAJOR_TEXT, bytes.length), bytes);
	} else if (typeof value === "boolean") {
		parts.push(head(MAJOR_SIMPLE, value ? 21 : 20));
	} else if (value === null) {
		parts.push(head(MAJOR_SIMPLE, 22));
	} else if (value instanceof Uint8Array) {
		parts.push(head(MAJOR_BYTES, value.length), value);
	} else if (value instanceof Tagged) {
		if (!Number.isSafeInteger(value.tag) || value.tag < 0)
			throw new RangeError("CBOR: no such tag");
		parts.push(head(MAJOR_TAG, value.tag));
		append(parts, value.value, depth + 1);
	} else if (Array.isArray(value)) {
		parts.push(head(MAJOR_ARRAY, value.length));
		const items = value as readonly CBORValue[];
		for (let index = 0; index < items.length; index++) {
			append(parts, items[index] as CBORValue, depth + 1);
		}
	} else {
		appendMap(parts, value as CBORMap, depth);
	}
}

function appendMap(parts: Uint8Array[], map: CBORMap, depth: number): void {
	const keys: Uint8Array[] = [];
	const values: CBORValue[] = [];
	map.forEach((value, key) => {
		if (!isKey(key)) throw new RangeError("CBOR: a map key is an integer or text");
		const bytes = typeof key === "number" ? encodeNumber(key) : encode(key);
		// Maps are small, and mostly written in their order already.
		let place = keys.length;
		while (place > 0 && compareBytes(keys[place - 1] as Uint8Array, bytes) > 0) place--;
		keys.splice(place, 0, bytes);
		values.splice(place, 0, value);
	});
	parts.push(head(MAJOR_MAP, keys.length));
	for (let index = 0; index < keys.length; index++) {
		parts.push(keys[index] as Uint8Array);
		append(parts, values[index] as CBORValue, depth + 1);
	}
}

function encodeNumber(value: number): Uint8Array {
	if (!Number.isInteger(value) || Object.is(value, -0)) return encodeFloat(value);
	if (!Number.isSafeInteger(value)) throw new RangeError("CBOR: integer beyond 2^53 - 1");
	return value >= 0 ? head(MAJOR_UNSIGNED, value) : head(MAJOR_NEGATIVE, -1 - value);
}

/** A major type with its argument in the shortest form. */
function head(major: number, argument: number): Uint8Array {
	const type = major << 5;
	if (argument < 24) return Uint8Array.of(type | argument);
	if (argument < 0x100) return Uint8Array.of(type | 24, argument);
	if (argument < 0x10000) return Uint8Array.of(type | 25, argument >> 8, argument & 0xff);
	const bytes = new Uint8Array(argument < 0x100000000 ? 5 : 9);
	const view = new DataView(bytes.buffer);
	if (bytes.length === 5) {
		view.setUint8(0, type | 26);
		view.setUint32(1, argument);
	} else {
		view.setUint8(0, type | 27);
		view.setUint32(1, Math.floor(argument / 0x100000000));
		view.setUint32(5, argument % 0x100000000);
	}
	return bytes;
}
