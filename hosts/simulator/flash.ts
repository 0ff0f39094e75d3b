// NOR flash as the chip behaves at its worst: a unit is programmed once between complete erases,
// and an operation that power interrupts may leave anything in its own units. It holds one
// partition.

import type { ByteSource, FlashPartition, FlashStatus } from "../../src/ports.js";
import { copyOf } from "./byte-queue.js";
import { PowerSupply } from "./power.js";
import type { Random } from "./random.js";
import { StorageError } from "./storage-error.js";

const BLOCK_BYTES = 4096;
const UNIT_BYTES = 32;
const ERASED = 0xff;

/** The program broke a rule of the chip: a bug, never a cause in the world. */
export class FlashViolation extends Error {
	override get name(): string {
		return "FlashViolation";
	}
}

export interface NORFlashOptions {
	readonly blocks: number;
	readonly power?: PowerSupply;
	/** Erases that a block stands; the next one fails and leaves the block as it is. */
	readonly erasesMax?: number;
}

export class NORFlash {
	readonly #power: PowerSupply;
	readonly #bytes: Uint8Array;
	/** 1 for each unit that must not be programmed before the next complete erase. */
	readonly #used: Uint8Array;
	readonly #erases: Uint32Array;
	readonly #worn = new Set<number>();
	readonly #erasesMax: number;
	#programs = 0;
	/** Reads of so many bytes and more fail: with 0 the chip does not answer at all. */
	unreadableBytes = Infinity;

	/** A chip as delivered: erased. */
	constructor(options: NORFlashOptions) {
		this.#power = options.power ?? new PowerSupply();
		this.#bytes = new Uint8Array(options.blocks * BLOCK_BYTES).fill(ERASED);
		this.#used = new Uint8Array(this.#bytes.length / UNIT_BYTES);
		this.#erases = new Uint32Array(options.blocks);
		this.#erasesMax = options.erasesMax ?? Infinity;
	}

	/** Another chip in the same state, on another power supply. */
	copy(power: PowerSupply): NORFlash {
		const chip = new NORFlash({ blocks: this.blocks, power, erasesMax: this.#erasesMax });
		chip.#bytes.set(this.#bytes);
		chip.#used.set(this.#used);
		chip.#erases.set(this.#erases);
		for (const block of this.#worn) chip.#worn.add(block);
		chip.#programs = this.#programs;
		return chip;
	}

	/** Opens the partition, as a life of the device does. Any number of times. */
	open(): FlashPartition {
		this.#power.require();
		return new NORPartition(this);
	}

	get size(): number {
		return this.#bytes.length;
	}

	get blocks(): number {
		return this.#erases.length;
	}

	/** Calls of `write` that did their work. */
	get programs(): number {
		return this.#programs;
	}

	/** Complete erases of each block. */
	get erases(): readonly number[] {
		return [...this.#erases];
	}

	/** A copy of the contents, whether or not there is power. */
	image(): Uint8Array {
		return this.#bytes.slice();
	}

	/** Puts `bytes` there as if they always had been; every unit of theirs counts as programmed. */
	plant(bytes: Uint8Array, byteOffset: number): void {
		this.#bytes.set(bytes, byteOffset);
		const first = Math.floor(byteOffset / UNIT_BYTES);
		this.#used.fill(1, first, Math.ceil((byteOffset + bytes.length) / UNIT_BYTES));
	}

	/** No block can be written any more. */
	get isWornOut(): boolean {
		return this.#worn.size === this.blocks;
	}

	/** From now on programs and erases of `block` fail. What it holds stays readable. */
	wearOut(block: number): void {
		this.#worn.add(block);
	}

	/** For {@link NORPartition} alone, as are the methods below. */
	read(byteLength: number, byteOffset: number): ArrayBuffer {
		if (byteLength >= this.unreadableBytes)
			throw new StorageError("storage-unreadable", "read failed");
		this.#power.require();
		if (byteLength < 0 || byteOffset < 0 || byteOffset + byteLength > this.#bytes.length) {
			throw new RangeError("byteOffset: outside the partition");
		}
		return this.#bytes.slice(byteOffset, byteOffset + byteLength).buffer;
	}

	program(source: ByteSource, byteOffset: number): void {
		const bytes = copyOf(source);
		if (byteOffset % UNIT_BYTES !== 0 || bytes.length % UNIT_BYTES !== 0 || bytes.length === 0) {
			throw new FlashViolation(`write of ${bytes.length} at ${byteOffset}: not whole units`);
		}
		if (byteOffset < 0 || byteOffset + bytes.length > this.#bytes.length) {
			throw new RangeError("byteOffset: outside the partition");
		}
		const first = byteOffset / UNIT_BYTES;
		const end = first + bytes.length / UNIT_BYTES;
		for (let unit = first; unit < end; unit++) {
			if (this.#used[unit]) throw new FlashViolation(`unit ${unit}: programmed twice`);
		}
		const block = Math.floor(byteOffset / BLOCK_BYTES);
		this.#power.perform(
			"program",
			() => {
				this.#used.fill(1, first, end);
				if (this.#worn.has(block)) throw new StorageError("storage-worn", "program failed");
				this.#programBytes(bytes, byteOffset);
				this.#programs++;
			},
			(random) => {
				this.#used.fill(1, first, end);
				this.#tearProgram(bytes, byteOffset, random);
			},
		);
	}

	erase(start: number, end: number): void {
		if (!(start >= 0 && start < end && end <= this.blocks)) {
			throw new RangeError("start: outside the partition");
		}
		for (let block = start; block < end; block++) this.#eraseOne(block);
	}

	status(): FlashStatus {
		return {
			size: this.size,
			blockLength: BLOCK_BYTES,
			blocks: this.blocks,
			writeAlign: UNIT_BYTES,
			eraseValue: ERASED,
		};
	}

	#programBytes(bytes: Uint8Array, byteOffset: number): void {
		for (let index = 0; index < bytes.length; index++) {
			const at = byteOffset + index;
			this.#bytes[at] = (this.#bytes[at] as number) & (bytes[index] as number);
		}
	}

	/** In order, stopping anywhere; or, as pages do it, any bits of any of its units. */
	#tearProgram(bytes: Uint8Array, byteOffset: number, random: Random): void {
		if (random.oneIn(4)) {
			this.#programBytes(someBits(bytes, random), byteOffset);
			return;
		}
		const whole = random.integer(0, bytes.length);
		this.#programBytes(bytes.subarray(0, whole), byteOffset);
		const unitEnd = Math.min(bytes.length, Math.ceil((whole + 1) / UNIT_BYTES) * UNIT_BYTES);
		const partly = someBits(bytes.subarray(whole, unitEnd), random);
		if (random.oneIn(2)) this.#programBytes(partly, byteOffset + whole);
	}

	#eraseOne(block: number): void {
		const offset = block * BLOCK_BYTES;
		const firstUnit = offset / UNIT_BYTES;
		const endUnit = firstUnit + BLOCK_BYTES / UNIT_BYTES;
		this.#power.perform(
			"erase",
			() => {
				if ((this.#erases[block] as number) >= this.#erasesMax) this.#worn.add(block);
				if (this.#worn.has(block)) throw new StorageError("storage-worn", "erase failed");
				this.#bytes.fill(ERASED, offset, offset + BLOCK_BYTES);
				this.#used.fill(0, firstUnit, endUnit);
				this.#erases[block] = (this.#erases[block] as number) + 1;
			},
			(random) => {
				this.#used.fill(1, firstUnit, endUnit);
				this.#tearErase(offset, random);
			},
		);
	}

	/** It may look untouched, or erased, or be noise, or be erased in some of its units. */
	#tearErase(offset: number, random: Random): void {
		const look = random.pick(["untouched", "erased", "noise", "mixed", "mixed"]);
		const block = this.#bytes.subarray(offset, offset + BLOCK_BYTES);
		if (look === "erased") block.fill(ERASED);
		if (look === "noise") random.fill(block);
		if (look !== "mixed") return;
		for (let unit = 0; unit < BLOCK_BYTES; unit += UNIT_BYTES) {
			const bytes = block.subarray(unit, unit + UNIT_BYTES);
			const fate = random.integer(0, 3);
			if (fate === 0) bytes.fill(ERASED);
			if (fate === 1) random.fill(bytes);
			if (fate === 2) raiseSomeBits(bytes, random);
		}
	}
}

class NORPartition implements FlashPartition {
	#chip: NORFlash | undefined;

	constructor(chip: NORFlash) {
		this.#chip = chip;
	}

	read(byteLength: number, byteOffset: number): ArrayBuffer {
		return this.#opened().read(byteLength, byteOffset);
	}

	write(bytes: ByteSource, byteOffset: number): void {
		this.#opened().program(bytes, byteOffset);
	}

	eraseBlock(start: number, end?: number): void {
		this.#opened().erase(start, end ?? start + 1);
	}

	status(): FlashStatus {
		return this.#opened().status();
	}

	close(): void {
		this.#chip = undefined;
	}

	#opened(): NORFlash {
		if (!this.#chip) throw new Error("closed");
		return this.#chip;
	}
}

/** Programming clears bits: a copy of `bytes` with some of the cleared bits still set. */
function someBits(bytes: Uint8Array, random: Random): Uint8Array {
	return bytes.map((byte) => byte | (random.uint32() & 0xff));
}

function raiseSomeBits(bytes: Uint8Array, random: Random): void {
	for (let index = 0; index < bytes.length; index++) {
		bytes[index] = (bytes[index] as number) | (random.uint32() & 0xff);
	}
}
