// Decodes deterministic CBOR and refuses everything else: what `decode` accepts, `encode` gives
// back byte for byte. Lengths are checked against the bytes that are there before anything is
// allocated. It does not recurse: how deep a message nests is the sender's choice, and the engine's
// stack is small.

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
		const value = decoder.item();
		decoder.end();
		return { kind: "decoded", value };
	} catch (error) {
		// Whatever it was in is left in one step; only the decoder's own refusal is an answer.
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

interface OpenArray {
	readonly kind: "array";
	readonly value: CBORValue[];
	/** Items that are still to come. */
	left: number;
}

interface OpenMap {
	readonly kind: "map";
	readonly value: Map<CBORKey, CBORValue>;
	/** Entries that are still to come. */
	left: number;
	/** Where the next key begins. */
	start: number;
	/** There, while its value is still to come. */
	key?: CBORKey | undefined;
	/** The encoded key before. */
	previous?: Uint8Array;
}

interface OpenTag {
	readonly kind: "tag";
	/** Of no use: a tag is never empty. */
	readonly value: null;
	readonly left: number;
	readonly tag: number;
}

type Container = OpenArray | OpenMap | OpenTag;

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

	item(): CBORValue {
		/** From the outermost to the innermost; at most CBOR_DEPTH_MAX + 1. */
		const open: Container[] = [];
		for (;;) {
			let value = this.#begin(open);
			while (value !== undefined) {
				const container = open[open.length - 1];
				if (container === undefined) return value;
				value = this.#add(container, value);
				if (value !== undefined) open.pop();
			}
		}
	}

	/** Reads the head of an item: a whole value, or `undefined` where `open` has one to fill. */
	#begin(open: Container[]): CBORValue | undefined {
		if (open.length > CBOR_DEPTH_MAX) throw new Refusal("too-large");
		if (++this.#items > CBOR_ITEMS_MAX) throw new Refusal("too-large");
		const initial = this.#byte();
		const major = initial >> 5;
		const information = initial & 31;
		if (major === 7) return this.#simple(information);
		const argument = this.#argument(information);
		if (major < MAJOR_ARRAY) return this.#scalar(major, argument);
		const container = this.#container(major, argument);
		if (container.left === 0) return container.value;
		open.push(container);
		return undefined;
	}

	#scalar(major: number, argument: number): CBORValue {
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
			default:
				throw new Refusal("unsupported");
		}
	}

	#container(major: number, argument: number): Container {
		// Every item takes at least one byte: a larger count cannot be true.
		const left = major === MAJOR_TAG ? 1 : argument;
		switch (major) {
			case MAJOR_ARRAY:
				if (left > this.#left()) throw new Refusal("truncated");
				return { kind: "array", value: [], left };
			case MAJOR_MAP:
				if (left * 2 > this.#left()) throw new Refusal("truncated");
				return { kind: "map", value: new Map(), left, start: this.offset };
			case MAJOR_TAG:
				return { kind: "tag", value: null, left, tag: argument };
			default:
				throw new Refusal("unsupported");
		}
	}

	/** Puts `item` in. Gives the container's value once it is full. */
	#add(container: Container, item: CBORValue): CBORValue | undefined {
		if (container.kind === "tag") return new Tagged(container.tag, item);
		if (container.kind === "array") {
			container.value.push(item);
		} else if (container.key === undefined) {
			this.#addKey(container, item);
			return undefined;
		} else {
			container.value.set(container.key, item);
			container.key = undefined;
			container.start = this.offset;
		}
		container.left--;
		return container.left === 0 ? container.value : undefined;
	}

	#addKey(container: OpenMap, key: CBORValue): void {
		if (!isKey(key)) throw new Refusal("unsupported");
		const encoded = this.#bytes.subarray(container.start, this.offset);
		const { previous } = container;
		const order = previous === undefined ? -1 : compareBytes(previous, encoded);
		if (order === 0) throw new Refusal("duplicate-key");
		if (order > 0) throw new Refusal("not-deterministic");
		container.previous = encoded;
		container.key = key;
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
