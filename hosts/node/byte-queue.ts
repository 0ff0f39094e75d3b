// Received bytes waiting for `read`. Bounded by its owner, which stops receiving when it holds
// enough.
import { arrayBufferOf, checkByteLength } from "./checks.js";

export class ByteQueue {
	readonly #chunks: Buffer[] = [];
	#byteLength = 0;

	get byteLength(): number {
		return this.#byteLength;
	}

	push(chunk: Uint8Array): void {
		if (chunk.length === 0) return;
		this.#chunks.push(Buffer.from(chunk));
		this.#byteLength += chunk.length;
	}

	/** Up to `byteLength` bytes from the front (all of them without it); `undefined` when empty. */
	read(byteLength?: number): ArrayBuffer | undefined {
		checkByteLength(byteLength);
		if (this.#byteLength === 0 || byteLength === 0) return undefined;
		const all =
			this.#chunks.length === 1 ? (this.#chunks[0] as Buffer) : Buffer.concat(this.#chunks);
		const count = Math.min(byteLength ?? all.length, all.length);
		this.#chunks.length = 0;
		if (count < all.length) this.#chunks.push(all.subarray(count));
		this.#byteLength = all.length - count;
		return arrayBufferOf(all.subarray(0, count));
	}

	clear(): void {
		this.#chunks.length = 0;
		this.#byteLength = 0;
	}
}
