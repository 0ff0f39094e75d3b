// Which entries of a log are missing, and why as far as its device signed a reason. It goes from
// one counter that is there to the next: a record may name any counter, and costs no more for that.
import type { Checkpoint } from "../../../src/security-log/checkpoint.js";
import type { JudgedEntry, MissingEntries } from "./log-report.js";

export interface LogHoldings {
	/** In order of their counters. */
	readonly entries: readonly JudgedEntry[];
	/** Counters that the device vouches for by some entry; in order. */
	readonly genuine: readonly number[];
	readonly newest: Checkpoint | undefined;
	/** The places on the partition that hold something; none where no partition was given. */
	readonly stored: ReadonlySet<number>;
	/** The last of them that belongs to the log. */
	readonly storedLast: number;
	readonly storedCheckpoint: Checkpoint | undefined;
}

type Cause = MissingEntries["cause"];

export function missingEntries(holdings: LogHoldings): MissingEntries[] {
	const { entries, genuine, newest, stored, storedLast, storedCheckpoint } = holdings;
	const lowest = genuine[0] ?? newest?.counter ?? entries[0]?.counter ?? 1;
	const highest = Math.max(genuine.at(-1) ?? 0, newest?.counter ?? 0);
	const oldest = newest?.oldest ?? lowest;
	const dueFrom = storedCheckpoint?.oldest ?? Infinity;
	const list: MissingEntries[] = [];
	let next = Math.min(lowest, dueFrom);
	for (const counter of new Set(entries.map((entry) => entry.counter))) {
		if (counter < next) continue;
		addHole(list, { first: next, last: counter - 1 }, { oldest, highest });
		if (counter >= dueFrom && counter <= storedLast && !stored.has(counter)) {
			add(list, counter, counter, "removed");
		}
		next = counter + 1;
	}
	addHole(list, { first: next, last: highest }, { oldest, highest });
	return list;
}

/** A hole in three parts: below the oldest that was held, through the newest signed, above. */
function addHole(
	list: MissingEntries[],
	{ first, last }: { readonly first: number; readonly last: number },
	{ oldest, highest }: { readonly oldest: number; readonly highest: number },
): void {
	add(list, first, Math.min(last, oldest - 1), "overwritten");
	add(list, Math.max(first, oldest), Math.min(last, highest), "unexplained");
	add(list, Math.max(first, oldest, highest + 1), last, "unproven");
}

function add(list: MissingEntries[], first: number, last: number, cause: Cause): void {
	if (last < first) return;
	const before = list.at(-1);
	if (before?.cause === cause && before.last === first - 1) {
		list[list.length - 1] = { ...before, last };
	} else {
		list.push({ first, last, cause });
	}
}
