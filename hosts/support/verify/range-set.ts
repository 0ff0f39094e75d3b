// A set of sequence numbers as ascending ranges that do not touch. Bounded: where there would be
// more than `rangesMax` of them, the lowest two become one and everything up to there counts as a
// member.

export interface Range {
	readonly first: number;
	readonly last: number;
}

export class RangeSet {
	readonly #rangesMax: number;
	#mergedUpTo = -Infinity;
	#ranges: { first: number; last: number }[] = [];

	constructor(rangesMax: number) {
		this.#rangesMax = rangesMax;
	}

	has(value: number): boolean {
		const range = this.#ranges[this.#indexAt(value)];
		return range !== undefined && range.first <= value;
	}

	/**
	 * Whether `value` lies where ranges became one, so that it may count as a member without being
	 * added.
	 */
	isMerged(value: number): boolean {
		return value < this.#mergedUpTo;
	}

	/** Adds every number from `first` to `last`, none where `last` is smaller. */
	add(first: number, last = first): void {
		if (last < first) return;
		// From the first range that ends at or after our left neighbour …
		const from = this.#indexAt(first - 1);
		let to = from;
		let merged = { first, last };
		// … every range that touches ours becomes part of it.
		for (
			let range = this.#ranges[to];
			range && range.first <= last + 1;
			range = this.#ranges[++to]
		) {
			merged = {
				first: Math.min(range.first, merged.first),
				last: Math.max(range.last, merged.last),
			};
		}
		this.#ranges.splice(from, to - from, merged);
		if (this.#ranges.length > this.#rangesMax) {
			const [lowest, second] = this.#ranges as [Range, Range];
			this.#ranges.splice(0, 2, { first: lowest.first, last: second.last });
			this.#mergedUpTo = second.first;
		}
	}

	/** The ranges of numbers from `first` to `last` that are not in the set. */
	holes(first: number, last: number): Range[] {
		const holes: Range[] = [];
		let next = first;
		for (let index = this.#indexAt(first); next <= last; index++) {
			const range = this.#ranges[index] ?? { first: last + 1, last: last + 1 };
			if (range.first > next) holes.push({ first: next, last: Math.min(last, range.first - 1) });
			next = Math.max(next, range.last + 1);
		}
		return holes;
	}

	get first(): number | undefined {
		return this.#ranges[0]?.first;
	}

	get last(): number | undefined {
		return this.#ranges.at(-1)?.last;
	}

	get rangeCount(): number {
		return this.#ranges.length;
	}

	/** Index of the first range that ends at or after `value`. */
	#indexAt(value: number): number {
		let low = 0;
		let high = this.#ranges.length;
		while (low < high) {
			const middle = (low + high) >> 1;
			if ((this.#ranges[middle] as Range).last < value) low = middle + 1;
			else high = middle;
		}
		return low;
	}
}
