// What one device accepted, and what became of it: delivered, named in a signed gap record, or
// still in its flash. It follows facts from outside the device's own bookkeeping.

export interface StatedGap {
	readonly first: number;
	readonly last: number;
	readonly count: number;
}

export class MessageLedger {
	/** Accepted, and neither delivered nor explained so far. Ascending: sequences only grow. */
	readonly #open = new Set<number>();
	readonly #delivered = new Set<number>();
	readonly #gaps: StatedGap[] = [];
	#newest = 0;
	accepted = 0;
	duplicates = 0;
	gapRecords = 0;

	/** The device said that `sequence` is durable. False: its numbers do not grow. */
	accept(sequence: number): boolean {
		if (sequence <= this.#newest) return false;
		this.#newest = sequence;
		this.accepted++;
		if (!this.#delivered.has(sequence)) this.#open.add(sequence);
		return true;
	}

	/** The receiver verified `sequence`, for the first time or again. */
	deliver(sequence: number): void {
		if (this.#delivered.has(sequence)) {
			this.duplicates++;
			return;
		}
		this.#delivered.add(sequence);
		this.#open.delete(sequence);
	}

	/** The receiver verified a gap record. A later one repeats what an earlier one said. */
	explain(gap: StatedGap): void {
		this.gapRecords++;
		this.#gaps.push(gap);
	}

	hasDelivered(sequence: number): boolean {
		return this.#delivered.has(sequence);
	}

	get delivered(): number {
		return this.#delivered.size;
	}

	get newestAccepted(): number {
		return this.#newest;
	}

	/** Accepted, and neither delivered, nor in a gap, known or `storedGaps`, nor in `stored`. */
	lost(stored: ReadonlySet<number>, storedGaps: readonly StatedGap[] = []): number[] {
		const gaps = merged([...this.#gaps, ...storedGaps]);
		const lost: number[] = [];
		let place = 0;
		for (const sequence of this.#open) {
			while (place < gaps.length && (gaps[place] as StatedGap).last < sequence) place++;
			const gap = gaps[place];
			const isExplained = gap !== undefined && gap.first <= sequence;
			if (!isExplained && !stored.has(sequence)) lost.push(sequence);
		}
		return lost;
	}

	/** Accepted and named in a gap, and not delivered: what the drops cost. */
	get dropped(): number {
		const gaps = this.gaps();
		let count = 0;
		for (const sequence of this.#open) {
			if (gaps.some(({ first, last }) => first <= sequence && sequence <= last)) count++;
		}
		return count;
	}

	/** A stated gap in which more is missing than it counts; for when nothing is on its way. */
	miscounted(): (StatedGap & { readonly missing: number }) | undefined {
		for (const gap of this.gaps()) {
			let missing = 0;
			for (const sequence of this.#open) {
				if (gap.first <= sequence && sequence <= gap.last) missing++;
			}
			if (missing > gap.count) return { ...gap, missing };
		}
		return undefined;
	}

	/** Accepted, and nobody outside the device knows of it so far. */
	get open(): number {
		return this.#open.size;
	}

	/** Stated gaps in order; where they overlap the one that counts more stands for both. */
	gaps(): readonly StatedGap[] {
		return merged(this.#gaps);
	}
}

function merged(gaps: readonly StatedGap[]): readonly StatedGap[] {
	const found: { first: number; last: number; count: number }[] = [];
	for (const gap of [...gaps].sort((left, right) => left.first - right.first)) {
		const before = found[found.length - 1];
		if (before === undefined || gap.first > before.last) {
			found.push({ ...gap });
			continue;
		}
		before.last = Math.max(before.last, gap.last);
		before.count = Math.max(before.count, gap.count);
	}
	return found;
}
