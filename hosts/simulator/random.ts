// Seeded generator: the only source of chance in the simulated world, so that one number replays a life.
// Not fit for keys.

import type { Entropy } from "../../src/ports.js";

/** xoshiro128** (Blackman and Vigna), its state spread from one 32-bit seed by SplitMix32. */
export class Random implements Entropy {
	readonly #state = new Uint32Array(4);

	constructor(seed: number) {
		let mixed = seed >>> 0;
		for (let index = 0; index < 4; index++) {
			mixed = (mixed + 0x9e3779b9) >>> 0;
			let word = Math.imul(mixed ^ (mixed >>> 16), 0x21f0aaad);
			word = Math.imul(word ^ (word >>> 15), 0x735a2d97);
			this.#state[index] = word ^ (word >>> 15);
		}
		this.#state[0] = (this.#state[0] as number) | 1; // the state of zeros is a fixed point
	}

	/** 32 random bits, unsigned. */
	uint32(): number {
		const state = this.#state;
		const [a, b, c, d] = state as unknown as [number, number, number, number];
		const result = Math.imul(rotateLeft(Math.imul(b, 5), 7), 9) >>> 0;
		state[2] = c ^ a;
		state[3] = d ^ b;
		state[1] = b ^ (state[2] as number);
		state[0] = a ^ (state[3] as number);
		state[2] = (state[2] as number) ^ (b << 9);
		state[3] = rotateLeft(state[3] as number, 11);
		return result;
	}

	/** A fraction, 0 ≤ value < 1. */
	fraction(): number {
		return this.uint32() / 0x100000000;
	}

	/** An integer, `least` ≤ value ≤ `most`. */
	integer(least: number, most: number): number {
		return least + Math.floor(this.fraction() * (most - least + 1));
	}

	/** True once in `count` times on average. */
	oneIn(count: number): boolean {
		return this.integer(1, count) === 1;
	}

	pick<T>(values: readonly T[]): T {
		if (values.length === 0) throw new RangeError("values: empty");
		return values[this.integer(0, values.length - 1)] as T;
	}

	bytes(length: number): Uint8Array {
		const bytes = new Uint8Array(length);
		this.fill(bytes);
		return bytes;
	}

	fill(bytes: Uint8Array): void {
		for (let index = 0; index < bytes.length; index++) bytes[index] = this.uint32() >>> 24;
	}

	/** A generator of its own: drawing from it does not disturb this one's sequence afterwards. */
	fork(): Random {
		return new Random(this.uint32());
	}
}

function rotateLeft(word: number, bits: number): number {
	return (word << bits) | (word >>> (32 - bits));
}
