// Judges the security log of one device from whatever there is of it: a partition, uploads, or
// both. Trust begins at a signature and runs backwards: a genuine entry names the hash of the one
// before.
import { equalBytes } from "../../../src/bytes/arrays.js";
import { toHex } from "../../../src/bytes/hex.js";
import type { StatementVerify } from "../../../src/cbor/statement.js";
import type { Crypto } from "../../../src/ports.js";
import { openCheckpoint, type Checkpoint } from "../../../src/security-log/checkpoint.js";
import { decodeEntry } from "../../../src/security-log/entry.js";
import { isSigned, judged, judgeSame, previousOf, type Candidate } from "./log-candidate.js";
import { missingEntries } from "./log-missing.js";
import type { EntrySource, JudgedEntry, LogReport, MissingEntries } from "./log-report.js";

export interface LogVerifierOptions {
	readonly crypto: Pick<Crypto, "sha256">;
	/** Whether a checkpoint is signed by the device whose log this is, by any key that it had. */
	readonly verify: StatementVerify;
	/** Whether that key's certificate was revoked. */
	readonly isRevoked?: (keyId: Uint8Array) => boolean;
	/** The log must be there from this entry on, overwritten or not. */
	readonly from?: number;
}

export class LogVerifier {
	readonly #options: LogVerifierOptions;
	readonly #candidates = new Map<number, Candidate[]>();
	/** By the counter of the entry that they sign. */
	readonly #checkpoints = new Map<number, Checkpoint[]>();
	#newestCheckpoint: Checkpoint | undefined;
	#hasPartition = false;
	/** Of the partition alone. */
	readonly #stored = new Set<number>();
	#storedCheckpoint: Checkpoint | undefined;
	#checkpointsRefused = 0;
	/** The newest entries that a key signs which was not revoked, and one which was. */
	#trustedThrough = 0;
	#revokedThrough = 0;

	constructor(options: LogVerifierOptions) {
		this.#options = options;
	}

	/** A partition is among what is judged, be it that nothing stands on it. */
	givePartition(): void {
		this.#hasPartition = true;
	}

	/** An entry from an envelope of the device that was verified. */
	addUploaded(bytes: Uint8Array, key: { readonly isRevoked?: boolean } = {}): void {
		const { counter } = this.#add(bytes, "upload", undefined);
		this.#sign(counter, key.isRevoked ?? false);
	}

	/** An entry from the partition, where it stands as number `counter`. */
	addStored(counter: number, bytes: Uint8Array): void {
		this.givePartition();
		this.#stored.add(counter);
		this.#add(bytes, "partition", counter);
	}

	/** A checkpoint; from the partition it says which entries must be there. */
	addCheckpoint(bytes: Uint8Array, source: EntrySource): void {
		const { verify, isRevoked } = this.#options;
		let isByRevoked = false;
		const checkpoint = openCheckpoint(bytes, (keyId, message, signature) => {
			isByRevoked = isRevoked?.(keyId) ?? false;
			return verify(keyId, message, signature);
		});
		if (checkpoint === undefined) {
			this.#checkpointsRefused++;
			return;
		}
		const { counter } = checkpoint;
		this.#sign(counter, isByRevoked);
		const same = this.#checkpoints.get(counter) ?? [];
		if (!same.some((known) => isSame(known, checkpoint))) same.push(checkpoint);
		this.#checkpoints.set(counter, same);
		this.#newestCheckpoint = newerOf(this.#newestCheckpoint, checkpoint);
		if (source === "partition") {
			this.#storedCheckpoint = newerOf(this.#storedCheckpoint, checkpoint);
		}
	}

	/** Everything that was given so far, judged together. */
	report(): LogReport {
		this.#judgeBackwards();
		this.#judgeForwards();
		const entries = [...this.#candidates.values()].flat().map(judged);
		entries.sort((left, right) => left.counter - right.counter);
		const newest = this.#newestCheckpoint;
		const genuine = this.#signedCounters();
		const missing = missingEntries({
			entries,
			genuine,
			newest,
			stored: this.#stored,
			storedLast: this.#storedLast(),
			storedCheckpoint: this.#storedCheckpoint,
		});
		const facts = {
			...this.#partitionFacts(entries),
			...this.#beginning(genuine[0] ?? entries[0]?.counter ?? 1, missing),
			// Below an entry of a key that is trusted, the chain vouches as well.
			...(this.#revokedThrough > this.#trustedThrough && {
				revoked: { through: this.#revokedThrough },
			}),
		};
		return {
			entries,
			missing,
			checkpoints: [...this.#checkpoints.values()].flat().length,
			checkpointsRefused: this.#checkpointsRefused,
			...(newest !== undefined && { signedThrough: newest.counter }),
			...facts,
			isSound:
				genuine.length > 0 &&
				facts.behind === undefined &&
				facts.revoked === undefined &&
				this.#checkpointsRefused === 0 &&
				this.#reachesBack(facts.before?.through ?? 0, missing) &&
				entries.every(({ status }) => status === "genuine" || status === "unsigned") &&
				missing.every((range) => isHarmless(range, entries)),
		};
	}

	#sign(counter: number, isRevoked: boolean): void {
		if (isRevoked) this.#revokedThrough = Math.max(this.#revokedThrough, counter);
		else this.#trustedThrough = Math.max(this.#trustedThrough, counter);
	}

	#add(bytes: Uint8Array, source: EntrySource, place: number | undefined): Candidate {
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
			return known;
		}
		const sources = new Set([source]);
		const nothing = { status: undefined, why: undefined };
		const candidate = { counter, hash, entry, sources, foundAt, ...nothing };
		list.push(candidate);
		return candidate;
	}

	/** From each signature down, as far as the chain holds. */
	#judgeBackwards(): void {
		let expected: { readonly counter: number; readonly hashes: readonly string[] } | undefined;
		for (const counter of [...this.#candidates.keys()].sort((left, right) => right - left)) {
			const list = this.#candidates.get(counter) as Candidate[];
			const vouched = (this.#checkpoints.get(counter) ?? []).map(({ hash }) => toHex(hash));
			if (expected?.counter === counter) vouched.push(...expected.hashes);
			judgeSame(list, vouched);
			const hashes = list.filter(isSigned).flatMap((each) => previousOf(each) ?? []);
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

	/** Counters of entries that the device signed, in order. */
	#signedCounters(): number[] {
		const signed = [...this.#candidates].filter(([, list]) => list.some(isSigned));
		return signed.map(([counter]) => counter).sort((left, right) => left - right);
	}

	/**
	 * The newest signed entry on the partition, 0 for none. A record that anybody could have written
	 * does not make the partition newer.
	 */
	#storedLast(): number {
		let last = 0;
		for (const candidate of [...this.#candidates.values()].flat()) {
			if (!isSigned(candidate) || !candidate.sources.has("partition")) continue;
			last = Math.max(last, candidate.counter);
		}
		return last;
	}

	#partitionFacts(entries: readonly JudgedEntry[]): Pick<LogReport, "behind" | "isPartitionEmpty"> {
		if (!this.#hasPartition) return {};
		const partition = this.#storedLast();
		const upload = entries.reduce((most, { counter, sources }) => {
			return sources.includes("upload") ? Math.max(most, counter) : most;
		}, 0);
		return {
			...(this.#stored.size === 0 && { isPartitionEmpty: true as const }),
			...(upload > partition && { behind: { partition, upload } }),
		};
	}

	/** A log begins with entry 1: what is before `lowest` was, and is not here. */
	#beginning(lowest: number, missing: readonly MissingEntries[]): Pick<LogReport, "before"> {
		const through = Math.min(lowest, missing[0]?.first ?? lowest) - 1;
		if (through < 1) return {};
		// What overwrote them says nothing of what was uploaded before.
		const isOverwritten =
			this.#stored.has(lowest) && through < (this.#newestCheckpoint?.oldest ?? 0);
		return { before: { through, cause: isOverwritten ? "overwritten" : "not-given" } };
	}

	/** Whether everything is there from where it was asked for. */
	#reachesBack(before: number, missing: readonly MissingEntries[]): boolean {
		const { from } = this.#options;
		if (from === undefined) return true;
		return before < from && missing.every(({ last }) => last < from);
	}
}

/** Of two checkpoints over one entry, that is newer from which older entries are gone. */
function newerOf(known: Checkpoint | undefined, other: Checkpoint): Checkpoint {
	if (known === undefined || other.counter > known.counter) return other;
	const isNewer = other.counter === known.counter && other.oldest > known.oldest;
	return isNewer ? other : known;
}

function isSame(left: Checkpoint, right: Checkpoint): boolean {
	return (
		left.counter === right.counter &&
		left.oldest === right.oldest &&
		left.time?.unixSeconds === right.time?.unixSeconds &&
		equalBytes(left.hash, right.hash)
	);
}

/** Overwriting is what a ring does. Between uploads it means that some never arrived. */
function isHarmless({ cause, first }: MissingEntries, entries: readonly JudgedEntry[]): boolean {
	if (cause !== "overwritten") return false;
	return !entries.some(({ counter, sources }) => counter < first && sources.includes("upload"));
}
