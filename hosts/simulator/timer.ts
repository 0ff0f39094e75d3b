// The timer port on virtual time. One per device, so that a power cut can stop all of its timers
// and leave the rest of the world running.

import { assert } from "../../src/assert.js";
import type { Timer, TimerHandle } from "../../src/ports.js";
import type { ScheduledEvent, VirtualClock } from "./clock.js";

export class VirtualTimer implements Timer {
	readonly #clock: VirtualClock;
	readonly #active = new Set<TimerEntry>();

	constructor(clock: VirtualClock) {
		this.#clock = clock;
	}

	set(callback: () => void, delayMs: number): TimerHandle {
		const entry: TimerEntry = { event: undefined };
		entry.event = this.#clock.schedule(() => {
			this.#active.delete(entry);
			callback();
		}, delayMs);
		this.#active.add(entry);
		return entry;
	}

	repeat(callback: () => void, intervalMs: number): TimerHandle {
		assert(intervalMs > 0, "a repeated timer has an interval");
		const entry: TimerEntry = { event: undefined };
		const tick = (): void => {
			entry.event = this.#clock.schedule(tick, intervalMs);
			callback();
		};
		entry.event = this.#clock.schedule(tick, intervalMs);
		this.#active.add(entry);
		return entry;
	}

	/** Clearing a timer that has fired, or twice, does nothing. */
	clear(handle: TimerHandle): void {
		const entry = handle as TimerEntry;
		if (!this.#active.delete(entry)) return;
		if (entry.event) this.#clock.cancel(entry.event);
	}

	/** The device lost its power: none of its timers will fire. */
	clearAll(): void {
		for (const entry of [...this.#active]) this.clear(entry);
	}

	/** How many timers are set: a leak shows here. */
	get active(): number {
		return this.#active.size;
	}
}

interface TimerEntry {
	event: ScheduledEvent | undefined;
}
