// What one signing key has sealed, as far as its verified messages tell: which sequences were seen,
// which were never used (a `previous` jumps over them), and which are missing. Bounded, whatever
// arrives.
import { toHex } from "../../../src/bytes/hex.js";
import type { Gap } from "../../../src/envelope/gap.js";
import type { Crypto } from "../../../src/ports.js";
import type { Missing } from "./verdict.js";
import { RangeSet, type Range } from "./range-set.js";

/** Ranges per key: each reboot of a device and each loss makes one. About 100 KB at the most. */
const RANGES_MAX = 4096;

/** Gap records per key that are remembered one by one. */
const GAPS_MAX = 1024;

/** Messages whose bytes are remembered: more than device and broker together have in flight. */
const RECENT_MAX = 256;

export type Seen = "new" | "duplicate" | "replay" | "sequence-reused" | "too-old";

export class Chain {
	readonly #seen = new RangeSet(RANGES_MAX);
	/** Seen, or known never to have been used. */
	readonly #accounted = new RangeSet(RANGES_MAX);
	/** Seen, and naming no previous: a will, or the first of a new chain. */
	readonly #unchained = new RangeSet(RANGES_MAX);
	/** Digest by sequence, oldest first. */
	readonly #recent = new Map<number, string>();
	#gaps: Gap[] = [];
	readonly #crypto: Pick<Crypto, "sha256">;

	readonly #recentMax: number;

	constructor(crypto: Pick<Crypto, "sha256">, recentMax = RECENT_MAX) {
		this.#crypto = crypto;
		this.#recentMax = recentMax;
	}

	/** Takes note of a verified message, unless its sequence was seen before. */
	accept(sequence: number, previous: number | undefined, bytes: Uint8Array): Seen {
		const digest = toHex(new Uint8Array(this.#crypto.sha256(bytes)));
		if (this.#seen.has(sequence)) {
			const known = this.#recent.get(sequence);
			if (known !== undefined) return known === digest ? "duplicate" : "sequence-reused";
			return this.#seen.isMerged(sequence) ? "too-old" : "replay";
		}
		this.#seen.add(sequence);
		this.#accounted.add(sequence);
		if (previous === undefined) this.#unchained.add(sequence);
		else this.#accounted.add(previous + 1, sequence - 1);
		this.#recent.set(sequence, digest);
		if (this.#recent.size > this.#recentMax) {
			this.#recent.delete(this.#recent.keys().next().value as number);
		}
		return "new";
	}

	/** Takes note of a verified gap record. The oldest is given up where there are too many. */
	explain(gap: Gap): void {
		this.#gaps.push(gap);
		if (this.#gaps.length > GAPS_MAX) this.#gaps.shift();
	}

	get first(): number | undefined {
		return this.#seen.first;
	}

	get last(): number | undefined {
		return this.#seen.last;
	}

	/**
	 * What is missing between the first and the last sequence seen, and in signed gaps below the
	 * first.
	 */
	missing(): Missing[] {
		const { first, last } = this;
		if (first === undefined || last === undefined) return [];
		const gaps = mergeGaps(this.#gaps);
		const from = Math.min(first, gaps[0]?.first ?? first);
		const missing: Missing[] = [];
		for (const hole of this.#accounted.holes(from, last)) {
			const isCertain = !this.#unchained.has(hole.last + 1);
			missing.push(...explainHole(hole, gaps, { seenFirst: first, isCertain }));
		}
		return missing;
	}
}

/** Gap records in order; where they overlap they become one, which counts for all of them. */
function mergeGaps(gaps: readonly Gap[]): MergedGap[] {
	const merged: MergedGap[] = [];
	for (const gap of [...gaps].sort((left, right) => left.first - right.first)) {
		const before = merged.at(-1);
		if (!before || gap.first > before.last) {
			merged.push({ ...gap, uncounted: gap.count });
			continue;
		}
		before.last = Math.max(before.last, gap.last);
		before.uncounted += gap.count;
		if (!before.reason.includes(gap.reason)) before.reason += `, ${gap.reason}`;
	}
	return merged;
}

interface MergedGap {
	first: number;
	last: number;
	/** Losses that it states and that were not found in a hole yet. */
	uncounted: number;
	reason: string;
}

interface HoleFacts {
	/** The first sequence that was seen at all. */
	readonly seenFirst: number;
	/** The message above the hole names its last sequence as its previous, so that one was used. */
	readonly isCertain: boolean;
}

/**
 * Splits `hole` into what gap records explain and what not. Its last sequence is certain to have
 * been used where the message above says so; of the rest that is known only where a gap record
 * says so.
 */
function explainHole(hole: Range, gaps: readonly MergedGap[], facts: HoleFacts): Missing[] {
	const missing: Missing[] = [];
	let next = hole.first;
	const addUnexplained = (last: number) => {
		// Below the first message seen, nobody promised that we would hear of everything.
		if (last < next || next < facts.seenFirst) return;
		const isLost = facts.isCertain && last === hole.last;
		missing.push({ first: next, last, cause: isLost ? "unexplained" : "possible" });
	};
	for (const gap of gaps) {
		if (gap.last < next || gap.first > hole.last) continue;
		addUnexplained(gap.first - 1);
		const first = Math.max(next, gap.first);
		const last = Math.min(gap.last, hole.last);
		const counted = Math.min(last - first + 1, gap.uncounted);
		const uncounted = last - first + 1 - counted;
		gap.uncounted -= counted;
		missing.push({ first, last, cause: gap.reason, ...(uncounted > 0 ? { uncounted } : {}) });
		next = last + 1;
	}
	addUnexplained(hole.last);
	return missing;
}
