// The security log: chains what the catalogue names, keeps it in a ring on flash, and signs it from
// time to time. It opens no partition, sets no timer and sends nothing: it says when there is work
// and what could be uploaded.

import { assert } from "../assert.js";
import type { StatementSigner } from "../cbor/statement.js";
import {
	LOG_CHECKPOINT_BYTES_MAX,
	LOG_HELD_MAX,
	LOG_RESERVE,
	LOG_UNSIGNED_MAX,
} from "../limits.js";
import type { Clock, Crypto, DeviceEvent, KeyValueStore, StorageErrorCode } from "../ports.js";
import { storageCodeOf } from "../storage-code.js";
import { encodeBatch, fitsBatch } from "./batch.js";
import { EVENTS_SUPPRESSED, judgeEvent } from "./catalogue.js";
import { signCheckpoint } from "./checkpoint.js";
import { encodeEntry, type LogDetails, type LogTime } from "./entry.js";
import { saveHead, type Head } from "./head.js";
import { Limiter, type MakeBucket } from "./limiter.js";
import { CHANNEL_CHECKPOINT, CHANNEL_ENTRY, type LogStore } from "./log-store.js";
import { checkpointAt, entryAt, recoverLog } from "./recovery.js";

export interface SecurityLogOptions {
	/** The ring on partition "log". */
	readonly store: LogStore;
	/** The open namespace "hf-log". */
	readonly headStore: KeyValueStore;
	readonly crypto: Pick<Crypto, "sha256">;
	readonly clock: Clock;
	readonly makeBucket: MakeBucket;
	/** The device's signing key, as it is now; `undefined` while there is none. */
	readonly signer: () => StatementSigner | undefined;
	readonly now: () => LogTime | undefined;
	/** Milliseconds of a boot in which what may wait does. */
	readonly bootHoldMs: number;
	/** Storage failed. The log goes on as well as it can. */
	readonly onFailed: (path: "log" | "hf-log", code: string) => void;
}

/** Entries of which one checkpoint is kept: a newer one within them takes its place. */
const CHECKPOINT_GROUP = LOG_UNSIGNED_MAX;
/** Times that one record may overwrite older ones before it is given up. One is the rule. */
const ROOM_ATTEMPTS_MAX = 4;

/** When an event happened. */
interface Moment {
	readonly uptimeS: number;
	readonly time?: LogTime;
}

interface Held {
	readonly name: string;
	readonly details: LogDetails;
	readonly moment: Moment;
}

export class SecurityLog {
	readonly #options: SecurityLogOptions;
	readonly #limiter: Limiter;
	readonly #bootMs: number;
	/** The newest entry, and its hash. */
	#counter: number;
	#hash: Uint8Array;
	/** The newest entry that a checkpoint signed, its hash, and how far the upload has come. */
	#head: Head;
	#isHeadSaved = true;
	/**
	 * An entry that flash may or may not have: it was programmed and could not be read back. Another
	 * one with its counter would look like tampering.
	 */
	#uncertain: Uint8Array | undefined;
	/** What waits for company in the first minutes of a boot. At most LOG_HELD_MAX. */
	#held: Held[] = [];

	/** Finds what the ring holds; what does not agree with the head becomes an entry. */
	constructor(options: SecurityLogOptions) {
		const { store, headStore, crypto, clock, makeBucket } = options;
		this.#options = options;
		this.#bootMs = clock.monotonicMs();
		this.#limiter = new Limiter(makeBucket, this.#bootMs);
		const recovered = recoverLog(store, headStore, crypto, (code) => this.#failed("hf-log", code));
		this.#counter = recovered.counter;
		this.#hash = recovered.hash;
		this.#head = recovered.head;
		if (recovered.finding !== undefined) this.record(recovered.finding);
	}

	/** Writes `event` down if the catalogue has it and its kind is not too frequent. */
	record(event: DeviceEvent): void {
		const judged = judgeEvent(event);
		if (judged === undefined) return;
		const { rule, kind, isMinor } = judged;
		const { name } = event;
		const atMs = this.#options.clock.monotonicMs();
		const isHeld = judged.mayWait && this.#isHolding(atMs);
		const places = LOG_HELD_MAX - (isMinor ? LOG_RESERVE : 0);
		if (isHeld && this.#held.length >= places) return this.#limiter.count(name, atMs);
		const taken = this.#limiter.take({ name, kind, source: rule.source, isMinor }, atMs);
		if (taken !== undefined) {
			const details = detailsWith(taken.more, judged.details);
			this.#held.push({ name, details, moment: this.#moment(atMs) });
			if (!isHeld) this.#writeHeld();
		}
		if (rule.isLast) {
			this.#writeHeld();
			this.#writeCounts(atMs, true);
		}
		if (this.#counter - this.#head.counter >= LOG_UNSIGNED_MAX) this.#sign();
	}

	/** There is something that {@link work} will do, now or later. */
	get hasWork(): boolean {
		if (this.#held.length > 0 || this.#limiter.hasSuppressed || !this.#isHeadSaved) return true;
		return this.#counter > this.#head.counter && this.#options.signer() !== undefined;
	}

	/** Writes what has waited long enough, and signs what is new. */
	work(): void {
		const nowMs = this.#options.clock.monotonicMs();
		if (!this.#isHolding(nowMs)) this.#writeHeld();
		this.#writeCounts(nowMs, false);
		if (this.#counter > this.#head.counter) this.#sign();
	}

	/** There are signed entries that were not uploaded. */
	get hasBatch(): boolean {
		return this.#head.uploaded < this.#head.counter;
	}

	/**
	 * Signed entries that were not uploaded, oldest first, as many as fit; with the last of them the
	 * checkpoint. `undefined` where there are none.
	 */
	nextBatch(): { readonly payload: Uint8Array; readonly through: number } | undefined {
		const { store } = this.#options;
		const { counter: signed, uploaded } = this.#head;
		if (!this.hasBatch) return undefined;
		const checkpoint = checkpointAt(store, signed);
		const entries: { counter: number; bytes: Uint8Array }[] = [];
		let byteLength = 0;
		for (let after = uploaded; ;) {
			const next = this.#entryAfter(after, signed);
			if (next === undefined) break;
			byteLength += next.bytes.length;
			if (!fitsBatch(byteLength, entries.length + 1)) return batchOf(entries);
			entries.push(next);
			after = next.counter;
		}
		if (checkpoint === undefined) return { ...batchOf(entries), through: signed };
		if (!fitsBatch(byteLength + checkpoint.length, entries.length + 1)) {
			return batchOf(entries.slice(0, -1)); // the last entry goes with its checkpoint
		}
		return { ...batchOf(entries, checkpoint), through: signed };
	}

	/** The entries through `counter` are in the outbox. */
	uploaded(counter: number): void {
		assert(counter <= this.#head.counter, "only signed entries are uploaded");
		this.#head = { ...this.#head, uploaded: counter };
		this.#isHeadSaved = false;
	}

	/** Makes durable what {@link work} and {@link uploaded} changed. */
	save(): void {
		if (this.#isHeadSaved) return;
		this.#isHeadSaved = true; // once, whatever comes of it: the next change tries again
		try {
			saveHead(this.#options.headStore, this.#head);
		} catch (error) {
			this.#failed("hf-log", storageCodeOf(error));
		}
	}

	#moment(nowMs: number): Moment {
		const time = this.#options.now();
		const uptimeS = Math.floor(Math.max(0, nowMs - this.#bootMs) / 1000);
		return { uptimeS, ...(time !== undefined && { time }) };
	}

	/** The first minutes of a boot. */
	#isHolding(nowMs: number): boolean {
		return nowMs - this.#bootMs < this.#options.bootHoldMs;
	}

	#writeHeld(): void {
		const held = this.#held;
		this.#held = [];
		for (const { name, details, moment } of held) this.#append(name, details, moment);
	}

	#writeCounts(nowMs: number, isLast: boolean): void {
		const counts = this.#limiter.takeSuppressed(nowMs, isLast);
		if (counts === undefined) return;
		let total = 0;
		const details: Record<string, number> = {};
		for (const [name, count] of counts) {
			total += count;
			details[name] = count;
		}
		this.#append(EVENTS_SUPPRESSED, { total, ...details }, this.#moment(nowMs));
	}

	#append(name: string, details: LogDetails, moment: Moment): void {
		if (this.#uncertain !== undefined && !this.#storeEntry(this.#uncertain)) return;
		const counter = this.#counter + 1;
		const { uptimeS, time } = moment;
		const bytes = encodeEntry({
			counter,
			previous: this.#hash,
			name,
			details,
			uptimeS,
			...(time !== undefined && { time }),
		});
		this.#storeEntry(bytes);
	}

	/** Whether it is certain. If not, it comes before the next one, with the same bytes. */
	#storeEntry(bytes: Uint8Array): boolean {
		const counter = this.#counter + 1;
		this.#uncertain = bytes;
		if (!this.#makeRoom(bytes.length)) return false;
		if (!this.#store(counter * 2, CHANNEL_ENTRY, bytes)) return false;
		this.#uncertain = undefined;
		this.#counter = counter;
		this.#hash = new Uint8Array(this.#options.crypto.sha256(bytes));
		return true;
	}

	/** Signs the newest entry. Without a key, or without room, the next occasion tries again. */
	#sign(): void {
		const { store } = this.#options;
		const signer = this.#options.signer();
		// The room comes first: what is overwritten for it changes the oldest entry.
		if (signer === undefined || !this.#makeRoom(LOG_CHECKPOINT_BYTES_MAX)) return;
		const counter = this.#counter;
		const oldest = this.#oldest();
		if (oldest === undefined) return; // flash lost them all
		const time = this.#options.now();
		const content = { counter, hash: this.#hash, oldest, ...(time !== undefined && { time }) };
		let bytes: Uint8Array;
		try {
			bytes = signCheckpoint(content, signer);
		} catch (error) {
			this.#failed("log", storageCodeOf(error));
			return;
		}
		if (!this.#store(counter * 2 + 1, CHANNEL_CHECKPOINT, bytes)) return;
		const before = this.#head.counter;
		const isSameGroup = groupOf(before) === groupOf(counter);
		if (isSameGroup && before > 0) store.remove(before * 2 + 1);
		this.#head = { ...this.#head, counter, hash: this.#hash };
		this.#isHeadSaved = false;
	}

	/** The first entry that is held. Between two entries there is one checkpoint at most. */
	#oldest(): number | undefined {
		const found = this.#options.store.waiting(undefined, 2);
		const entry = found.find(({ channel }) => channel === CHANNEL_ENTRY);
		return entry && entry.sequence / 2;
	}

	#entryAfter(
		counter: number,
		last: number,
	): { readonly counter: number; readonly bytes: Uint8Array } | undefined {
		const { store } = this.#options;
		for (let after = counter * 2 + 1; ;) {
			const [next] = store.waiting(after, 1);
			if (next === undefined || next.sequence > last * 2) return undefined;
			after = next.sequence;
			if (next.channel !== CHANNEL_ENTRY) continue;
			const bytes = entryAt(store, next.sequence / 2);
			// What flash lost is passed over: the chain shows the hole.
			if (bytes !== undefined) return { counter: next.sequence / 2, bytes };
		}
	}

	/** Overwrites the oldest records where it must: always a run from the very first one. */
	#makeRoom(byteLength: number): boolean {
		const { store } = this.#options;
		for (let attempt = 0; attempt < ROOM_ATTEMPTS_MAX; attempt++) {
			const room = store.room(byteLength);
			if (room.kind === "room") return true;
			if (room.kind !== "full") {
				this.#failed("log", room.kind === "failed" ? room.code : "storage-full");
				return false;
			}
			const count = room.victims.reduce((sum, victims) => sum + victims.count, 0);
			for (const { sequence } of store.waiting(undefined, count)) store.remove(sequence);
			store.flush();
		}
		return false;
	}

	#store(sequence: number, channel: number, bytes: Uint8Array): boolean {
		const stored = this.#options.store.store({ sequence, channel, recordClass: 0, bytes });
		if (stored.kind === "stored") return true;
		this.#failed("log", stored.kind === "failed" ? stored.code : "storage-full");
		return false;
	}

	#failed(path: "log" | "hf-log", code: StorageErrorCode): void {
		this.#options.onFailed(path, code);
	}
}

function detailsWith(suppressed: number, details: LogDetails): LogDetails {
	return suppressed > 0 ? { suppressed, ...details } : details;
}

function groupOf(counter: number): number {
	return Math.floor(counter / CHECKPOINT_GROUP);
}

function batchOf(
	entries: readonly { readonly counter: number; readonly bytes: Uint8Array }[],
	checkpoint?: Uint8Array,
): { readonly payload: Uint8Array; readonly through: number } {
	const payload = encodeBatch({
		entries: entries.map(({ bytes }) => bytes),
		...(checkpoint !== undefined && { checkpoint }),
	});
	return { payload, through: entries.at(-1)?.counter ?? 0 };
}
