// How values spread, in little memory: counts in buckets of a few per cent, and the worst value as
// it was. Spreads of many lives add up to one.

/** Buckets per doubling: a median is right within 2.2 %. */
const BUCKETS_PER_DOUBLING = 32;

/** As JSON has it. */
export interface SpreadValue {
	readonly count: number;
	readonly worst: number;
	/** Bucket and count, in order. */
	readonly buckets: readonly (readonly [number, number])[];
}

export class Spread {
	readonly #buckets = new Map<number, number>();
	#count = 0;
	#worst = 0;

	static of(value: SpreadValue): Spread {
		const spread = new Spread();
		spread.merge(value);
		return spread;
	}

	add(value: number): void {
		const bucket = bucketOf(value);
		this.#buckets.set(bucket, (this.#buckets.get(bucket) ?? 0) + 1);
		this.#count++;
		if (value > this.#worst) this.#worst = value;
	}

	merge(other: SpreadValue): void {
		for (const [bucket, count] of other.buckets) {
			this.#buckets.set(bucket, (this.#buckets.get(bucket) ?? 0) + count);
		}
		this.#count += other.count;
		this.#worst = Math.max(this.#worst, other.worst);
	}

	get count(): number {
		return this.#count;
	}

	get worst(): number {
		return this.#worst;
	}

	/** `undefined` of nothing. */
	get median(): number | undefined {
		let left = Math.ceil(this.#count / 2);
		for (const [bucket, count] of this.#sorted()) {
			left -= count;
			if (left <= 0) return Math.min(this.#worst, middleOf(bucket));
		}
		return undefined;
	}

	toJSON(): SpreadValue {
		return { count: this.#count, worst: this.#worst, buckets: this.#sorted() };
	}

	#sorted(): [number, number][] {
		return [...this.#buckets].sort(([left], [right]) => left - right);
	}
}

function bucketOf(value: number): number {
	return Math.round(Math.log2(Math.max(0, value) + 1) * BUCKETS_PER_DOUBLING);
}

function middleOf(bucket: number): number {
	return Math.round(2 ** (bucket / BUCKETS_PER_DOUBLING) - 1);
}
