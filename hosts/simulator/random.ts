// Seeded generator: the only source of chance in the simulated world, so that one number replays a
// life. Not fit for keys.

import type { Entropy } from "../../src/ports.js";

/** xoshiro128** (Blackman and Vigna), its state spread from one 32-bit seed by SplitMix32. */
export class Random implements Entropy {
	#a: number;
	#b: number;
	#c: number;
	#d: number;

	constructor(seed: number) {
		let mixed = seed >>> 0;
		const word = (): number => {
			mixed = (mixed + 0x9e3779b9) >>> 0;
			let bits = Math.imul(mixed ^ (mixed >>> 16), 0x21f0aaad);
			bits = Math.imul(bits ^ (bits >>> 15), 0x735a2d97);
			return bits ^ (bits >>> 15);
		};
		this.#a = word() | 1; // a state of zeros only would stay there
		this.#b = word();
		this.#c = word();
		this.#d = word();
	}

	/** 32 random bits, unsigned. */
	uint32(): number {
		const b = this.#b;
		const result = Math.imul(rotateLeft(Math.imul(b, 5), 7), 9) >>> 0;
		this.#c ^= this.#a;
		this.#d ^= b;
		this.#b ^= this.#c;
		this.#a ^= this.#d;
		this.#c ^= b << 9;
		this.#d = rotateLeft(this.#d, 11);
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
		for (let index = 0; index < bytes.length; index += 4) {
			const word = this.uint32();
			for (let byte = 0; byte < 4 && index + byte < bytes.length; byte++) {
				bytes[index + byte] = word >>> (byte * 8);
			}
		}
	}

	/** A generator of its own: drawing from it does not disturb this one's sequence afterwards. */
	fork(): Random {
		return new Random(this.uint32());
	}
}

function rotateLeft(word: number, bits: number): number {
	return (word << bits) | (word >>> (32 - bits));
}
