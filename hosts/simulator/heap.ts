// The C heap of one board, as far as a TLS handshake feels it: how much is free, and how large the
// largest block is. Use breaks it into pieces; only a restart puts them together again.

import type { Health } from "../../src/ports.js";

/** What an ESP32 has left with Wi-Fi up and no connection. */
const FREE_BYTES = 140_000;
const LARGEST_BLOCK_BYTES = 65_536;
/** mbedTLS takes its input buffer in one piece, and about twice as much besides. */
export const HANDSHAKE_BLOCK_BYTES = 16_717;
const HANDSHAKE_BYTES = 42_000;
/** What a connection keeps when its handshake is over. */
const CONNECTION_BYTES = 26_000;

/** One TLS connection's memory. */
export interface HeapShare {
	/** The handshake is over. */
	settle(): void;
	free(): void;
}

export class Heap {
	/** Bytes by which each handshake makes the largest block smaller. */
	fragmentationBytes = 0;
	#freeBytes = FREE_BYTES;
	#largestBytes = LARGEST_BLOCK_BYTES;
	#leastFreeBytes = FREE_BYTES;
	#refusals = 0;

	/** Handshakes refused for lack of a block. */
	get refusals(): number {
		return this.#refusals;
	}

	get health(): Health {
		return {
			freeHeapBytes: this.#freeBytes,
			largestFreeBlockBytes: Math.min(this.#largestBytes, this.#freeBytes),
			minimumFreeHeapBytes: this.#leastFreeBytes,
		};
	}

	/** Memory for a handshake; `undefined` where there is no block that is large enough. */
	takeForHandshake(): HeapShare | undefined {
		const block = Math.min(this.#largestBytes, this.#freeBytes);
		if (block < HANDSHAKE_BLOCK_BYTES || this.#freeBytes < HANDSHAKE_BYTES) {
			this.#refusals++;
			return undefined;
		}
		this.#largestBytes = Math.max(0, this.#largestBytes - this.fragmentationBytes);
		let held = HANDSHAKE_BYTES;
		this.#take(held);
		return {
			settle: () => {
				if (held !== HANDSHAKE_BYTES) return;
				held = CONNECTION_BYTES;
				this.#take(CONNECTION_BYTES - HANDSHAKE_BYTES);
			},
			free: () => {
				this.#take(-held);
				held = 0;
			},
		};
	}

	/** From now on the largest block has `bytes`: "68 KB free", and no handshake. */
	fragment(bytes: number): void {
		this.#largestBytes = Math.min(this.#largestBytes, bytes);
	}

	/** Something else on the board takes `bytes`, or gives them back where negative. */
	#take(bytes: number): void {
		this.#freeBytes -= bytes;
		this.#leastFreeBytes = Math.min(this.#leastFreeBytes, this.#freeBytes);
	}

	/** The board restarts. */
	restart(): void {
		this.#freeBytes = FREE_BYTES;
		this.#largestBytes = LARGEST_BLOCK_BYTES;
		this.#leastFreeBytes = FREE_BYTES;
	}
}
