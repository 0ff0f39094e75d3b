// Judges the security log of one device from whatever there is of it: a partition, uploads, or
// both. Trust begins at a signature and runs backwards: a genuine entry names the hash of the one
// before.
import { equalBytes } from "../../../src/bytes/arrays.js";
import { toHex } from "../../../src/bytes/hex.js";
import type { StatementVerify } from "../../../src/cbor/statement.js";
import type { Crypto } from "../../../src/ports.js";
import { openCheckpoint, type Checkpoint } from "../../../src/security-log/checkpoint.js";
import { decodeEntry, type LogEntry } from "../../../src/security-log/entry.js";
import type {
	EntrySource,
	EntryStatus,
	JudgedEntry,
	LogReport,
	MissingEntries,
} from "./log-report.js";
import { missingEntries } from "./log-missing.js";

export interface LogVerifierOptions {
	readonly crypto: Pick<Crypto, "sha256">;
	/** Whether a checkpoint is signed by the device whose log this is. */
	readonly verify: StatementVerify;
}

interface Candidate {
	readonly counter: number;
	readonly hash: string;
	readonly entry: LogEntry | undefined;
	readonly sources: Set<EntrySource>;
	/** The place on the partition, where that is another than its own. */
	foundAt: number | undefined;
	status: EntryStatus | undefined;
	why: string | undefined;
}

export class LogVerifier {
	readonly #options: LogVerifierOptions;
	readonly #candidates = new Map<number, Candidate[]>();
	readonly #checkpoints: Checkpoint[] = [];
	/** Of the partition alone. */
	readonly #stored = new Set<number>();
	#storedCheckpoint: Checkpoint | undefined;
	#checkpointsRefused = 0;

	constructor(options: LogVerifierOptions) {
		this.#options = options;
	}

	/** An entry from an envelope of the device that was verified. */
	addUploaded(bytes: Uint8Array): void {
		this.#add(bytes, "upload", undefined);
	}

	/** An entry from the partition, where it stands as number `counter`. */
	addStored(counter: number, bytes: Uint8Array): void {
		this.#stored.add(counter);
		this.#add(bytes, "partition", counter);
	}

	/** A checkpoint; from the partition it says which entries must be there. */
	addCheckpoint(bytes: Uint8Array, source: EntrySource): void {
		const checkpoint = openCheckpoint(bytes, this.#options.verify);
		if (checkpoint === undefined) {
			this.#checkpointsRefused++;
			return;
		}
		if (!this.#checkpoints.some((known) => isSame(known, checkpoint))) {
			this.#checkpoints.push(checkpoint);
		}
		const newest = this.#storedCheckpoint?.counter ?? 0;
		if (source === "partition" && checkpoint.counter > newest) this.#storedCheckpoint = checkpoint;
	}

	/** Everything that was given so far, judged together. */
	report(): LogReport {
		this.#judgeBackwards();
		this.#judgeForwards();
		const entries = [...this.#candidates.values()].flat().map(judged);
		entries.sort((left, right) => left.counter - right.counter);
		const newest = this.#newestCheckpoint();
		const missing = missingEntries({
			entries,
			newest,
			stored: this.#stored,
			storedCheckpoint: this.#storedCheckpoint,
		});
		const behind = this.#behind(entries);
		return {
			entries,
			missing,
			checkpoints: this.#checkpoints.length,
			checkpointsRefused: this.#checkpointsRefused,
			...(newest !== undefined && { signedThrough: newest.counter }),
			...(behind !== undefined && { behind }),
			isSound:
				behind === undefined &&
				this.#checkpointsRefused === 0 &&
				entries.every(({ status }) => status === "genuine" || status === "unsigned") &&
				missing.every((range) => isHarmless(range, entries)),
		};
	}

	#add(bytes: Uint8Array, source: EntrySource, place: number | undefined): void {
		const read = decodeEntry(bytes);
		const entry = read.kind === "valid" ? read.value : undefined;
		const counter = entry?.counter ?? place ?? 0;
		const hash = toHex(new Uint8Array(this.#options.crypto.sha256(bytes)));
		const foundAt = place === counter ? undefined : place;
		let list = this.#candidates.get(counter);
		if (list === undefined) this.#candidates.set(counter, (list = []));
		const known = list.find((candidate) => candidate.hash === hash);
		if (known !== undefined) {
			known.sources.add(source);
			known.foundAt ??= foundAt;
			return;
		}
		const sources = new Set([source]);
		list.push({ counter, hash, entry, sources, foundAt, status: undefined, why: undefined });
	}

	/** From each signature down, as far as the chain holds. */
	#judgeBackwards(): void {
		let expected: { readonly counter: number; readonly hashes: readonly string[] } | undefined;
		for (const counter of [...this.#candidates.keys()].sort((left, right) => right - left)) {
			const list = this.#candidates.get(counter) as Candidate[];
			const vouched = this.#checkpoints
				.filter((checkpoint) => checkpoint.counter === counter)
				.map(({ hash }) => toHex(hash));
			if (expected?.counter === counter) vouched.push(...expected.hashes);
			judgeSame(list, vouched);
			const hashes = list
				.filter(({ status }) => status === "genuine" || status === "conflicting")
				.flatMap(({ entry }) => (entry === undefined ? [] : [toHex(entry.previous)]));
			expected = hashes.length > 0 ? { counter: counter - 1, hashes } : undefined;
		}
	}

	/** What nothing vouches for must at least follow from what stands before it. */
	#judgeForwards(): void {
		for (const counter of [...this.#candidates.keys()].sort((left, right) => left - right)) {
			const before = (this.#candidates.get(counter - 1) ?? []).filter(({ status }) => {
				return status === "genuine" || status === "unsigned";
			});
			for (const candidate of this.#candidates.get(counter) as Candidate[]) {
				const { entry } = candidate;
				if (candidate.status !== undefined || entry === undefined) continue;
				const previous = toHex(entry.previous);
				const isBroken = before.length > 0 && before.every(({ hash }) => hash !== previous);
				candidate.status = isBroken ? "altered" : "unsigned";
				if (isBroken) candidate.why = `does not follow from #${counter - 1}`;
			}
		}
	}

	#newestCheckpoint(): Checkpoint | undefined {
		let newest: Checkpoint | undefined;
		for (const checkpoint of this.#checkpoints) {
			if (newest === undefined || checkpoint.counter > newest.counter) newest = checkpoint;
		}
		return newest;
	}

	#behind(entries: readonly JudgedEntry[]): LogReport["behind"] {
		if (this.#stored.size === 0) return undefined;
		const partition = [...this.#stored].reduce((most, each) => Math.max(most, each), 0);
		const upload = entries.reduce((most, { counter, sources }) => {
			return sources.includes("upload") ? Math.max(most, counter) : most;
		}, 0);
		return upload > partition ? { partition, upload } : undefined;
	}
}

function isSame(left: Checkpoint, right: Checkpoint): boolean {
	return (
		left.counter === right.counter &&
		left.oldest === right.oldest &&
		left.time?.unixSeconds === right.time?.unixSeconds &&
		equalBytes(left.hash, right.hash)
	);
}

/** All that claim one counter. `vouched` are hashes of genuine ones, where they are known. */
function judgeSame(list: readonly Candidate[], vouched: readonly string[]): void {
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

function judged(candidate: Candidate): JudgedEntry {
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

/** Overwriting is what a ring does. Between uploads it means that some never arrived. */
function isHarmless({ cause, first }: MissingEntries, entries: readonly JudgedEntry[]): boolean {
	if (cause !== "overwritten") return false;
	return !entries.some(({ counter, sources }) => counter < first && sources.includes("upload"));
}
