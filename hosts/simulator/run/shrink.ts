// Makes the plan of a failed life smaller while it still fails: fewer faults, a shorter life, fewer
// devices, shorter faults. Delta debugging (Zeller and Hildebrandt 2002) within a budget that the
// caller keeps.

import type { Fault } from "./fault.js";
import type { Plan } from "./plan.js";

const MINUTE = 60_000;
/** Tail of a shortened life, so that what failed still has its time. */
const TAIL_MS = 10 * MINUTE;

export interface ShrinkOptions {
	/** Runs the life: whether it fails in the same way. */
	readonly fails: (plan: Plan) => boolean;
	/** False ends the search with the best so far. */
	readonly hasTime: () => boolean;
	/** When the life failed. */
	readonly failedAtMs: number;
}

export interface Shrunk {
	readonly plan: Plan;
	/** Lives that were run for it. */
	readonly runs: number;
	/** False where time ran out first. */
	readonly isFinished: boolean;
}

/** The smallest failing plan that the search finds. `plan` itself fails. */
export function shrink(plan: Plan, options: ShrinkOptions): Shrunk {
	const search = new Search(plan, options);
	search.shorten();
	search.removeFaults();
	search.removeDevices();
	search.shortenFaults();
	search.removeFaults();
	return { plan: search.best, runs: search.runs, isFinished: options.hasTime() };
}

class Search {
	best: Plan;
	runs = 0;
	readonly #options: ShrinkOptions;

	constructor(plan: Plan, options: ShrinkOptions) {
		this.best = plan;
		this.#options = options;
	}

	/** Ends the life soon after the failure, and leaves out what would have come later. */
	shorten(): void {
		const endMs = Math.min(this.best.safetyMs, this.#options.failedAtMs + TAIL_MS);
		if (endMs >= this.best.safetyMs) return;
		const faults = this.best.faults.filter(({ atMs }) => atMs < endMs);
		// A failure of the liveness phase keeps its place only if that phase keeps its start.
		if (!this.#accept({ ...this.best, safetyMs: endMs, faults })) {
			this.#accept({ ...this.best, faults });
		}
	}

	/** ddmin: without each chunk, chunks ever smaller, until none can go. */
	removeFaults(): void {
		let chunk = Math.ceil(this.best.faults.length / 2);
		while (chunk >= 1 && this.#options.hasTime()) {
			let removed = false;
			for (let from = 0; from < this.best.faults.length && this.#options.hasTime();) {
				const { faults } = this.best;
				const left = [...faults.slice(0, from), ...faults.slice(from + chunk)];
				if (this.#accept({ ...this.best, faults: left })) removed = true;
				else from += chunk;
			}
			if (chunk === 1 && !removed) return;
			chunk = chunk > 1 ? Math.ceil(chunk / 2) : 1;
		}
	}

	removeDevices(): void {
		const { faults, options } = this.best;
		if (options.devices === 1) return;
		for (let kept = 0; kept < options.devices; kept++) {
			const only = faults.filter(({ target }) => target === kept);
			const moved = only.map((fault) => ({ ...fault, target: 0 }));
			if (this.#accept({ ...this.best, options: { ...options, devices: 1 }, faults: moved })) {
				return;
			}
		}
	}

	/** Halves what lasts, as long as the life still fails. */
	shortenFaults(): void {
		for (let index = 0; index < this.best.faults.length; index++) {
			for (;;) {
				const fault = this.best.faults[index] as Fault;
				const durationMs = Math.floor(fault.durationMs / 2);
				if (durationMs < 1000 || !this.#options.hasTime()) break;
				const faults = this.best.faults.map((one, at) =>
					at === index ? { ...one, durationMs } : one,
				);
				if (!this.#accept({ ...this.best, faults })) break;
			}
		}
	}

	#accept(candidate: Plan): boolean {
		if (!this.#options.hasTime()) return false;
		this.runs++;
		if (!this.#options.fails(candidate)) return false;
		this.best = candidate;
		return true;
	}
}
