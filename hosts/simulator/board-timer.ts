// The timer port of one boot: on the board's own quartz, through the boot's gate, and, where a
// fault wants it, forgetful.

import type { Timer, TimerHandle } from "../../src/ports.js";
import type { BoardClock } from "./board-clock.js";
import type { VirtualClock } from "./clock.js";
import type { Gate } from "./gate.js";
import { VirtualTimer } from "./timer.js";

export interface BoardTimerOptions {
	readonly clock: VirtualClock;
	readonly boardClock: BoardClock;
	readonly gate: Gate;
	/** Whether a timer set now never fires: the hang of a task. */
	readonly isLost: (delayMs: number) => boolean;
}

const LOST: TimerHandle = Object.freeze({});

export class BoardTimer implements Timer {
	readonly #options: BoardTimerOptions;
	readonly #timer: VirtualTimer;
	#isOver = false;

	constructor(options: BoardTimerOptions) {
		this.#options = options;
		this.#timer = new VirtualTimer(options.clock);
		options.gate.onEnd(() => {
			this.#isOver = true;
			this.#timer.clearAll();
		});
	}

	set(callback: () => void, delayMs: number): TimerHandle {
		const { boardClock, gate, isLost } = this.#options;
		if (this.#isOver || isLost(delayMs)) return LOST;
		return this.#timer.set(() => gate.run(callback), boardClock.worldDelayMs(delayMs));
	}

	repeat(callback: () => void, intervalMs: number): TimerHandle {
		const { boardClock, gate } = this.#options;
		if (this.#isOver) return LOST;
		return this.#timer.repeat(() => gate.run(callback), boardClock.worldDelayMs(intervalMs));
	}

	clear(handle: TimerHandle): void {
		this.#timer.clear(handle);
	}

	/** Timers that are set: a leak shows here. */
	get active(): number {
		return this.#timer.active;
	}
}
