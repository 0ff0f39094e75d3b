// Virtual time: the clock port and the queue of everything that will happen. Time moves only when a
// test or the simulator moves it. Events of the same moment happen in the order in which they were
// scheduled.

import { assert } from "../../src/assert.js";
import type { Clock, WallQuality } from "../../src/ports.js";

/** Handle of something that will happen. */
export interface ScheduledEvent {
	readonly atMs: number;
}

interface QueuedEvent extends ScheduledEvent {
	readonly order: number;
	callback: (() => void) | undefined;
}

const COMPACTION_EVENTS_MIN = 64;

export class VirtualClock implements Clock {
	#nowMs = 0;
	#order = 0;
	#cancelled = 0;
	#isRunning = false;
	/** A binary heap, earliest first. */
	#queue: QueuedEvent[] = [];
	#wallAtZero = 0;
	#quality: WallQuality = "none";

	monotonicMs(): number {
		return this.#nowMs;
	}

	/** Until {@link setWallTime} is called: a clock that counts from 1970, quality "none". */
	wallTime(): { unixSeconds: number; quality: WallQuality } {
		return {
			unixSeconds: Math.floor(this.#wallAtZero + this.#nowMs / 1000),
			quality: this.#quality,
		};
	}

	/** The host's wall clock jumps to `unixSeconds` and runs on from there. */
	setWallTime(unixSeconds: number, quality: WallQuality): void {
		this.#wallAtZero = unixSeconds - this.#nowMs / 1000;
		this.#quality = quality;
	}

	/** Calls back after `delayMs` (at least 0), never from inside `schedule`. */
	schedule(callback: () => void, delayMs: number): ScheduledEvent {
		assert(Number.isFinite(delayMs), "delay is a number");
		const atMs = this.#nowMs + Math.max(0, Math.ceil(delayMs));
		const event: QueuedEvent = { atMs, order: this.#order++, callback };
		this.#queue.push(event);
		this.#siftUp(this.#queue.length - 1);
		return event;
	}

	/** Cancelling what has happened, or twice, does nothing. */
	cancel(scheduled: ScheduledEvent): void {
		const event = scheduled as QueuedEvent;
		if (!event.callback) return;
		event.callback = undefined;
		this.#cancelled++;
		if (this.#cancelled * 2 > this.#queue.length && this.#queue.length > COMPACTION_EVENTS_MIN) {
			this.#compact();
		}
	}

	/** How many events wait. */
	get waiting(): number {
		return this.#queue.length - this.#cancelled;
	}

	/** When the next event is due, or `undefined` if nothing will ever happen. */
	get nextEventMs(): number | undefined {
		this.#dropCancelled();
		return this.#queue[0]?.atMs;
	}

	/** Moves time on by `ms`: everything due happens on the way, what it schedules included. */
	advance(ms: number): void {
		assert(ms >= 0, "time does not run backwards");
		this.runUntil(this.#nowMs + ms);
	}

	/** Moves time on to `atMs`, everything due on the way included. */
	runUntil(atMs: number): void {
		assert(atMs >= this.#nowMs, "time does not run backwards");
		for (;;) {
			this.#dropCancelled();
			const next = this.#queue[0];
			if (!next || next.atMs > atMs) break;
			this.runNext();
		}
		this.#nowMs = atMs;
	}

	/** Moves time on to the next event and lets it happen. `false` when nothing waits. */
	runNext(): boolean {
		assert(!this.#isRunning, "an event does not move time itself");
		this.#dropCancelled();
		const event = this.#takeFirst();
		if (!event) return false;
		const callback = event.callback as () => void;
		event.callback = undefined;
		this.#nowMs = event.atMs;
		this.#isRunning = true;
		try {
			callback();
		} finally {
			this.#isRunning = false;
		}
		return true;
	}

	#dropCancelled(): void {
		while (this.#queue[0] && !this.#queue[0].callback) {
			this.#takeFirst();
			this.#cancelled--;
		}
	}

	#compact(): void {
		const alive = this.#queue.filter((event) => event.callback).sort(compare);
		this.#queue = alive; // a sorted array is a heap
		this.#cancelled = 0;
	}

	#takeFirst(): QueuedEvent | undefined {
		const queue = this.#queue;
		const first = queue[0];
		const last = queue.pop();
		if (!first || !last || queue.length === 0) return first;
		queue[0] = last;
		let index = 0;
		for (;;) {
			let child = index * 2 + 1;
			const left = queue[child];
			if (!left) break;
			const right = queue[child + 1];
			if (right && compare(right, left) < 0) child++;
			if (compare(last, queue[child] as QueuedEvent) <= 0) break;
			queue[index] = queue[child] as QueuedEvent;
			index = child;
		}
		queue[index] = last;
		return first;
	}

	#siftUp(start: number): void {
		const queue = this.#queue;
		const event = queue[start] as QueuedEvent;
		let index = start;
		while (index > 0) {
			const parent = (index - 1) >> 1;
			if (compare(queue[parent] as QueuedEvent, event) <= 0) break;
			queue[index] = queue[parent] as QueuedEvent;
			index = parent;
		}
		queue[index] = event;
	}
}

function compare(left: QueuedEvent, right: QueuedEvent): number {
	return left.atMs - right.atMs || left.order - right.order;
}
