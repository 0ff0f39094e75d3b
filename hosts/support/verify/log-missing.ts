// Which entries of a log are missing, and why as far as its device signed a reason.
import type { Checkpoint } from "../../../src/security-log/checkpoint.js";
import type { JudgedEntry, MissingEntries } from "./log-report.js";

export interface LogHoldings {
	/** In order of their counters. */
	readonly entries: readonly JudgedEntry[];
	readonly newest: Checkpoint | undefined;
	/** The places on the partition that hold something; none where no partition was given. */
	readonly stored: ReadonlySet<number>;
	readonly storedCheckpoint: Checkpoint | undefined;
}

export function missingEntries(holdings: LogHoldings): MissingEntries[] {
	const { entries, newest, stored, storedCheckpoint } = holdings;
	const known = new Set(entries.map(({ counter }) => counter));
	const lowest = entries[0]?.counter ?? newest?.counter ?? 1;
	const highest = Math.max(entries.at(-1)?.counter ?? 0, newest?.counter ?? 0);
	const oldest = newest?.oldest ?? lowest;
	const last = [...stored].reduce((most, each) => Math.max(most, each), 0);
	const from = stored.size > 0 ? Math.min(lowest, storedCheckpoint?.oldest ?? lowest) : lowest;
	const list: MissingEntries[] = [];
	for (let counter = from; counter <= highest; counter++) {
		const isDue = storedCheckpoint !== undefined && counter >= storedCheckpoint.oldest;
		if (!known.has(counter)) {
			add(list, counter, counter < oldest ? "overwritten" : "unexplained");
		} else if (isDue && counter <= last && !stored.has(counter)) {
			add(list, counter, "removed");
		}
	}
	return list;
}

function add(list: MissingEntries[], counter: number, cause: MissingEntries["cause"]): void {
	const before = list.at(-1);
	if (before?.cause === cause && before.last === counter - 1) {
		list[list.length - 1] = { ...before, last: counter };
	} else {
		list.push({ first: counter, last: counter, cause });
	}
}
