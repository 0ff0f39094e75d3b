// The ring of blocks: takes blocks into use in order, appends units, and moves what is still needed
// out of the oldest block before that one is free. It does not decide what is needed.

import { assert } from "../assert.js";
import { equalBytes } from "../bytes/arrays.js";
import type { FlashPartition, StorageErrorCode } from "../ports.js";
import { storageCodeOf } from "../storage-code.js";
import { decodeRecord, encodeRecord, RECORD_UNITS_MAX, unitsOf, unitsToSkip } from "./record.js";
import type { Unit } from "./unit.js";
import { decodeUnit, encodeUnit, UNIT_BYTES } from "./unit.js";

/** What the ring asks and tells about records while it moves them. */
export interface RingRecords {
	/** The newest sequence ever stored; 0 for none. */
	newestSequence(): number;
	isLiveAt(sequence: number, place: number): boolean;
	moved(sequence: number, place: number): void;
	/** A record can no longer be read whole. */
	lost(sequence: number): void;
}

/** The ring as recovery found it. */
export interface RingState {
	/** For each block the epoch under which it was taken; 0 where it can be taken anew. */
	readonly epochs: Uint32Array;
	/** For each block the units of its live records. */
	readonly liveUnits: Uint16Array;
	readonly newestEpoch: number;
	/** Blocks of lower epochs are free: the ring itself says so. */
	readonly tail: number;
	/** The newest block, where it holds nothing but copies of records that stand elsewhere. */
	readonly copies: number | undefined;
}

export type Appended =
	| { readonly kind: "appended"; readonly place: number }
	| { readonly kind: "failed"; readonly code: StorageErrorCode };

const NO_BLOCK = -1;
/**
 * From this many blocks on, three are kept free instead of one: two that wear out together leave
 * one into which what is needed can be moved.
 */
const BLOCKS_FOR_THREE_FREE = 8;

export class BlockRing {
	readonly #flash: FlashPartition;
	readonly #records: RingRecords;
	readonly #epochs: Uint32Array;
	readonly #liveUnits: Uint16Array;
	readonly #worn: Uint8Array;
	readonly #unitsPerBlock: number;
	readonly #blockLength: number;
	#newestEpoch: number;
	#tail: number;
	#copies: number | undefined;
	/**
	 * The block that is being written. Never one that an earlier life wrote: its end is not known.
	 */
	#head = NO_BLOCK;
	#headUnit = 0;
	#failure: StorageErrorCode = "storage-full";

	constructor(flash: FlashPartition, state: RingState, records: RingRecords) {
		const { blocks, blockLength } = flash.status();
		this.#flash = flash;
		this.#records = records;
		this.#epochs = state.epochs;
		this.#liveUnits = state.liveUnits;
		this.#newestEpoch = state.newestEpoch;
		this.#tail = state.tail;
		this.#copies = state.copies;
		this.#worn = new Uint8Array(blocks);
		this.#blockLength = blockLength;
		this.#unitsPerBlock = blockLength / UNIT_BYTES;
	}

	/** Blocks ever taken into use: divided by the blocks of the ring, the erases of each. */
	get blocksTaken(): number {
		return this.#newestEpoch;
	}

	get wornBlocks(): number {
		let count = 0;
		for (const worn of this.#worn) count += worn;
		return count;
	}

	/**
	 * Units of live records for which there is always room, whatever their lengths: a block may end
	 * with one unit less than the longest record needs, and the last unit is for the tail.
	 */
	get capacityUnits(): number {
		const blocks = this.#epochs.length - this.wornBlocks - this.#freeBlocksWanted - 1;
		return Math.max(0, blocks * (this.#unitsPerBlock - 1 - RECORD_UNITS_MAX));
	}

	countLive(place: number, units: number): void {
		const block = Math.floor(place / this.#unitsPerBlock);
		this.#liveUnits[block] = (this.#liveUnits[block] as number) + units;
	}

	countDead(place: number, units: number): void {
		const block = Math.floor(place / this.#unitsPerBlock);
		assert((this.#liveUnits[block] as number) >= units, "live units are counted once");
		this.#liveUnits[block] = (this.#liveUnits[block] as number) - units;
	}

	/** The `units` units from `place`. */
	read(place: number, units: number): Uint8Array {
		return new Uint8Array(this.#flash.read(units * UNIT_BYTES, place * UNIT_BYTES));
	}

	/** The number of a place within its block. */
	placeInBlock(place: number): number {
		return place % this.#unitsPerBlock;
	}

	epochOf(place: number): number {
		return this.#epochs[Math.floor(place / this.#unitsPerBlock)] as number;
	}

	/** Programs what `encode` makes of an epoch and a place in the block, durably. */
	append(units: number, encode: (epoch: number, place: number) => Uint8Array): Appended {
		// Each turn writes, or takes a block; after a whole round there is room or there never will
		// be.
		for (let turn = 0; turn < this.#epochs.length + 2; turn++) {
			if (this.#head !== NO_BLOCK && this.#headUnit + units < this.#unitsPerBlock) {
				const place = this.#headUnit;
				if (this.#program(encode(this.#newestEpoch, place), units)) {
					return { kind: "appended", place: this.#head * this.#unitsPerBlock + place };
				}
				this.#retireHead();
				if (this.#isPassing) break;
			}
			if (!this.#takeBlock()) break;
		}
		return { kind: "failed", code: this.#failure };
	}

	get #freeBlocksWanted(): number {
		return this.#epochs.length < BLOCKS_FOR_THREE_FREE ? 1 : 3;
	}

	/** Erases a free block, makes it the head, and collects so that a free block is left again. */
	#takeBlock(): boolean {
		this.#failure = "storage-full";
		for (;;) {
			const block = this.#freeBlock();
			if (block === undefined) return false;
			if (this.#openBlock(block)) break;
			if (this.#isPassing) return false;
		}
		while (this.#freeBlocks() < this.#freeBlocksWanted) {
			if (!this.#collect()) break;
		}
		// A block taken as the last free one may hold nothing but copies until another is free.
		if (this.#freeBlocks() === 0) this.#head = NO_BLOCK;
		return this.#head !== NO_BLOCK;
	}

	/** The free block of the lowest epoch: what it held became unneeded before what others held. */
	#freeBlock(): number | undefined {
		const free = this.#lowestBlock(0, this.#tail, "not worn");
		if (free !== undefined) return free;
		// The last free block was taken and power failed before the oldest was copied into it.
		if (this.#copies !== undefined && !this.#worn[this.#copies]) return this.#copies;
		// Blocks wore out in the middle of a collection: what became free since is not written
		// down.
		return this.#lowestBlock(0, this.#lowestNeeded(), "not worn");
	}

	/** The block of the lowest epoch, `least` ≤ epoch < `limit`. */
	#lowestBlock(least: number, limit: number, worn: "worn too" | "not worn"): number | undefined {
		let lowest: number | undefined;
		for (let block = 0; block < this.#epochs.length; block++) {
			const epoch = this.#epochs[block] as number;
			if (epoch < least || epoch >= limit) continue;
			if (this.#worn[block] && worn === "not worn") continue;
			if (lowest === undefined || epoch < (this.#epochs[lowest] as number)) lowest = block;
		}
		return lowest;
	}

	#freeBlocks(): number {
		let count = 0;
		for (let block = 0; block < this.#epochs.length; block++) {
			if (!this.#worn[block] && (this.#epochs[block] as number) < this.#tail) count++;
		}
		return count;
	}

	/** The lowest epoch of a block with live records, or the newest epoch where there is none. */
	#lowestNeeded(): number {
		let lowest = this.#newestEpoch;
		for (let block = 0; block < this.#epochs.length; block++) {
			const epoch = this.#epochs[block] as number;
			if (this.#liveUnits[block] && epoch < lowest) lowest = epoch;
		}
		return lowest;
	}

	#openBlock(block: number): boolean {
		assert(this.#liveUnits[block] === 0, "a free block holds no live record");
		this.#head = NO_BLOCK;
		// While flash does not answer no attempt costs an erase.
		const ask = () => void this.read(block * this.#unitsPerBlock, 1);
		if (!this.#attempt(ask)) return false;
		this.#epochs[block] = 0;
		this.#newestEpoch++;
		const tail = this.#lowestNeeded();
		const erased = this.#attempt(() => this.#flash.eraseBlock(block));
		if (erased) {
			this.#epochs[block] = this.#newestEpoch;
			this.#head = block;
			this.#headUnit = 0;
			const lastSequence = this.#records.newestSequence();
			const header: Unit = { kind: "block", epoch: this.#newestEpoch, tail, lastSequence };
			if (this.#program(encodeUnit(header, 0), 1)) {
				this.#tail = tail;
				this.#copies = undefined;
				return true;
			}
		}
		this.#head = NO_BLOCK;
		this.#epochs[block] = 0;
		if (!this.#isPassing) this.#worn[block] = 1;
		return false;
	}

	/**
	 * Copies the live records of the oldest block to the head and moves the tail past it. `false`
	 * where they do not all fit, or where flash fails; nothing is lost then.
	 */
	#collect(): boolean {
		const block = this.#lowestBlock(this.#tail, this.#newestEpoch, "worn too");
		if (block === undefined) return false;
		const left = this.#unitsPerBlock - 1 - this.#headUnit;
		if ((this.#liveUnits[block] as number) > left) return false;
		if (!this.#copyLive(block)) return false;
		const tail = this.#lowestNeeded();
		const unit: Unit = { kind: "tail", epoch: this.#newestEpoch, tail };
		if (!this.#program(encodeUnit(unit, this.#headUnit), 1)) {
			this.#retireHead();
			return false;
		}
		this.#tail = tail;
		return true;
	}

	#copyLive(block: number): boolean {
		const firstPlace = block * this.#unitsPerBlock;
		if (!this.#liveUnits[block]) return true;
		let bytes: Uint8Array = new Uint8Array(0);
		const read = () => void (bytes = this.read(firstPlace, this.#unitsPerBlock));
		if (!this.#attempt(read)) return false;
		for (let unit = 1; unit < this.#unitsPerBlock;) {
			const header = decodeUnit(bytes, unit, 0);
			if (header?.kind === "record" && this.#records.isLiveAt(header.sequence, firstPlace + unit)) {
				const content = decodeRecord(bytes, unit, header);
				if (!content) {
					this.#records.lost(header.sequence);
				} else {
					const units = unitsOf(header.byteLength);
					const to = this.#headUnit;
					if (!this.#program(encodeRecord(content, this.#newestEpoch, to), units)) {
						this.#retireHead();
						return false;
					}
					this.#records.moved(header.sequence, this.#head * this.#unitsPerBlock + to);
				}
			}
			unit += unitsToSkip(header);
		}
		return true;
	}

	/** Programs the next units of the head and reads them back. */
	#program(bytes: Uint8Array, units: number): boolean {
		assert(bytes.length === units * UNIT_BYTES, "whole units");
		assert(this.#headUnit + units <= this.#unitsPerBlock, "units of one block");
		const offset = this.#head * this.#blockLength + this.#headUnit * UNIT_BYTES;
		this.#headUnit += units;
		return this.#attempt(() => {
			this.#flash.write(bytes, offset);
			const back = new Uint8Array(this.#flash.read(bytes.length, offset));
			return equalBytes(back, bytes);
		});
	}

	/** The head failed: what it holds stays, but nothing more is written to it in this life. */
	#retireHead(): void {
		if (!this.#isPassing) this.#worn[this.#head] = 1;
		this.#head = NO_BLOCK;
	}

	/** Flash did not answer: that says nothing about the block, and may be over soon. */
	get #isPassing(): boolean {
		return this.#failure === "storage-unreadable";
	}

	/** `false` where flash failed or did not keep what was written. Other errors are not for us. */
	#attempt(operation: () => boolean | void): boolean {
		try {
			if (operation() !== false) return true;
			this.#failure = "storage-worn";
		} catch (error) {
			this.#failure = storageCodeOf(error);
		}
		return false;
	}
}
