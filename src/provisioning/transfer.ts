// Long content in short messages, in both directions. A transfer to the device is named by its
// SHA-256, so that it goes on where it stopped and is whole when it is done.

import { equalBytes } from "../bytes/arrays.js";
import { PROVISIONING_CHUNK_BYTES } from "../limits.js";
import type { Crypto } from "../ports.js";

/** What comes in. Holds passwords: it is wiped when it is given up. */
export class IncomingTransfer {
	readonly #digest: Uint8Array;
	readonly #bytes: Uint8Array;
	#received = 0;

	/** `total` is within the limit of what is transferred: the caller has checked it. */
	constructor(digest: Uint8Array, total: number) {
		this.#digest = digest.slice();
		this.#bytes = new Uint8Array(total);
	}

	/** Bytes there from the start on: the offset to go on from. */
	get received(): number {
		return this.#received;
	}

	isOf(digest: Uint8Array, total: number): boolean {
		return this.#bytes.length === total && equalBytes(this.#digest, digest);
	}

	/** Takes a chunk. One that came before changes nothing; one after a gap is refused. */
	accept(offset: number, chunk: Uint8Array): boolean {
		const end = offset + chunk.length;
		if (offset > this.#received || end > this.#bytes.length) return false;
		if (end > this.#received) {
			this.#bytes.set(chunk, offset);
			this.#received = end;
		}
		return true;
	}

	/** The content, where it is complete and is what `digest` names. */
	content(digest: Uint8Array, crypto: Pick<Crypto, "sha256">): Uint8Array | undefined {
		if (this.#received !== this.#bytes.length || !equalBytes(this.#digest, digest))
			return undefined;
		const actual = new Uint8Array(crypto.sha256(this.#bytes));
		return equalBytes(actual, digest) ? this.#bytes : undefined;
	}

	/** To be sent again from the start: what came was not what the digest names. */
	restart(): void {
		this.#received = 0;
	}

	wipe(): void {
		this.#bytes.fill(0);
		this.#received = 0;
	}
}

/** The part of `content` that an answer carries for `offset`. `undefined` beyond its end. */
export function outgoingChunk(
	content: Uint8Array,
	offset: number,
): { readonly offset: number; readonly total: number; readonly bytes: Uint8Array } | undefined {
	if (offset >= content.length) return undefined;
	const bytes = content.slice(offset, offset + PROVISIONING_CHUNK_BYTES);
	return { offset, total: content.length, bytes };
}
