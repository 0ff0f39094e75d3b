// Argument checks shared by the classes of this host: each throws with the name of the wrong
// option.
import type { ByteSource } from "../../src/ports.js";

/** `options` itself, which must be an object. */
export function checkOptions<T extends object>(options: T): T {
	if (typeof options !== "object" || options === null)
		throw new TypeError("options: not an object");
	return options;
}

export function checkCallback(callback: unknown, name: string): void {
	if (callback !== undefined && typeof callback !== "function") {
		throw new TypeError(`${name}: not a function`);
	}
}

export function checkString(value: unknown, name: string): string {
	if (typeof value !== "string" || value === "") throw new TypeError(`${name}: not a string`);
	return value;
}

export function checkInteger(value: unknown, name: string, least: number, most: number): number {
	if (typeof value !== "number" || !Number.isInteger(value)) {
		throw new TypeError(`${name}: not an integer`);
	}
	if (value < least || value > most) throw new RangeError(`${name}: not in ${least}..${most}`);
	return value;
}

/** A copy of `source`: the caller may reuse its own at once. */
export function copyBytes(source: ByteSource, name = "bytes"): Buffer {
	if (source instanceof ArrayBuffer) return Buffer.from(new Uint8Array(source));
	if (source instanceof Uint8Array) return Buffer.from(source);
	throw new TypeError(`${name}: neither ArrayBuffer nor Uint8Array`);
}

/** The bytes of `buffer` as an ArrayBuffer of their own. */
export function arrayBufferOf(buffer: Uint8Array): ArrayBuffer {
	return new Uint8Array(buffer).buffer;
}

/** The optional argument of `read`: a count of bytes. */
export function checkByteLength(byteLength: number | undefined): void {
	if (byteLength !== undefined && (!Number.isInteger(byteLength) || byteLength < 0)) {
		throw new RangeError("byteLength: not a count of bytes");
	}
}
