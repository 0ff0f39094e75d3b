// Durable queue of sealed envelopes on raw flash: a record is stored before it is sent for the
// first time and leaves only when it is acknowledged, or dropped by policy with a gap record. Bytes
// are opaque here.

import { assert } from "../assert.js";
import { concatBytes } from "../bytes/arrays.js";
import {
	OUTBOX_BLOCKS_MIN,
	OUTBOX_DROP_FRACTION,
	OUTBOX_GAP_BYTES_MAX,
	OUTBOX_RECORD_BYTES_MAX,
	OUTBOX_RECORDS_SLACK,
	OUTBOX_REMOVALS_PENDING_MAX,
	OUTBOX_UNITS_MAX,
} from "../limits.js";
import type { FlashPartition, StorageErrorCode } from "../ports.js";
import { storageCodeOf } from "../storage-code.js";
import { BlockRing } from "./block-ring.js";
import type { Drop } from "./drop.js";
import { DROP_BYTES, encodeDrop } from "./drop.js";
import type { RecordClass, RecordContent } from "./record.js";
import { decodeRecord, encodeRecord, GAP_UNITS_MAX, RECORD_CLASSES, unitsOf } from "./record.js";
import type { Slot } from "./record-index.js";
import { RecordIndex } from "./record-index.js";
import type { Gap, Recovered } from "./recovery.js";
import { applyDrop, recover } from "./recovery.js";
import { tombstonesFor } from "./tombstone.js";
import { BODY_BYTES, decodeUnit, encodeUnit, UNIT_BYTES } from "./unit.js";

export type { RecordClass } from "./record.js";

/** A sealed envelope, as it comes from and goes to the uplink. */
export interface OutboxEntry {
	/** The envelope's own sequence number; no other record ever has it. */
	readonly sequence: number;
	/** 0 to 255; the uplink says what it means. */
	readonly channel: number;
	/** 0 telemetry, 1 result, 2 event: a full outbox drops lower classes first. */
	readonly recordClass: RecordClass;
	readonly bytes: Uint8Array;
}

/** Records that must go: `count` of those from `first` to `last`, both included. */
export interface Victims {
	readonly first: number;
	readonly last: number;
	readonly count: number;
}

export type Stored =
	/** Durable: it is read back after any power cut until it is removed or dropped. */
	| { readonly kind: "stored" }
	/** Nothing changed. `makeRoom` with a gap record that names `victims`, then store again. */
	| { readonly kind: "full"; readonly victims: readonly Victims[] }
	| { readonly kind: "too-large" }
	/** Flash failed. What was stored before is as it was. */
	| { readonly kind: "failed"; readonly code: StorageErrorCode };

export type Mounted =
	| { readonly kind: "mounted"; readonly outbox: Outbox; readonly report: MountReport }
	| { readonly kind: "unusable"; readonly code: StorageErrorCode | "storage-geometry" };

export interface MountReport {
	readonly records: number;
	/** Records that power interrupted: they were never reported stored. */
	readonly tornRecords: number;
}

export interface OutboxStatus {
	readonly records: number;
	/**
	 * Bytes of flash that live records take, and that further ones can take before any is dropped.
	 */
	readonly bytesLive: number;
	readonly bytesFree: number;
	readonly blocks: number;
	/** Blocks that failed in this life and are out of use. */
	readonly wornBlocks: number;
	/** Records that could not be read whole any more: flash lost them. */
	readonly corruptRecords: number;
	/** Blocks ever taken into use; divided by `blocks`, the erases that each has seen. */
	readonly blocksTaken: number;
}

export class Outbox {
	readonly #index: RecordIndex;
	readonly #ring: BlockRing;
	readonly #blocks: number;
	#newestSequence: number;
	#liveUnits = 0;
	#gap: Gap | undefined;
	/** What the last `full` asked the caller to announce. */
	#planned: Drop | undefined;
	/** Removed in RAM, not yet on flash. At most OUTBOX_REMOVALS_PENDING_MAX. */
	#pending: number[] = [];
	#corruptRecords = 0;

	/**
	 * Finds what `flash` holds. Writes nothing; a partition of any other contents is an empty
	 * outbox. `slots`, a power of two above OUTBOX_RECORDS_SLACK, bounds the records and the memory.
	 */
	static mount(options: { readonly flash: FlashPartition; readonly slots?: number }): Mounted {
		const { flash, slots } = options;
		if (!isUsable(flash)) return { kind: "unusable", code: "storage-geometry" };
		try {
			const index = new RecordIndex(slots);
			const recovered = recover(flash, index);
			const outbox = new Outbox(flash, index, recovered);
			const report = { records: index.size, tornRecords: recovered.tornRecords };
			return { kind: "mounted", outbox, report };
		} catch (error) {
			return { kind: "unusable", code: storageCodeOf(error) };
		}
	}

	/** Use {@link Outbox.mount}. */
	private constructor(flash: FlashPartition, index: RecordIndex, recovered: Recovered) {
		this.#index = index;
		this.#blocks = flash.status().blocks;
		this.#newestSequence = recovered.newestSequence;
		this.#gap = recovered.gap;
		for (const units of recovered.ring.liveUnits) this.#liveUnits += units;
		this.#ring = new BlockRing(flash, recovered.ring, {
			newestSequence: () => this.#newestSequence,
			isLiveAt: (sequence, place) => this.#placeOf(sequence) === place,
			moved: (sequence, place) => this.#moved(sequence, place),
			lost: (sequence) => this.#lost(sequence),
		});
	}

	/** The newest sequence ever stored; it outlives acknowledgements and erases. */
	get lastSequence(): number | undefined {
		return this.#newestSequence > 0 ? this.#newestSequence : undefined;
	}

	/** Makes `entry` durable. "full" and "too-large" are found before anything is written. */
	store(entry: OutboxEntry): Stored {
		this.#check(entry);
		if (entry.bytes.length > OUTBOX_RECORD_BYTES_MAX) return { kind: "too-large" };
		const units = unitsOf(entry.bytes.length);
		if (!this.#fits(units)) return this.#full(units);
		return this.#append({ ...entry, isGap: false, body: entry.bytes });
	}

	/** Asks, before anything is sealed, what `store` will say to an entry of `byteLength` bytes. */
	room(byteLength: number): { readonly kind: "room" } | Exclude<Stored, { kind: "stored" }> {
		if (byteLength > OUTBOX_RECORD_BYTES_MAX) return { kind: "too-large" };
		const units = unitsOf(byteLength);
		return this.#fits(units) ? { kind: "room" } : this.#full(units);
	}

	/**
	 * Drops the victims that the last "full" named and stores `gap`, which announces them, in one
	 * program operation: after a power cut either both are done or neither. Its room is always held
	 * in reserve.
	 */
	makeRoom(gap: OutboxEntry): Exclude<Stored, { kind: "full" }> {
		const drop = this.#planned;
		assert(drop !== undefined, "makeRoom answers a full store");
		this.#check(gap);
		assert(gap.sequence > Math.max(...drop.through), "a gap record is younger than its victims");
		if (gap.bytes.length > OUTBOX_GAP_BYTES_MAX) return { kind: "too-large" };
		const body = concatBytes(encodeDrop(drop), gap.bytes);
		const older = this.#gap;
		const appended = this.#append({ ...gap, isGap: true, body });
		if (appended.kind !== "stored") return appended;
		applyDrop(this.#index, drop, (place, units) => this.#countDead(place, units));
		if (older) this.#take(older.sequence);
		this.#gap = { sequence: gap.sequence, drop };
		return appended;
	}

	/**
	 * The record was acknowledged: it is gone at once. On flash it is gone after {@link flush}, or
	 * when OUTBOX_REMOVALS_PENDING_MAX removals have gathered; a power cut before that offers it
	 * once more. `false` where there is no such record.
	 */
	remove(sequence: number): boolean {
		if (!this.#take(sequence)) return false;
		this.#pending.push(sequence);
		if (this.#pending.length >= OUTBOX_REMOVALS_PENDING_MAX) this.flush();
		return true;
	}

	/**
	 * Writes the removals that have gathered. Where flash fails, those records may be offered once
	 * more.
	 */
	flush(): Exclude<Stored, { kind: "full" | "too-large" }> {
		const pending = this.#pending;
		this.#pending = [];
		for (const { base, bitmap } of tombstonesFor(pending)) {
			const appended = this.#ring.append(1, (epoch, place) =>
				encodeUnit({ kind: "tombstone", epoch, base, bitmap }, place),
			);
			if (appended.kind === "failed") return appended;
		}
		return { kind: "stored" };
	}

	/**
	 * At most `limit` live records after sequence `after` (from the oldest without it), oldest
	 * first.
	 */
	waiting(after: number | undefined, limit: number): { sequence: number; channel: number }[] {
		const list: { sequence: number; channel: number }[] = [];
		let slot = this.#index.next(after);
		while (slot !== undefined && list.length < limit) {
			const sequence = this.#index.sequenceAt(slot);
			list.push({ sequence, channel: this.#index.channelAt(slot) });
			slot = this.#index.next(sequence);
		}
		return list;
	}

	/**
	 * A live record's bytes. A record that flash no longer holds whole is counted and forgotten; one
	 * that cannot be read now stays.
	 */
	read(sequence: number): { channel: number; bytes: Uint8Array } | undefined {
		const slot = this.#index.find(sequence);
		if (slot === undefined) return undefined;
		let content: RecordContent | undefined;
		try {
			content = this.#content(slot, sequence);
		} catch (error) {
			storageCodeOf(error);
			return undefined;
		}
		if (!content) {
			this.#lost(sequence);
			return undefined;
		}
		const bytes = content.isGap ? content.body.slice(DROP_BYTES) : content.body;
		return { channel: content.channel, bytes };
	}

	/** Whether `sequence` is stored and was not found to be lost. */
	holds(sequence: number): boolean {
		return this.#index.find(sequence) !== undefined;
	}

	status(): OutboxStatus {
		const free = Math.max(0, this.#limitUnits - this.#liveUnits);
		return {
			records: this.#index.size,
			bytesLive: this.#liveUnits * UNIT_BYTES,
			bytesFree: free * BODY_BYTES,
			blocks: this.#blocks,
			wornBlocks: this.#ring.wornBlocks,
			corruptRecords: this.#corruptRecords,
			blocksTaken: this.#ring.blocksTaken,
		};
	}

	/** Units that records may take; above it lies the reserve for one gap record. */
	get #limitUnits(): number {
		return this.#ring.capacityUnits - GAP_UNITS_MAX;
	}

	#fits(units: number): boolean {
		if (this.#index.size >= this.#index.slots - OUTBOX_RECORDS_SLACK) return false;
		return this.#liveUnits + units <= this.#limitUnits;
	}

	#full(units: number): Stored & { kind: "full" | "failed" } {
		if (units > this.#limitUnits) return { kind: "failed", code: "storage-worn" };
		const drop = this.#plan(units);
		this.#planned = drop;
		if (!drop) return { kind: "failed", code: "storage-full" };
		const { first, last, count } = drop;
		return { kind: "full", victims: [{ first, last, count }] };
	}

	/**
	 * The oldest records of the lowest class, then of the next, until a record of `units` units and
	 * the next gap record will fit. The live gap record goes too: the new one speaks for it.
	 */
	#plan(units: number): Drop | undefined {
		const over = Math.max(0, this.#liveUnits + units - this.#limitUnits);
		const batch = Math.floor(this.#ring.capacityUnits / OUTBOX_DROP_FRACTION);
		let unitsWanted = Math.max(over + GAP_UNITS_MAX, batch);
		let recordsWanted = Math.floor(this.#index.size / OUTBOX_DROP_FRACTION);
		const through: [number, number, number] = [0, 0, 0];
		let first = this.#gap?.drop.first ?? Infinity;
		let last = Math.max(this.#gap?.drop.last ?? 0, this.#gap?.sequence ?? 0);
		let count = 0;
		for (let recordClass = 0; recordClass < RECORD_CLASSES; recordClass++) {
			let slot = this.#index.next(undefined);
			while (slot !== undefined && (unitsWanted > 0 || recordsWanted > 0)) {
				const sequence = this.#index.sequenceAt(slot);
				if (this.#index.classAt(slot) === recordClass && sequence !== this.#gap?.sequence) {
					unitsWanted -= this.#index.unitsAt(slot);
					recordsWanted--;
					through[recordClass] = sequence;
					first = Math.min(first, sequence);
					last = Math.max(last, sequence);
					count++;
				}
				slot = this.#index.next(sequence);
			}
		}
		if (count === 0) return undefined;
		if (this.#gap) count += this.#gap.drop.count + 1;
		return { through, first, last, count };
	}

	#append(content: RecordContent): Exclude<Stored, { kind: "full" | "too-large" }> {
		const units = unitsOf(content.body.length);
		const appended = this.#ring.append(units, (epoch, place) =>
			encodeRecord(content, epoch, place),
		);
		if (appended.kind === "failed") return appended;
		const { sequence, channel, recordClass } = content;
		const isHeld = this.#index.insert(sequence, appended.place, channel, recordClass, units);
		assert(isHeld, "the index has a slot for every record that fits");
		this.#ring.countLive(appended.place, units);
		this.#liveUnits += units;
		this.#newestSequence = Math.max(this.#newestSequence, sequence);
		this.#planned = undefined;
		return { kind: "stored" };
	}

	#check(entry: OutboxEntry): void {
		const { sequence, channel, recordClass, bytes } = entry;
		if (!Number.isSafeInteger(sequence) || sequence < 1) throw new RangeError("sequence");
		if (!(channel >= 0 && channel <= 255)) throw new RangeError("channel: 0 to 255");
		if (!(recordClass >= 0 && recordClass < RECORD_CLASSES)) throw new RangeError("recordClass");
		if (bytes.length === 0) throw new RangeError("bytes: empty");
		assert(this.#index.find(sequence) === undefined, "a sequence number is used once");
	}

	#content(slot: Slot, sequence: number): RecordContent | undefined {
		const place = this.#index.placeAt(slot);
		const bytes = this.#ring.read(place, this.#index.unitsAt(slot));
		const header = decodeUnit(bytes, 0, this.#ring.placeInBlock(place));
		if (header?.kind !== "record" || header.sequence !== sequence) return undefined;
		if (header.epoch !== this.#ring.epochOf(place)) return undefined;
		return decodeRecord(bytes, 0, header);
	}

	#placeOf(sequence: number): number | undefined {
		const slot = this.#index.find(sequence);
		return slot === undefined ? undefined : this.#index.placeAt(slot);
	}

	#moved(sequence: number, place: number): void {
		const slot = this.#index.find(sequence);
		assert(slot !== undefined, "only live records move");
		const units = this.#index.unitsAt(slot);
		this.#ring.countDead(this.#index.placeAt(slot), units);
		this.#ring.countLive(place, units);
		this.#index.move(slot, place);
	}

	#lost(sequence: number): void {
		this.#corruptRecords++;
		this.#take(sequence);
	}

	/** Takes a record out of the index and out of all counts. */
	#take(sequence: number): boolean {
		const slot = this.#index.find(sequence);
		if (slot === undefined) return false;
		this.#countDead(this.#index.placeAt(slot), this.#index.unitsAt(slot));
		this.#index.remove(slot);
		if (this.#gap?.sequence === sequence) this.#gap = undefined;
		this.#planned = undefined;
		return true;
	}

	#countDead(place: number, units: number): void {
		this.#ring.countDead(place, units);
		this.#liveUnits -= units;
	}
}

function isUsable(flash: FlashPartition): boolean {
	const { blocks, blockLength, writeAlign } = flash.status();
	if (blocks < OUTBOX_BLOCKS_MIN || blockLength < 4096) return false;
	if (UNIT_BYTES % writeAlign !== 0 || blockLength % UNIT_BYTES !== 0) return false;
	return (blocks * blockLength) / UNIT_BYTES <= OUTBOX_UNITS_MAX;
}
