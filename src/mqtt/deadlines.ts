// Several named deadlines on one timer. Moving a deadline later costs nothing: the timer that is
// set fires early, finds nothing due, and is set again.

import type { Clock, Timer, TimerHandle } from "../ports.js";

export interface DeadlinesOptions<Name extends string> {
	clock: Clock;
	timer: Timer;
	/** The deadline has passed. It is no longer set. */
	onDue: (name: Name) => void;
}

export class Deadlines<Name extends string> {
	readonly #options: DeadlinesOptions<Name>;
	/** At most one entry per name of the union. */
	readonly #dueMs = new Map<Name, number>();
	#handle: TimerHandle | undefined;
	#timerMs = Infinity;
	#isClosed = false;

	constructor(options: DeadlinesOptions<Name>) {
		this.#options = options;
	}

	/** Sets `name`, in place of an earlier setting. Never calls back from inside. */
	set(name: Name, afterMs: number): void {
		if (this.#isClosed) return;
		this.#dueMs.set(name, this.#options.clock.monotonicMs() + afterMs);
		this.#arm();
	}

	has(name: Name): boolean {
		return this.#dueMs.has(name);
	}

	clear(name: Name): void {
		this.#dueMs.delete(name);
	}

	/** Nothing calls back any more. */
	close(): void {
		this.#isClosed = true;
		this.#dueMs.clear();
		this.#disarm();
	}

	#arm(): void {
		let earliest = Infinity;
		for (const dueMs of this.#dueMs.values()) earliest = Math.min(earliest, dueMs);
		if (earliest >= this.#timerMs) return;
		this.#disarm();
		this.#timerMs = earliest;
		const delayMs = Math.max(0, earliest - this.#options.clock.monotonicMs());
		this.#handle = this.#options.timer.set(() => this.#fire(), delayMs);
	}

	#disarm(): void {
		if (this.#handle !== undefined) this.#options.timer.clear(this.#handle);
		this.#handle = undefined;
		this.#timerMs = Infinity;
	}

	#fire(): void {
		this.#handle = undefined;
		this.#timerMs = Infinity;
		const nowMs = this.#options.clock.monotonicMs();
		for (const [name, dueMs] of Array.from(this.#dueMs)) {
			// An earlier one of this round may have moved or cleared it.
			if (dueMs > nowMs || this.#dueMs.get(name) !== dueMs) continue;
			this.#dueMs.delete(name);
			this.#options.onDue(name);
		}
		if (!this.#isClosed) this.#arm();
	}
}
