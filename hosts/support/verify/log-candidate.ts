// One entry as it was found, and what is said of it by itself and of others with its counter.
import { toHex } from "../../../src/bytes/hex.js";
import type { LogEntry } from "../../../src/security-log/entry.js";
import type { EntrySource, EntryStatus, JudgedEntry } from "./log-report.js";

export interface Candidate {
	readonly counter: number;
	readonly hash: string;
	readonly entry: LogEntry | undefined;
	readonly sources: Set<EntrySource>;
	/** The place on the partition, where that is another than its own. */
	foundAt: number | undefined;
	status: EntryStatus | undefined;
	why: string | undefined;
}

/** Whether its device signed it, be it that it signed another one too. */
export function isSigned({ status }: Candidate): boolean {
	return status === "genuine" || status === "conflicting";
}

/** The hash of the entry before, as it says it. */
export function previousOf({ entry }: Candidate): string | undefined {
	return entry && toHex(entry.previous);
}

/** All that claim one counter. `vouched` are hashes of genuine ones, where they are known. */
export function judgeSame(list: readonly Candidate[], vouched: readonly string[]): void {
	for (const candidate of list) {
		candidate.status = undefined;
		candidate.why = undefined;
		if (candidate.entry === undefined) {
			candidate.status = "altered";
			candidate.why = "not an entry";
		} else if (candidate.sources.has("upload") || vouched.includes(candidate.hash)) {
			candidate.status = "genuine";
		}
	}
	const genuine = list.filter(({ status }) => status === "genuine");
	const isForked =
		genuine.length > 1 ||
		(vouched.length > 0 && genuine.some(({ hash }) => !vouched.includes(hash)));
	for (const candidate of list) {
		if (candidate.status === "genuine" && isForked) {
			candidate.status = "conflicting";
			candidate.why = "its device signed another one with this counter";
		} else if (candidate.status === undefined && (vouched.length > 0 || genuine.length > 0)) {
			candidate.status = "altered";
			candidate.why = "its device signed another one";
		}
	}
}

export function judged(candidate: Candidate): JudgedEntry {
	const { counter, sources, entry, foundAt } = candidate;
	const status = candidate.status as EntryStatus;
	const isMisplaced = foundAt !== undefined && (status === "genuine" || status === "unsigned");
	const why = isMisplaced ? `stands in the place of #${foundAt}` : candidate.why;
	return {
		counter,
		status: isMisplaced ? "reordered" : status,
		sources: [...sources].sort(),
		...(why !== undefined && { why }),
		...(foundAt !== undefined && { foundAt }),
		...(entry !== undefined && { entry }),
	};
}
