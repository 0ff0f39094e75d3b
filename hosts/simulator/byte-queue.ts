// Bytes that wait to be read: chunks in, any number of bytes out.

import type { ByteSource } from "../../src/ports.js";
/** A copy, whatever it was. */
export function copyOf(source: ByteSource): Uint8Array {
	return source instanceof Uint8Array ? source.slice() : new Uint8Array(source.slice(0));
}

const NO_BYTES = new Uint8Array(0);

export class ByteQueue {
	#chunks: Uint8Array[] = [];
	/** How much of the first chunk has been read. */
	#offset = 0;
	#byteLength = 0;

	get byteLength(): number {
		return this.#byteLength;
	}

	/** Takes `bytes` over: nobody else may change them. */
	push(bytes: Uint8Array): void {
		if (bytes.length === 0) return;
		this.#chunks.push(bytes);
		this.#byteLength += bytes.length;
	}

	/** All bytes, or up to `most` of them: not to be changed, they may still be those pushed. */
	take(most = this.#byteLength): Uint8Array {
		const length = Math.min(most, this.#byteLength);
		this.#byteLength -= length;
		const first = this.#chunks[0];
		if (!first || length === 0) return NO_BYTES;
		const left = first.length - this.#offset;
		if (length > left) return this.#join(length);
		const start = this.#offset;
		this.#advance(length);
		return start === 0 && left === length ? first : first.subarray(start, start + length);
	}

	/** {@link take} in a buffer of its own, as sockets hand it out. */
	takeBuffer(most?: number): ArrayBuffer {
		const bytes = this.take(most);
		const { buffer } = bytes;
		return (buffer.byteLength === bytes.length ? buffer : bytes.slice().buffer) as ArrayBuffer;
	}

	clear(): void {
		this.#chunks = [];
		this.#offset = 0;
		this.#byteLength = 0;
	}

	/** `length` bytes of several chunks. */
	#join(length: number): Uint8Array {
		const joined = new Uint8Array(length);
		for (let at = 0; at < length;) {
			const chunk = this.#chunks[0] as Uint8Array;
			const part = chunk.subarray(this.#offset, this.#offset + length - at);
			joined.set(part, at);
			at += part.length;
			this.#advance(part.length);
		}
		return joined;
	}

	/** Within the first chunk. */
	#advance(length: number): void {
		this.#offset += length;
		if (this.#offset < (this.#chunks[0] as Uint8Array).length) return;
		this.#chunks.shift();
		this.#offset = 0;
	}
}
