// Decodes deterministic CBOR and refuses everything else: what `decode` accepts, `encode` gives
// back byte for byte. Lengths are checked against the bytes that are there before anything is
// allocated.

import { decodeUTF8 } from "../bytes/text.js";
import { CBOR_DEPTH_MAX, CBOR_ITEMS_MAX } from "../limits.js";
import { compareBytes, encode, isKey } from "./encode.js";
import { halfValue } from "./float.js";
import {
	MAJOR_ARRAY,
	MAJOR_BYTES,
	MAJOR_MAP,
	MAJOR_NEGATIVE,
	MAJOR_TAG,
	MAJOR_TEXT,
	MAJOR_UNSIGNED,
	Tagged,
	type CBORKey,
	type CBORValue,
} from "./value.js";

export type CBORRejection =
	| "truncated" // ends inside an item
	| "trailing-bytes" // more than one item
	| "not-deterministic" // longer than need be, indefinite length, or keys out of order
	| "duplicate-key"
	| "invalid-utf8"
	| "unsupported" // a type, key or number outside the profile
	| "too-large"; // deeper or longer than limits.ts allows

export type Decoded =
	| { readonly kind: "decoded"; readonly value: CBORValue }
	| { readonly kind: "rejected"; readonly reason: CBORRejection; readonly offset: number };

/** Decodes the one item in `bytes`. Byte strings in the result are copies. */
export function decode(bytes: Uint8Array): Decoded {
	const decoder = new Decoder(bytes);
	try {
		const value = decoder.item(0);
		decoder.end();
		return { kind: "decoded", value };
	} catch (error) {
		// Recursion is left in one step; only the decoder's own refusal is an answer.
		if (error instanceof Refusal) {
			return { kind: "rejected", reason: error.reason, offset: decoder.offset };
		}
		throw error;
	}
}

class Refusal extends Error {
	readonly reason: CBORRejection;

	constructor(reason: CBORRejection) {
		super(reason);
		this.reason = reason;
	}
}

class Decoder {
	readonly #bytes: Uint8Array;
	readonly #view: DataView;
	#items = 0;
	offset = 0;

	constructor(bytes: Uint8Array) {
		this.#bytes = bytes;
		this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
	}

	end(): void {
		if (this.offset !== this.#bytes.length) throw new Refusal("trailing-bytes");
	}

	item(depth: number): CBORValue {
		if (depth > CBOR_DEPTH_MAX || ++this.#items > CBOR_ITEMS_MAX) throw new Refusal("too-large");
		const initial = this.#byte();
		const major = initial >> 5;
		const information = initial & 31;
		if (major === 7) return this.#simple(information);
		const argument = this.#argument(information);
		switch (major) {
			case MAJOR_UNSIGNED:
				return argument;
			case MAJOR_NEGATIVE:
				if (argument >= Number.MAX_SAFE_INTEGER) throw new Refusal("unsupported");
				return -1 - argument;
			case MAJOR_BYTES:
				return this.#slice(argument).slice();
			case MAJOR_TEXT: {
				const text = decodeUTF8(this.#slice(argument));
				if (text === undefined) throw new Refusal("invalid-utf8");
				return text;
			}
			case MAJOR_ARRAY:
				return this.#array(argument, depth);
			case MAJOR_MAP:
				return this.#map(argument, depth);
			case MAJOR_TAG:
				return new Tagged(argument, this.item(depth + 1));
			default:
				throw new Refusal("unsupported");
		}
	}

	#array(count: number, depth: number): CBORValue[] {
		// Every item takes at least one byte: a larger count cannot be true.
		if (count > this.#left()) throw new Refusal("truncated");
		const array: CBORValue[] = [];
		for (let index = 0; index < count; index++) array.push(this.item(depth + 1));
		return array;
	}

	#map(count: number, depth: number): Map<CBORKey, CBORValue> {
		if (count * 2 > this.#left()) throw new Refusal("truncated");
		const map = new Map<CBORKey, CBORValue>();
		let previous: Uint8Array | undefined;
		for (let index = 0; index < count; index++) {
			const start = this.offset;
			const key = this.item(depth + 1);
			if (!isKey(key)) throw new Refusal("unsupported");
			const encoded = this.#bytes.subarray(start, this.offset);
			const order = previous === undefined ? -1 : compareBytes(previous, encoded);
			if (order === 0) throw new Refusal("duplicate-key");
			if (order > 0) throw new Refusal("not-deterministic");
			previous = encoded;
			map.set(key, this.item(depth + 1));
		}
		return map;
	}

	#simple(information: number): CBORValue {
		switch (information) {
			case 20:
				return false;
			case 21:
				return true;
			case 22:
				return null;
			case 25:
			case 26:
			case 27:
				return this.#float(information);
			case 31:
				throw new Refusal("not-deterministic");
			default:
				throw new Refusal("unsupported");
		}
	}

	#float(information: number): number {
		const start = this.offset - 1;
		const width = 1 << (information - 24);
		this.#require(width);
		const value =
			width === 2
				? halfValue(this.#view.getUint16(this.offset))
				: width === 4
					? this.#view.getFloat32(this.offset)
					: this.#view.getFloat64(this.offset);
		this.offset += width;
		if (!Number.isFinite(value)) throw new Refusal("unsupported");
		if (Number.isInteger(value) && !Number.isSafeInteger(value)) throw new Refusal("unsupported");
		// The shortest form, and no integer in a float's clothes.
		if (compareBytes(encode(value), this.#bytes.subarray(start, this.offset)) !== 0) {
			throw new Refusal("not-deterministic");
		}
		return value;
	}

	#argument(information: number): number {
		if (information < 24) return information;
		if (information === 31) throw new Refusal("not-deterministic");
		if (information > 27) throw new Refusal("unsupported");
		const width = 1 << (information - 24);
		this.#require(width);
		let value = 0;
		for (let index = 0; index < width; index++) value = value * 256 + this.#byte();
		const least = width === 1 ? 24 : 2 ** (width * 4);
		if (value < least) throw new Refusal("not-deterministic");
		if (!Number.isSafeInteger(value)) throw new Refusal("unsupported");
		return value;
	}

	#slice(length: number): Uint8Array {
		this.#require(length);
		this.offset += length;
		return this.#bytes.subarray(this.offset - length, this.offset);
	}

	#byte(): number {
		this.#require(1);
		return this.#bytes[this.offset++] as number;
	}

	#require(length: number): void {
		if (length > this.#left()) throw new Refusal("truncated");
	}

	#left(): number {
		return this.#bytes.length - this.offset;
	}
}
