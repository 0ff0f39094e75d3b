// What a partition holds after any life: scans every block and rebuilds the index. It writes
// nothing, so that a power cut during recovery is no event at all.

import type { FlashPartition } from "../ports.js";
import type { RingState } from "./block-ring.js";
import type { Drop } from "./drop.js";
import { decodeDrop } from "./drop.js";
import { decodeRecord, RECORD_CLASSES, unitsOf, unitsToSkip } from "./record.js";
import type { RecordIndex } from "./record-index.js";
import type { BlockUnit, RecordUnit, TombstoneUnit, Unit } from "./unit.js";
import { decodeUnit, eachBuried, UNIT_BYTES } from "./unit.js";

/** The newest gap record and what it drops. */
export interface Gap {
	readonly sequence: number;
	readonly drop: Drop;
}

export interface Recovered {
	readonly ring: RingState;
	/** 0 for none. */
	readonly newestSequence: number;
	/** The newest gap record that is live. */
	readonly gap: Gap | undefined;
	/**
	 * Records whose header stands and whose body does not: power failed while they were written.
	 */
	readonly tornRecords: number;
}

/** Fills `index`, which is empty, from what `flash` holds. */
export function recover(flash: FlashPartition, index: RecordIndex): Recovered {
	return new Recovery(flash, index).run();
}

class Recovery {
	readonly #flash: FlashPartition;
	readonly #index: RecordIndex;
	readonly #unitsPerBlock: number;
	readonly #epochs: Uint32Array;
	readonly #liveUnits: Uint16Array;
	/** Epochs begin at 1: a block without one is always free. */
	#tail = 1;
	#newestEpoch = 0;
	#newestSequence = 0;
	#gap: Gap | undefined;
	#tornRecords = 0;

	constructor(flash: FlashPartition, index: RecordIndex) {
		const { blocks, blockLength } = flash.status();
		this.#flash = flash;
		this.#index = index;
		this.#unitsPerBlock = blockLength / UNIT_BYTES;
		this.#epochs = new Uint32Array(blocks);
		this.#liveUnits = new Uint16Array(blocks);
	}

	run(): Recovered {
		this.#readBlockUnits();
		this.#readTail();
		for (const block of this.#blocksInUse()) this.#scan(block);
		this.#verifyBodies();
		this.#countLive();
		return {
			ring: {
				epochs: this.#epochs,
				liveUnits: this.#liveUnits,
				newestEpoch: this.#newestEpoch,
				tail: this.#tail,
				copies: this.#copies(),
			},
			newestSequence: this.#newestSequence,
			gap: this.#gap,
			tornRecords: this.#tornRecords,
		};
	}

	#readBlockUnits(): void {
		for (let block = 0; block < this.#epochs.length; block++) {
			const header = this.#blockUnit(block);
			if (!header) continue; // never used, half erased, or of another format: free
			this.#epochs[block] = header.epoch;
			if (header.epoch > this.#newestEpoch) this.#newestEpoch = header.epoch;
			if (header.tail > this.#tail) this.#tail = header.tail;
			this.#seen(header.lastSequence);
		}
	}

	#blockUnit(block: number): BlockUnit | undefined {
		const unit = decodeUnit(this.#read(block * this.#unitsPerBlock, 1), 0, 0);
		return unit?.kind === "block" ? unit : undefined;
	}

	/**
	 * A collection that was finished says so in the block that was newest, or in a later block's
	 * header.
	 */
	#readTail(): void {
		const newest = this.#epochs.indexOf(this.#newestEpoch);
		if (this.#newestEpoch === 0) return;
		this.#eachUnit(newest, (unit) => {
			if (unit.kind === "tail" && unit.tail > this.#tail) this.#tail = unit.tail;
		});
	}

	/** Blocks at or above the tail, in the order in which they were written. */
	#blocksInUse(): number[] {
		const list: number[] = [];
		for (let block = 0; block < this.#epochs.length; block++) {
			const epoch = this.#epochs[block] as number;
			if (epoch > 0 && epoch >= this.#tail) list.push(block);
		}
		return list.sort((a, b) => (this.#epochs[a] as number) - (this.#epochs[b] as number));
	}

	#scan(block: number): void {
		const firstPlace = block * this.#unitsPerBlock;
		this.#eachUnit(block, (unit, place, bytes) => {
			if (unit.kind === "record") this.#found(unit, firstPlace + place, bytes, place);
			if (unit.kind === "tombstone") this.#bury(unit);
		});
	}

	/** Each whole unit that was written since `block` was last taken. */
	#eachUnit(block: number, found: (unit: Unit, place: number, bytes: Uint8Array) => void): void {
		const bytes = this.#read(block * this.#unitsPerBlock, this.#unitsPerBlock);
		for (let place = 1; place < this.#unitsPerBlock;) {
			const unit = decodeUnit(bytes, place, 0);
			if (unit?.epoch === this.#epochs[block]) found(unit as Unit, place, bytes);
			place += unitsToSkip(unit);
		}
	}

	#found(header: RecordUnit, place: number, block: Uint8Array, placeInBlock: number): void {
		const units = unitsOf(header.byteLength);
		if (header.sequence < 1 || header.recordClass >= RECORD_CLASSES) return;
		if (placeInBlock + units > this.#unitsPerBlock) return;
		if (header.isGap && !this.#foundGap(header, block, placeInBlock)) return;
		const slot = this.#index.find(header.sequence);
		if (slot !== undefined) {
			// A collection copied it and was cut, or its first block failed: the first whole one
			// counts.
			if (this.#isWhole(this.#index.placeAt(slot), this.#index.unitsAt(slot))) return;
			this.#index.remove(slot);
		}
		const { sequence, channel, recordClass } = header;
		this.#index.insert(sequence, place, channel, recordClass, units);
	}

	/**
	 * Drops what a whole gap record drops. `false` where it is not whole, or a newer one stands for
	 * it.
	 */
	#foundGap(header: RecordUnit, block: Uint8Array, placeInBlock: number): boolean {
		const content = decodeRecord(block, placeInBlock, header);
		const drop = content && decodeDrop(content.body);
		if (!drop) {
			this.#tornRecords++;
			return false;
		}
		this.#seen(header.sequence);
		this.#seen(drop.last);
		applyDrop(this.#index, drop);
		if (this.#gap && this.#gap.sequence > header.sequence) return false;
		if (this.#gap && this.#gap.sequence < header.sequence) this.#remove(this.#gap.sequence);
		this.#gap = { sequence: header.sequence, drop };
		return true;
	}

	#bury(tombstone: TombstoneUnit): void {
		eachBuried(tombstone, (sequence) => {
			this.#seen(sequence);
			this.#remove(sequence);
		});
	}

	#verifyBodies(): void {
		let slot = this.#index.next(undefined);
		while (slot !== undefined) {
			const sequence = this.#index.sequenceAt(slot);
			if (this.#isWhole(this.#index.placeAt(slot), this.#index.unitsAt(slot))) {
				this.#seen(sequence);
			} else {
				this.#tornRecords++;
				this.#index.remove(slot);
			}
			slot = this.#index.next(sequence);
		}
		if (this.#gap && this.#index.find(this.#gap.sequence) === undefined) this.#gap = undefined;
	}

	#isWhole(place: number, units: number): boolean {
		const bytes = this.#read(place, units);
		const header = decodeUnit(bytes, 0, place % this.#unitsPerBlock);
		return header?.kind === "record" && decodeRecord(bytes, 0, header) !== undefined;
	}

	#countLive(): void {
		let slot = this.#index.next(undefined);
		while (slot !== undefined) {
			const block = Math.floor(this.#index.placeAt(slot) / this.#unitsPerBlock);
			const units = this.#index.unitsAt(slot);
			this.#liveUnits[block] = (this.#liveUnits[block] as number) + units;
			slot = this.#index.next(this.#index.sequenceAt(slot));
		}
	}

	/**
	 * 1. The last free block was taken and the live records of the oldest were being copied into
	 *    it.
	 * 2. Power failed: no block may be free now.
	 * 3. Every record of the newest block stands in the oldest as well, so the newest can be taken
	 *    again. A tombstone or a tail in it would be lost with it: then it was past that point.
	 */
	#copies(): number | undefined {
		if (this.#newestEpoch === 0) return undefined;
		const newest = this.#epochs.indexOf(this.#newestEpoch);
		if (this.#liveUnits[newest]) return undefined;
		let isNeeded = false;
		this.#eachUnit(newest, (unit) => {
			if (unit.kind !== "record") isNeeded = true;
		});
		return isNeeded ? undefined : newest;
	}

	#remove(sequence: number): void {
		const slot = this.#index.find(sequence);
		if (slot !== undefined) this.#index.remove(slot);
	}

	#seen(sequence: number): void {
		if (sequence > this.#newestSequence) this.#newestSequence = sequence;
	}

	#read(place: number, units: number): Uint8Array {
		return new Uint8Array(this.#flash.read(units * UNIT_BYTES, place * UNIT_BYTES));
	}
}

/** Removes from `index` what `drop` drops; tells `removed` first. */
export function applyDrop(
	index: RecordIndex,
	drop: Drop,
	removed?: (place: number, units: number) => void,
): void {
	const most = Math.max(...drop.through);
	let slot = index.next(undefined);
	while (slot !== undefined) {
		const sequence = index.sequenceAt(slot);
		if (sequence > most) return;
		if (sequence <= (drop.through[index.classAt(slot)] ?? 0)) {
			removed?.(index.placeAt(slot), index.unitsAt(slot));
			index.remove(slot);
		}
		slot = index.next(sequence);
	}
}
