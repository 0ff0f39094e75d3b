// Which boards have something that only a restart mends, and since when: a driver that hangs, or a
// heap without a block that is large enough for TLS.

import { TLS_HEAP_BLOCK_BYTES_MIN } from "../../../src/limits.js";
import type { SimulatedBoard } from "../board.js";

export class BrokenBoards {
	readonly #boards: readonly SimulatedBoard[];
	readonly #sinceMs = new Map<number, number>();

	constructor(boards: readonly SimulatedBoard[]) {
		this.#boards = boards;
	}

	/** Something broke that its memory does not show. */
	add(index: number): void {
		this.#sinceMs.set(index, this.#nowMs());
	}

	/** The board boots. Whether something was broken. */
	restarted(index: number): boolean {
		return this.#sinceMs.delete(index);
	}

	/** Until its next boot. */
	has(index: number): boolean {
		const { largestFreeBlockBytes: largest = Infinity } = this.#board(index).heap.health;
		if (largest < TLS_HEAP_BLOCK_BYTES_MIN && !this.#sinceMs.has(index)) this.add(index);
		return this.#sinceMs.has(index);
	}

	/** Milliseconds; 0 where nothing is broken. */
	forMs(index: number): number {
		return this.has(index) ? this.#nowMs() - (this.#sinceMs.get(index) as number) : 0;
	}

	#nowMs(): number {
		return this.#board(0).world.clock.monotonicMs();
	}

	#board(index: number): SimulatedBoard {
		return this.#boards[index] as SimulatedBoard;
	}
}
