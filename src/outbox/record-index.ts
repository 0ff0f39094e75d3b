// The index in RAM: where each live record is, in order of sequence. Typed arrays of fixed size,
// used as a ring, because records come at one end and mostly leave at the other. It knows nothing
// of flash.

import { assert } from "../assert.js";
import { OUTBOX_RECORDS_MAX } from "../limits.js";

/** Position of a record in the index. Any insertion makes it invalid. */
export type Slot = number;

const SPAN = 0x100000000;
/** Unit 0 of block 0 is a block header, so no record has this place. */
const NOWHERE = 0;

export class RecordIndex {
	/** Sequence less the base; slots of removed records keep theirs, so that the order stands. */
	readonly #sequences: Uint32Array;
	readonly #places: Uint16Array;
	readonly #channels: Uint8Array;
	/** Class (2 bits) and units (6 bits). */
	readonly #shapes: Uint8Array;
	readonly #mask: number;
	#base = 0;
	#head = 0;
	#length = 0;
	#size = 0;

	/** With so many slots, a power of two. Each takes 8 bytes. */
	constructor(slots = OUTBOX_RECORDS_MAX) {
		assert(slots > 0 && (slots & (slots - 1)) === 0, "the slots are a power of two");
		this.#sequences = new Uint32Array(slots);
		this.#places = new Uint16Array(slots);
		this.#channels = new Uint8Array(slots);
		this.#shapes = new Uint8Array(slots);
		this.#mask = slots - 1;
	}

	get slots(): number {
		return this.#mask + 1;
	}

	/** How many records it holds. */
	get size(): number {
		return this.#size;
	}

	/**
	 * Adds a record that it does not hold. `false` where the index has no slot or no number for it.
	 */
	insert(
		sequence: number,
		place: number,
		channel: number,
		recordClass: number,
		units: number,
	): boolean {
		assert(place !== NOWHERE && units < 64, "a place and a length of a record");
		if (this.#size === this.slots || !this.#reaches(sequence)) return false;
		if (this.#length === this.slots) this.#closeHoles();
		let slot = this.#length++;
		while (slot > 0 && this.sequenceAt(slot - 1) > sequence) {
			this.#copy(slot - 1, slot);
			slot--;
		}
		assert(slot === 0 || this.sequenceAt(slot - 1) < sequence || !this.#isLive(slot - 1), "new");
		const at = (this.#head + slot) & this.#mask;
		this.#sequences[at] = sequence - this.#base;
		this.#places[at] = place;
		this.#channels[at] = channel;
		this.#shapes[at] = (recordClass << 6) | units;
		this.#size++;
		return true;
	}

	/** The slot of `sequence`, or `undefined` where it is not held. */
	find(sequence: number): Slot | undefined {
		let slot = this.#firstFrom(sequence);
		// A removed record and a later one of the same number can stand side by side.
		while (slot < this.#length && this.sequenceAt(slot) === sequence) {
			if (this.#isLive(slot)) return slot;
			slot++;
		}
		return undefined;
	}

	/** The first record after `sequence` (the first of all without it), or `undefined`. */
	next(sequence: number | undefined): Slot | undefined {
		let slot = sequence === undefined ? 0 : this.#firstFrom(sequence + 1);
		while (slot < this.#length && !this.#isLive(slot)) slot++;
		return slot < this.#length ? slot : undefined;
	}

	sequenceAt(slot: Slot): number {
		return this.#base + (this.#sequences[(this.#head + slot) & this.#mask] as number);
	}

	placeAt(slot: Slot): number {
		return this.#places[(this.#head + slot) & this.#mask] as number;
	}

	channelAt(slot: Slot): number {
		return this.#channels[(this.#head + slot) & this.#mask] as number;
	}

	classAt(slot: Slot): number {
		return (this.#shapes[(this.#head + slot) & this.#mask] as number) >> 6;
	}

	unitsAt(slot: Slot): number {
		return (this.#shapes[(this.#head + slot) & this.#mask] as number) & 63;
	}

	move(slot: Slot, place: number): void {
		assert(this.#isLive(slot), "a record that is held");
		this.#places[(this.#head + slot) & this.#mask] = place;
	}

	remove(slot: Slot): void {
		assert(this.#isLive(slot), "a record that is held");
		this.#places[(this.#head + slot) & this.#mask] = NOWHERE;
		this.#size--;
		while (this.#length > 0 && !this.#isLive(0)) {
			this.#head = (this.#head + 1) & this.#mask;
			this.#length--;
		}
		while (this.#length > 0 && !this.#isLive(this.#length - 1)) this.#length--;
	}

	#isLive(slot: Slot): boolean {
		return this.#places[(this.#head + slot) & this.#mask] !== NOWHERE;
	}

	/** The first slot, of a removed record or not, whose sequence is at least `sequence`. */
	#firstFrom(sequence: number): Slot {
		let low = 0;
		let high = this.#length;
		while (low < high) {
			const middle = (low + high) >> 1;
			if (this.sequenceAt(middle) < sequence) low = middle + 1;
			else high = middle;
		}
		return low;
	}

	#copy(from: Slot, to: Slot): void {
		const source = (this.#head + from) & this.#mask;
		const target = (this.#head + to) & this.#mask;
		this.#sequences[target] = this.#sequences[source] as number;
		this.#places[target] = this.#places[source] as number;
		this.#channels[target] = this.#channels[source] as number;
		this.#shapes[target] = this.#shapes[source] as number;
	}

	#closeHoles(): void {
		let kept = 0;
		for (let slot = 0; slot < this.#length; slot++) {
			if (this.#isLive(slot)) this.#copy(slot, kept++);
		}
		this.#length = kept;
	}

	/** Moves the base, if it must, so that `sequence` lies within 32 bits of it. */
	#reaches(sequence: number): boolean {
		if (this.#length === 0) this.#base = Math.max(0, sequence - SPAN / 2);
		if (sequence >= this.#base && sequence - this.#base < SPAN) return true;
		this.#closeHoles();
		const oldest = Math.min(sequence, this.sequenceAt(0));
		const newest = Math.max(sequence, this.sequenceAt(this.#length - 1));
		if (newest - oldest >= SPAN) return false;
		const shift = oldest - this.#base;
		for (let slot = 0; slot < this.#length; slot++) {
			const at = (this.#head + slot) & this.#mask;
			this.#sequences[at] = (this.#sequences[at] as number) - shift;
		}
		this.#base = oldest;
		return true;
	}
}
