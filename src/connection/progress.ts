// Feeds the hardware watchdog, from one call site, on proof of progress: the loop turns (this timer
// fires) AND every registered task is within its own deadline. It does not know what the tasks do.

import { assert } from "../assert.js";
import { PROGRESS_TASKS_MAX } from "../limits.js";
import type { Clock, Timer, TimerHandle, Watchdog } from "../ports.js";
import type { Timings } from "./timings.js";

/** One registered task's side. */
export interface ProgressTask {
	/** Something that proves progress has happened: the deadline starts anew. */
	made(): void;
	/**
	 * Nothing can be expected before `untilMs` of monotonic time, for a stated reason; the deadline
	 * starts there. A wait longer than progressWaitMs counts as one of progressWaitMs.
	 */
	wait(untilMs: number): void;
	/** The task has ended in order. */
	release(): void;
}

export interface ProgressOptions {
	readonly clock: Clock;
	readonly timer: Timer;
	readonly watchdog: Watchdog;
	readonly timings: Timings;
	/**
	 * A task is late: unless it makes progress, the watchdog resets the device. Once per lateness.
	 */
	readonly onStalled?: (name: string) => void;
}

/** Checks in one watchdog period: one late turn of the loop is no reset. */
const CHECKS_PER_PERIOD = 4;
/** What the watchdog port can retain. */
const STAGE_CHARACTERS_MAX = 15;
const STALL_MARK = "!";

interface TaskEntry {
	readonly name: string;
	readonly deadlineMs: number;
	dueMs: number;
	isLate: boolean;
}

export class Progress {
	readonly #clock: Clock;
	readonly #timer: Timer;
	readonly #watchdog: Watchdog;
	readonly #timings: Timings;
	readonly #onStalled: (name: string) => void;
	/** At most PROGRESS_TASKS_MAX. */
	readonly #tasks: TaskEntry[] = [];
	#handle: TimerHandle | undefined;
	#stage = "";

	constructor(options: ProgressOptions) {
		this.#clock = options.clock;
		this.#timer = options.timer;
		this.#watchdog = options.watchdog;
		this.#timings = options.timings;
		this.#onStalled = options.onStalled ?? (() => {});
	}

	/**
	 * Starts the watchdog; there is no way back but a reset, {@link stop} of a host's test, or a
	 * restart.
	 */
	start(): void {
		assert(this.#handle === undefined, "progress starts once");
		const { watchdogMs } = this.#timings;
		this.#watchdog.start(watchdogMs);
		const intervalMs = Math.max(1, Math.floor(watchdogMs / CHECKS_PER_PERIOD));
		this.#handle = this.#timer.repeat(() => this.#check(), intervalMs);
	}

	/** The device stops in order. */
	stop(): void {
		if (this.#handle === undefined) return;
		this.#timer.clear(this.#handle);
		this.#handle = undefined;
		this.#watchdog.close();
	}

	/** `deadlineMs` is the longest time between two proofs. The first is counted from now. */
	register(name: string, deadlineMs: number): ProgressTask {
		assert(this.#tasks.length < PROGRESS_TASKS_MAX, "tasks are within their limit");
		assert(name.length > 0 && name.length < STAGE_CHARACTERS_MAX, "a task's name fits a stage");
		assert(deadlineMs > 0, "a task has a deadline");
		const dueMs = this.#clock.monotonicMs() + deadlineMs;
		const entry: TaskEntry = { name, deadlineMs, dueMs, isLate: false };
		this.#tasks.push(entry);
		return {
			made: () => this.#due(entry, this.#clock.monotonicMs()),
			wait: (untilMs) => this.#due(entry, untilMs),
			release: () => this.#release(entry),
		};
	}

	/** Keeps `stage` over a reset, so that the next boot can say where this one ended. */
	stage(stage: string): void {
		assert(stage.length <= STAGE_CHARACTERS_MAX, "a stage has at most 15 characters");
		if (stage === this.#stage) return;
		this.#stage = stage;
		this.#watchdog.retain(stage);
	}

	/** The tasks that are late now, by name. */
	get late(): readonly string[] {
		const nowMs = this.#clock.monotonicMs();
		return this.#tasks.filter((task) => nowMs > task.dueMs).map((task) => task.name);
	}

	#due(task: TaskEntry, fromMs: number): void {
		const nowMs = this.#clock.monotonicMs();
		const latestMs = nowMs + this.#timings.progressWaitMs;
		task.dueMs = Math.min(Math.max(fromMs, nowMs), latestMs) + task.deadlineMs;
	}

	#release(task: TaskEntry): void {
		const index = this.#tasks.indexOf(task);
		if (index >= 0) this.#tasks.splice(index, 1);
	}

	#check(): void {
		const nowMs = this.#clock.monotonicMs();
		const wasLate = this.#tasks.some((task) => task.isLate);
		for (const task of [...this.#tasks]) {
			const isLate = nowMs > task.dueMs;
			if (isLate && !task.isLate) this.#stalled(task);
			task.isLate = isLate;
		}
		if (this.#tasks.some((task) => task.isLate)) return;
		if (wasLate) this.#watchdog.retain(this.#stage);
		this.#watchdog.feed(); // the one call site
	}

	/** The late task's name is what the next boot reports as the stage. */
	#stalled(task: TaskEntry): void {
		this.#watchdog.retain(STALL_MARK + task.name);
		this.#onStalled(task.name);
	}
}
