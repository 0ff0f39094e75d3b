// A board that logs, signs and uploads at random, and the memory of what its log promised. Each
// life first checks every promise, whatever happened to the life before.

import type { PowerSupply } from "../../hosts/simulator/power.js";
import { Random } from "../../hosts/simulator/random.js";
import { assert } from "../../src/assert.js";
import { equalBytes } from "../../src/bytes/arrays.js";
import { toHex } from "../../src/bytes/hex.js";
import { decodeBatch } from "../../src/security-log/batch.js";
import { LogImage, LogLife, readCheckpoint, readEntry } from "../support/log-bench.js";
import { toyDigest } from "../support/toy-digest.js";
import type { Board } from "./power-loss.js";

export interface LogBoardOptions {
	readonly seed: number;
	readonly blocks: number;
	/** Things done in one life. */
	readonly steps: number;
	/** Replaces a part of the life with one that has a planted bug. */
	readonly plant?: (life: LogLife) => void;
}

const KINDS = ["signature-rejected", "credential-promoted", "task-stalled", "protocol-violated"];
const BOOT = { name: "device-booted", reason: "power-on", mode: "normal" };

export class LogBoard implements Board {
	readonly power: PowerSupply;
	readonly #options: LogBoardOptions;
	readonly #image: LogImage;
	/** Entries that were stored for certain, by counter. */
	readonly #stored = new Map<number, string>();
	/** Entries that were handed over for upload. */
	readonly #uploaded = new Map<number, string>();
	/** The newest entry that was stored, and the newest that was signed. */
	#newest = 0;
	#signed = 0;
	/** The oldest entry that was found: older ones are overwritten. */
	#oldest = 1;

	constructor(options: LogBoardOptions, from?: LogBoard) {
		this.#options = options;
		this.#image = from ? from.#image.copy() : new LogImage(options.blocks);
		this.power = this.#image.power;
		if (!from) return;
		for (const [counter, bytes] of from.#stored) this.#stored.set(counter, bytes);
		for (const [counter, bytes] of from.#uploaded) this.#uploaded.set(counter, bytes);
		this.#signed = from.#signed;
		this.#newest = from.#newest;
		this.#oldest = from.#oldest;
	}

	copy(): LogBoard {
		return new LogBoard(this.#options, this);
	}

	live(lifeNumber: number): void {
		const random = new Random(this.#options.seed * 1000 + lifeNumber);
		const life = new LogLife(this.#image);
		this.#options.plant?.(life);
		this.#check(life);
		life.report(BOOT);
		for (let step = 0; step < this.#options.steps; step++) {
			this.#act(life, random);
			this.#remember(life);
		}
		life.work();
		this.#upload(life, 100);
		this.#remember(life);
		this.#check(life);
		this.#checkUpload();
	}

	#act(life: LogLife, random: Random): void {
		life.clock.advance(random.integer(0, 20 * 60_000));
		const chance = random.integer(0, 9);
		if (chance < 6) {
			const reason = "x".repeat(random.integer(0, 40));
			life.report({ name: random.pick(KINDS), reason, slot: step(random), task: reason });
		} else if (chance < 8) life.work();
		else this.#upload(life, random.integer(1, 3));
	}

	#upload(life: LogLife, batches: number): void {
		for (let count = 0; count < batches; count++) {
			const batch = life.log.nextBatch();
			if (batch === undefined) break;
			this.#handOver(batch.payload);
			life.log.uploaded(batch.through);
		}
		life.log.save();
	}

	#handOver(payload: Uint8Array): void {
		const read = decodeBatch(payload);
		assert(read.kind === "valid", "a batch can be read");
		for (const bytes of read.value.entries) {
			const { counter } = readEntry(bytes);
			const before = this.#uploaded.get(counter);
			assert(before === undefined || before === toHex(bytes), `entry ${counter} has two forms`);
			this.#uploaded.set(counter, toHex(bytes));
		}
		if (read.value.checkpoint !== undefined) readCheckpoint(read.value.checkpoint);
	}

	/** What stands now was stored: `record` has returned. */
	#remember(life: LogLife): void {
		for (const { sequence, channel } of life.store.waiting(this.#newest * 2, 100)) {
			const counter = Math.floor(sequence / 2);
			if (channel === 1) this.#signed = Math.max(this.#signed, counter);
			if (channel === 1 || counter <= this.#newest) continue;
			this.#stored.set(counter, toHex(bytesAt(life, sequence)));
			this.#newest = counter;
		}
	}

	#check(life: LogLife): void {
		const found = stored(life);
		const first = found[0]?.counter;
		if (first !== undefined) {
			assert(first >= this.#oldest, "what was overwritten does not come back");
			this.#oldest = first;
		}
		this.#checkChain(found);
		const held = new Map(found.map(({ counter, bytes }) => [counter, bytes]));
		for (const [counter, before] of this.#stored) {
			if (counter < this.#oldest) continue;
			const bytes = held.get(counter);
			assert(bytes !== undefined, `entry ${counter} is lost`);
			assert(toHex(bytes) === before, `entry ${counter} has changed`);
		}
		const newest = life.checkpoints.at(-1)?.counter ?? 0;
		assert(newest >= this.#signed, "a signature is lost");
		assert(life.failures.length === 0, "nothing fails");
	}

	/** One after the other, each naming the hash of the one before; checkpoints fit. */
	#checkChain(found: readonly { counter: number; bytes: Uint8Array }[]): void {
		found.forEach(({ counter, bytes }, index) => {
			const { previous, name } = readEntry(bytes);
			assert(!name.startsWith("log-"), `${name}, and only power failed`);
			const before = found[index - 1];
			if (before === undefined) return;
			assert(counter === before.counter + 1, `between ${before.counter} and ${counter} is a hole`);
			assert(equalBytes(previous, digest(before.bytes)), `entry ${counter} is not chained`);
		});
	}

	/** Whatever was signed in this life is uploaded, unless it was overwritten before. */
	#checkUpload(): void {
		for (let counter = this.#oldest; counter <= this.#signed; counter++) {
			assert(this.#uploaded.has(counter), `entry ${counter} was never uploaded`);
			const bytes = this.#stored.get(counter);
			assert(bytes === this.#uploaded.get(counter), `entry ${counter} was uploaded otherwise`);
		}
	}
}

function stored(life: LogLife): { counter: number; bytes: Uint8Array }[] {
	return life.store
		.waiting(undefined, 100_000)
		.filter(({ channel }) => channel === 0)
		.map(({ sequence }) => ({ counter: sequence / 2, bytes: bytesAt(life, sequence) }));
}

function bytesAt(life: LogLife, sequence: number): Uint8Array {
	const { bytes } = life.store.read(sequence) as { bytes: Uint8Array };
	return bytes;
}

function digest(bytes: Uint8Array): Uint8Array {
	return new Uint8Array(toyDigest(bytes));
}

function step(random: Random): number {
	return random.integer(0, 1000);
}
