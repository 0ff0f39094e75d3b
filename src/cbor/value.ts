// The data model of the CBOR profile in FORMAT.md. Maps are `Map`: their keys are integers or text.

export type CBORKey = number | string;
export type CBORMap = ReadonlyMap<CBORKey, CBORValue>;
export type CBORValue =
	number | string | boolean | null | Uint8Array | readonly CBORValue[] | CBORMap | Tagged;

/** A value under a CBOR tag (RFC 8949 §3.4). */
export class Tagged {
	readonly tag: number;
	readonly value: CBORValue;

	constructor(tag: number, value: CBORValue) {
		this.tag = tag;
		this.value = value;
	}
}

export const MAJOR_UNSIGNED = 0;
export const MAJOR_NEGATIVE = 1;
export const MAJOR_BYTES = 2;
export const MAJOR_TEXT = 3;
export const MAJOR_ARRAY = 4;
export const MAJOR_MAP = 5;
export const MAJOR_TAG = 6;
export const MAJOR_SIMPLE = 7;
