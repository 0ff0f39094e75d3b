// The uploads of one device in the order in which they came: which came twice or out of order, and
// which hole in the log is that of an upload that was refused. It judges no entry.
import { RangeSet } from "../../hosts/support/verify/range-set.js";
import type { MissingEntries } from "../../hosts/support/verify/log-report.js";

/** An upload that was believed. */
export interface TakenUpload {
	readonly keyId: string;
	readonly sequence: number;
	readonly counters: readonly number[];
}

/** One that was not, as far as it can be read. Nobody vouches for any of it. */
export interface RefusedUpload {
	readonly keyId?: string;
	readonly sequence?: number;
	readonly counters: readonly number[];
}

export interface UploadFacts {
	readonly messages: number;
	/** Came a second time: at-least-once delivery may do that. */
	readonly duplicates: number;
	/** Sequences of those that came after one that was sealed later. */
	readonly reordered: readonly number[];
}

/** Ranges of counters that are remembered as refused. */
const RANGES_MAX = 4096;

interface Place {
	readonly keyId: string;
	/** The sequence; without one, half a step after what came before. */
	readonly at: number;
}

export class UploadOrder {
	readonly #taken: TakenUpload[] = [];
	readonly #refused: { readonly place: Place | undefined; readonly counters: readonly number[] }[] =
		[];
	readonly #highest = new Map<string, number>();
	readonly #reordered: number[] = [];
	#duplicates = 0;

	take(upload: TakenUpload): void {
		const { keyId, sequence } = upload;
		const highest = this.#highest.get(keyId) ?? 0;
		if (sequence < highest) this.#reordered.push(sequence);
		this.#highest.set(keyId, Math.max(highest, sequence));
		this.#taken.push(upload);
	}

	repeat(): void {
		this.#duplicates++;
	}

	refuse({ keyId, sequence, counters }: RefusedUpload): void {
		const before = this.#taken.at(-1);
		const key = keyId !== undefined && this.#highest.has(keyId) ? keyId : before?.keyId;
		const at = sequence ?? (before?.sequence ?? 0) + 0.5;
		this.#refused.push({ place: key === undefined ? undefined : { keyId: key, at }, counters });
	}

	get facts(): UploadFacts | undefined {
		const messages = this.#taken.length;
		if (messages === 0) return undefined;
		return { messages, duplicates: this.#duplicates, reordered: this.#reordered };
	}

	/** `missing`, with "altered" for what an upload should have brought that was refused. */
	explain(missing: readonly MissingEntries[]): MissingEntries[] {
		if (this.#refused.length === 0) return [...missing];
		const altered = this.#alteredCounters(missing);
		return missing.flatMap((range) => {
			if (range.cause !== "unexplained") return [range];
			const rest = altered.holes(range.first, range.last);
			const parts: MissingEntries[] = [];
			let next = range.first;
			for (const hole of [...rest, { first: range.last + 1, last: range.last }]) {
				if (next < hole.first) parts.push({ first: next, last: hole.first - 1, cause: "altered" });
				if (hole.first <= hole.last) parts.push({ ...hole, cause: "unexplained" });
				next = hole.last + 1;
			}
			return parts;
		});
	}

	/** What refused uploads claim to hold, and where that is not missing, what their place says. */
	#alteredCounters(missing: readonly MissingEntries[]): RangeSet {
		const altered = new RangeSet(RANGES_MAX);
		for (const { place, counters } of this.#refused) {
			const claimed = counters.filter((counter) =>
				missing.some(({ first, last }) => counter >= first && counter <= last),
			);
			for (const counter of claimed) altered.add(counter);
			if (claimed.length > 0 || place === undefined) continue;
			const { below, above } = this.#around(place);
			altered.add(below + 1, above - 1);
		}
		return altered;
	}

	/** The last counter of the upload sealed before `place`, and the first of the one after. */
	#around({ keyId, at }: Place): { readonly below: number; readonly above: number } {
		let before: TakenUpload | undefined;
		let after: TakenUpload | undefined;
		for (const upload of this.#taken) {
			if (upload.keyId !== keyId || upload.counters.length === 0) continue;
			const { sequence } = upload;
			if (sequence < at && sequence > (before?.sequence ?? 0)) before = upload;
			if (sequence > at && sequence < (after?.sequence ?? Infinity)) after = upload;
		}
		return {
			below: Math.max(0, ...(before?.counters ?? [])),
			above: Math.min(Number.MAX_SAFE_INTEGER, ...(after?.counters ?? [])),
		};
	}
}
