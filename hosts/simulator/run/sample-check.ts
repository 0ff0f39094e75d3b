// Every sample of the sensor becomes one reading that says what the sensor said, or is refused for
// a reason that is told; and the sensor is read at its interval.

import type { SimulatedBoard } from "../board.js";
import { SAMPLE_STEPS, sampleValue } from "../boot.js";
import type { Find } from "./device-watch.js";

export interface SampleCheckOptions {
	readonly board: SimulatedBoard;
	readonly sampleIntervalMs: number;
	readonly find: Find;
	/** Something hangs: it may sample no more. */
	readonly mayHang: () => boolean;
}

/** Readings whose sample is remembered. */
const REMEMBERED_MAX = 8192;

export class SampleCheck {
	readonly #options: SampleCheckOptions;
	/** The number of the sample in each reading, by its sequence. */
	readonly #samples = new Map<number, number>();
	/** Of this boot: samples before it, and readings that came of its samples. */
	#samplesBefore = 0;
	#rounds = 0;
	/** Sampling, undisturbed, since then; with so many samples by then. */
	#steadySinceMs: number | undefined;
	#samplesThen = 0;

	constructor(options: SampleCheckOptions) {
		this.#options = options;
	}

	booted(): void {
		this.#samplesBefore = this.#options.board.samples;
		this.#rounds = 0;
		this.disturbed();
	}

	/** Sampling has begun, or goes on after something that kept it from sampling. */
	started(): void {
		this.#steadySinceMs = this.#nowMs();
		this.#samplesThen = this.#options.board.samples;
	}

	/** The sensor failed, or sampling has ended: nothing is demanded until {@link started}. */
	disturbed(): void {
		this.#steadySinceMs = undefined;
	}

	accepted(sequence: number): void {
		this.#rounds++;
		this.#samples.set(sequence, this.#options.board.samples);
		if (this.#samples.size <= REMEMBERED_MAX) return;
		this.#samples.delete(this.#samples.keys().next().value as number);
	}

	refused(): void {
		this.#rounds++;
	}

	/** A reading arrived. A value that no sensor showed is an invention. */
	delivered(sequence: number, value: unknown): void {
		const sample = this.#samples.get(sequence);
		// Power may fail between its storing and the device's word about it.
		const expected = sampleValue(sample ?? this.#options.board.samples);
		if (value === expected) return;
		const isUntold = sample === undefined && typeof value === "number";
		if (isUntold && value >= sampleValue(0) && value <= sampleValue(SAMPLE_STEPS - 1)) return;
		const shown = `the sensor showed ${expected}`;
		this.#options.find("nothing-invented", `${sequence} reads ${String(value)}, ${shown}`);
	}

	look(): void {
		const { board, sampleIntervalMs, find, mayHang } = this.#options;
		if (!board.isRunning || mayHang()) return this.disturbed();
		const samples = board.samples - this.#samplesBefore;
		if (samples !== this.#rounds) {
			find("each-sample-once", `${samples} samples became ${this.#rounds} readings`);
		}
		const sinceMs = this.#steadySinceMs;
		if (sinceMs === undefined) return;
		const due = Math.floor((this.#nowMs() - sinceMs) / sampleIntervalMs) - 1;
		const taken = board.samples - this.#samplesThen;
		if (taken < due) find("each-sample-once", `${taken} samples, and ${due} were due`);
		this.started();
	}

	#nowMs(): number {
		return this.#options.board.world.clock.monotonicMs();
	}
}
