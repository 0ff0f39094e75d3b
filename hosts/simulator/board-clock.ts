// The clock of one simulated board: a quartz that drifts, a wall time that SNTP sets, and an SNTP
// server that may be out of reach or lie.

import type { Clock, WallQuality } from "../../src/ports.js";
import type { VirtualClock } from "./clock.js";
import type { Gate } from "./gate.js";
import type { NetworkInterface } from "./network-interface.js";

const FIRST_POLL_MS = 3000;
const RETRY_MS = 60_000;
/** The SDK's own interval. */
const POLL_MS = 3_600_000;

export interface BoardClockOptions {
	readonly clock: VirtualClock;
	readonly path: NetworkInterface;
	/** The true time, in Unix seconds. */
	readonly trueTime: () => number;
}

export class BoardClock implements Clock {
	/** SNTP gets no answer. */
	isSNTPBlocked = false;
	/** Seconds by which SNTP's answers are wrong. */
	lieSeconds = 0;
	readonly #options: BoardClockOptions;
	#driftPPM = 0;
	/** A moment of the world, and what the quartz said then. */
	#worldMs = 0;
	#quartzMs = 0;
	/** Unix seconds when the quartz said zero. */
	#wallAtZero = 0;
	/** When SNTP answered for the first time in this boot; the world's time. */
	#synchronizedAtMs = Infinity;
	#stopPolling: (() => void) | undefined;
	#gate: Gate | undefined;

	constructor(options: BoardClockOptions) {
		this.#options = options;
	}

	monotonicMs(): number {
		return Math.floor(this.#quartz());
	}

	wallTime(): { unixSeconds: number; quality: WallQuality } {
		const unixSeconds = Math.floor(this.#wallAtZero + this.#quartz() / 1000);
		return { unixSeconds, quality: this.#synchronizedAtMs === Infinity ? "none" : "sntp" };
	}

	/** Milliseconds for which the wall time has been known in this boot; 0 while it is not. */
	get synchronizedMs(): number {
		return Math.max(0, this.#options.clock.monotonicMs() - this.#synchronizedAtMs);
	}

	/** Parts per million by which the quartz is fast. */
	get driftPPM(): number {
		return this.#driftPPM;
	}

	set driftPPM(driftPPM: number) {
		this.#quartzMs = this.#quartz();
		this.#worldMs = this.#options.clock.monotonicMs();
		this.#driftPPM = driftPPM;
	}

	/** How long the world takes for `delayMs` of this quartz. */
	worldDelayMs(delayMs: number): number {
		if (this.#driftPPM === 0) return delayMs;
		return Math.ceil(delayMs / (1 + this.#driftPPM / 1e6)) + 1;
	}

	/** The wall time is wrong by so much more, and believes itself as before. */
	jump(seconds: number): void {
		this.#wallAtZero += seconds;
	}

	/** Asks SNTP now, as after a reconnect. */
	poll(): void {
		this.#stopPolling?.();
		this.#gate?.run(() => this.#ask());
	}

	/** SNTP tells the truth again; the next poll sets the clock. */
	heal(): void {
		this.isSNTPBlocked = false;
		this.lieSeconds = 0;
		this.driftPPM = 0;
	}

	/** A boot begins. The wall time is gone, as without a battery. */
	begin(gate: Gate): void {
		this.#worldMs = this.#options.clock.monotonicMs();
		this.#quartzMs = 0;
		this.#wallAtZero = 0;
		this.#synchronizedAtMs = Infinity;
		this.#gate = gate;
		gate.onEnd(() => {
			if (this.#gate === gate) this.#stopPolling?.();
		});
		this.#stopPolling = gate.after(FIRST_POLL_MS, () => this.#ask());
	}

	#ask(): void {
		const isAnswered = this.#options.path.isPassing && !this.isSNTPBlocked;
		if (isAnswered) this.#set(this.#options.trueTime() + this.lieSeconds);
		const again = isAnswered ? POLL_MS : RETRY_MS;
		this.#stopPolling = this.#gate?.after(again, () => this.#ask());
	}

	#set(unixSeconds: number): void {
		this.#wallAtZero = unixSeconds - this.#quartz() / 1000;
		const nowMs = this.#options.clock.monotonicMs();
		this.#synchronizedAtMs = Math.min(this.#synchronizedAtMs, nowMs);
	}

	#quartz(): number {
		const elapsedMs = this.#options.clock.monotonicMs() - this.#worldMs;
		return this.#quartzMs + (this.#driftPPM === 0 ? elapsedMs : elapsedMs * this.#rate());
	}

	#rate(): number {
		return 1 + this.#driftPPM / 1e6;
	}
}
