// Bytes that wait to be read: chunks in, any number of bytes out.

import type { ByteSource } from "../../src/ports.js";
/** A copy, whatever it was. */
export function copyOf(source: ByteSource): Uint8Array {
	return source instanceof Uint8Array ? source.slice() : new Uint8Array(source.slice(0));
}

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

	/** All bytes, or up to `most` of them. Not to be changed where they may have been pushed. */
	take(most = this.#byteLength): Uint8Array {
		const length = Math.min(most, this.#byteLength);
		const first = this.#chunks[0];
		if (first && this.#offset === 0 && first.length === length) {
			this.#chunks.shift();
			this.#byteLength = this.#byteLength - length;
			return first;
		}
		const taken = new Uint8Array(length);
		for (let at = 0; at < length;) {
			const chunk = this.#chunks[0] as Uint8Array;
			const part = chunk.subarray(this.#offset, this.#offset + length - at);
			taken.set(part, at);
			at += part.length;
			this.#offset += part.length;
			if (this.#offset < chunk.length) break;
			this.#chunks.shift();
			this.#offset = 0;
		}
		this.#byteLength -= length;
		return taken;
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
}
