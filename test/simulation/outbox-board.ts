// A board that stores, sends and acknowledges at random, and the memory of what its outbox
// promised. Each life first checks every promise, whatever happened to the life before.

import { NORFlash } from "../../hosts/simulator/flash.js";
import { VirtualKeyValue } from "../../hosts/simulator/key-value.js";
import { PowerSupply } from "../../hosts/simulator/power.js";
import { Random } from "../../hosts/simulator/random.js";
import { assert } from "../../src/assert.js";
import { equalBytes } from "../../src/bytes/arrays.js";
import { SequenceReservation } from "../../src/envelope/sequence-reservation.js";
import type { OutboxEntry, RecordClass, Victims } from "../../src/outbox/outbox.js";
import { Outbox } from "../../src/outbox/outbox.js";
import type { FlashPartition } from "../../src/ports.js";
import type { Board } from "./power-loss.js";

/** What the parts under test are; planted bugs replace one of them. */
export interface OutboxParts {
	readonly flash: (chip: NORFlash) => FlashPartition;
	readonly reservation: (
		storage: VirtualKeyValue,
		highestSeen: number | undefined,
	) => { next(): number };
	readonly makeRoom: (
		outbox: Outbox,
		gap: OutboxEntry,
		victims: readonly number[],
	) => { readonly kind: string };
	readonly flush: (outbox: Outbox) => void;
}

export const SOUND_PARTS: OutboxParts = {
	flash: (chip) => chip.open(),
	reservation: (storage, highestSeen) =>
		new SequenceReservation(storage.open({ path: "hf-seq", format: "buffer" }), highestSeen),
	makeRoom: (outbox, gap) => outbox.makeRoom(gap),
	flush: (outbox) => assert(outbox.flush().kind === "stored", "flash has room for tombstones"),
};

export interface OutboxBoardOptions {
	readonly seed: number;
	readonly blocks: number;
	/** Things done in one life. */
	readonly steps: number;
	readonly recordBytesMax: number;
	/** Of a hundred things done, how many are acknowledgements. */
	readonly acknowledged?: number;
	readonly parts?: OutboxParts;
}

/** The fate of a record, as far as the outside world can know it. */
type Fate =
	| "offered" // `store` was called and has not returned
	| "stored" // `store` returned "stored"
	| "removed" // `remove` was called: it may come back once
	| "buried" // and `flush` returned: it is gone
	| "dropped"; // a gap record speaks for it

interface Known {
	fate: Fate;
	readonly bytes: Uint8Array;
	readonly channel: number;
	readonly recordClass: RecordClass;
}

interface KnownGap {
	readonly sequence: number;
	readonly members: readonly number[];
}

export class OutboxBoard implements Board {
	readonly power: PowerSupply;
	readonly #options: OutboxBoardOptions;
	readonly #parts: OutboxParts;
	readonly #chip: NORFlash;
	readonly #storage: VirtualKeyValue;
	#known = new Map<number, Known>();
	#newestUsed = 0;
	/** The newest gap record, and what it speaks for. */
	#gap: KnownGap | undefined;
	/** The gap record that is being stored. */
	#nextGap: KnownGap | undefined;

	constructor(options: OutboxBoardOptions, from?: OutboxBoard) {
		this.power = new PowerSupply();
		this.#options = options;
		this.#parts = options.parts ?? SOUND_PARTS;
		const { blocks } = options;
		const { power } = this;
		this.#chip = from ? from.#chip.copy(power) : new NORFlash({ blocks, power });
		this.#storage = from ? from.#storage.copy(power) : new VirtualKeyValue({ power });
		if (!from) return;
		for (const [sequence, known] of from.#known) this.#known.set(sequence, { ...known });
		this.#newestUsed = from.#newestUsed;
		this.#gap = from.#gap;
		this.#nextGap = from.#nextGap;
	}

	copy(): OutboxBoard {
		return new OutboxBoard(this.#options, this);
	}

	live(life: number): void {
		const random = new Random(this.#options.seed * 1000 + life);
		const mounted = Outbox.mount({ flash: this.#parts.flash(this.#chip) });
		assert(mounted.kind === "mounted", "a partition can always be mounted");
		const { outbox } = mounted;
		this.#settle(outbox);
		this.#check(outbox);
		const reservation = this.#parts.reservation(this.#storage, outbox.lastSequence);
		for (let step = 0; step < this.#options.steps; step++) this.#act(outbox, reservation, random);
		this.#check(outbox);
	}

	/**
	 * What was under way when power failed has happened or has not; from now on it is known which.
	 */
	#settle(outbox: Outbox): void {
		const found = new Set(outbox.waiting(undefined, 100_000).map(({ sequence }) => sequence));
		const gap = this.#nextGap;
		if (gap && found.has(gap.sequence)) this.#gapStands(gap);
		this.#nextGap = undefined;
		for (const [sequence, known] of this.#known) {
			if (known.fate === "offered" && found.has(sequence)) known.fate = "stored";
			else if (known.fate === "offered") this.#known.delete(sequence);
			if (known.fate === "removed") known.fate = found.has(sequence) ? "stored" : "buried";
		}
	}

	#check(outbox: Outbox): void {
		const found = outbox.waiting(undefined, 100_000);
		let newest = 0;
		for (const [sequence, { fate }] of this.#known) if (fate !== "offered") newest = sequence;
		assert((outbox.lastSequence ?? 0) >= newest, "the last sequence is not forgotten");
		assert((outbox.lastSequence ?? 0) <= this.#newestUsed, "the last sequence was used");
		let previous = 0;
		for (const { sequence, channel } of found) {
			assert(sequence > previous, "records are offered in order");
			previous = sequence;
			const known = this.#known.get(sequence);
			assert(known?.fate === "stored", `record ${sequence} is ${known?.fate ?? "unknown"}`);
			const read = outbox.read(sequence);
			assert(read !== undefined, `record ${sequence} is listed and cannot be read`);
			assert(channel === known.channel && read.channel === channel, "the channel is kept");
			assert(equalBytes(read.bytes, known.bytes), `record ${sequence} is corrupt`);
		}
		const sequences = new Set(found.map(({ sequence }) => sequence));
		for (const [sequence, { fate }] of this.#known) {
			assert(fate !== "stored" || sequences.has(sequence), `record ${sequence} is lost`);
		}
	}

	#act(outbox: Outbox, reservation: { next(): number }, random: Random): void {
		const acknowledged = this.#options.acknowledged ?? 30;
		const chance = random.integer(0, 99);
		if (chance < acknowledged) this.#acknowledge(outbox, random);
		else if (chance < acknowledged + 4) this.#flush(outbox);
		else if (chance < acknowledged + 6)
			this.#use(reservation.next()); // a will
		else this.#store(outbox, reservation, random);
	}

	#store(outbox: Outbox, reservation: { next(): number }, random: Random): void {
		const length = random.integer(1, this.#options.recordBytesMax);
		for (let attempt = 0; attempt < 4; attempt++) {
			const room = outbox.room(length);
			assert(room.kind === "room" || room.kind === "full", `no room: ${room.kind}`);
			if (room.kind === "room") break;
			this.#makeRoom(outbox, reservation, room.victims, random);
		}
		const recordClass = random.pick<RecordClass>([0, 0, 0, 0, 1, 2]);
		const entry = this.#entry(reservation.next(), recordClass, random.bytes(length));
		const stored = outbox.store(entry);
		assert(stored.kind === "stored", `not stored: ${stored.kind}`);
		this.#knownAt(entry.sequence).fate = "stored";
	}

	#makeRoom(
		outbox: Outbox,
		reservation: { next(): number },
		announced: readonly Victims[],
		random: Random,
	): void {
		const [range] = announced;
		assert(range !== undefined && announced.length === 1, "one range is announced");
		const older =
			this.#gap && this.#fateOf(this.#gap.sequence) === "stored" ? this.#gap : undefined;
		const spoken = older ? [...older.members, older.sequence] : [];
		const victims = this.#oldestOfTheLowest(range.count - spoken.length, older);
		const members = [...victims, ...spoken];
		assert(range.first === Math.min(...members), "the range begins with the first victim");
		assert(range.last === Math.max(...members), "the range ends with the last victim");
		const gap = this.#entry(reservation.next(), 2, random.bytes(random.integer(100, 300)));
		this.#nextGap = { sequence: gap.sequence, members };
		const made = this.#parts.makeRoom(outbox, gap, victims);
		assert(made.kind === "stored", `no room for the gap record: ${made.kind}`);
		this.#knownAt(gap.sequence).fate = "stored";
		this.#gapStands(this.#nextGap);
	}

	/** The policy, once more and independently: which records go first. */
	#oldestOfTheLowest(count: number, gap: KnownGap | undefined): number[] {
		const live = [...this.#known.entries()].filter(
			([sequence, { fate }]) => fate === "stored" && sequence !== gap?.sequence,
		);
		live.sort(([a, left], [b, right]) => left.recordClass - right.recordClass || a - b);
		assert(count > 0 && count <= live.length, `${count} victims of ${live.length} records`);
		return live.slice(0, count).map(([sequence]) => sequence);
	}

	#gapStands(gap: KnownGap): void {
		for (const sequence of gap.members) this.#knownAt(sequence).fate = "dropped";
		this.#gap = gap;
		this.#nextGap = undefined;
	}

	#acknowledge(outbox: Outbox, random: Random): void {
		const waiting = outbox.waiting(undefined, random.oneIn(5) ? 100 : 4);
		if (waiting.length === 0) return;
		const { sequence } = random.pick(waiting);
		this.#knownAt(sequence).fate = "removed";
		assert(outbox.remove(sequence), "a record that waits can be removed");
		assert(!outbox.remove(sequence), "and only once");
	}

	#flush(outbox: Outbox): void {
		this.#parts.flush(outbox);
		for (const known of this.#known.values()) {
			if (known.fate === "removed") known.fate = "buried";
		}
	}

	#entry(sequence: number, recordClass: RecordClass, bytes: Uint8Array): OutboxEntry {
		this.#use(sequence);
		const channel = sequence % 7;
		this.#known.set(sequence, { fate: "offered", bytes, channel, recordClass });
		return { sequence, recordClass, channel, bytes };
	}

	#use(sequence: number): void {
		assert(sequence > this.#newestUsed, `sequence ${sequence} after ${this.#newestUsed}`);
		this.#newestUsed = sequence;
	}

	#fateOf(sequence: number): Fate | undefined {
		return this.#known.get(sequence)?.fate;
	}

	#knownAt(sequence: number): Known {
		const known = this.#known.get(sequence);
		assert(known !== undefined, `record ${sequence} was never made`);
		return known;
	}
}
