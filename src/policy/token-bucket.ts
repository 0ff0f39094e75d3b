// A token bucket: so much at once, so much a second. Pure: the caller gives the time. It may be
// overdrawn by one act whose cost is known only afterwards; the debt is then waited for.

import { assert } from "../assert.js";

export interface BucketSize {
	/** Tokens of a full bucket. */
	readonly burst: number;
	readonly perSecond: number;
}

export class TokenBucket {
	readonly #size: BucketSize;
	#level: number;
	#atMs: number;

	/** Full at `nowMs`, in monotonic milliseconds as everywhere here. */
	constructor(size: BucketSize, nowMs: number) {
		assert(size.burst > 0 && size.perSecond > 0, "a bucket holds something and is refilled");
		this.#size = size;
		this.#level = size.burst;
		this.#atMs = nowMs;
	}

	/** Takes `count` tokens, whether they are there or not. No debt is larger than a full bucket. */
	spend(count: number, nowMs: number): void {
		this.#refill(nowMs);
		this.#level = Math.max(this.#level - count, -this.#size.burst);
	}

	/** Whole tokens that are there. */
	available(nowMs: number): number {
		this.#refill(nowMs);
		return Math.max(0, Math.floor(this.#level));
	}

	isOverdrawn(nowMs: number): boolean {
		this.#refill(nowMs);
		return this.#level < 0;
	}

	/** Whole milliseconds until `count` tokens are there; 0 when they are. */
	waitMs(count: number, nowMs: number): number {
		this.#refill(nowMs);
		const missing = Math.max(0, count - this.#level);
		return Math.ceil((missing * 1000) / this.#size.perSecond);
	}

	#refill(nowMs: number): void {
		const elapsedMs = Math.max(0, nowMs - this.#atMs);
		const { burst, perSecond } = this.#size;
		this.#level = Math.min(burst, this.#level + (elapsedMs * perSecond) / 1000);
		this.#atMs = nowMs;
	}
}
