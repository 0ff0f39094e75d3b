// The watchdog of one boot: bites when nobody has fed it for its period. One event waits in the
// clock's queue, however often it is fed.

import type { ResetReason, Watchdog } from "../../src/ports.js";
import type { VirtualClock } from "./clock.js";

export interface VirtualWatchdogOptions {
	readonly clock: VirtualClock;
	readonly lastReset: { readonly reason: ResetReason; readonly stage: string };
	readonly onRetain: (stage: string) => void;
	readonly onBite: () => void;
}

export class VirtualWatchdog implements Watchdog {
	readonly lastReset: { readonly reason: ResetReason; readonly stage: string };
	readonly #options: VirtualWatchdogOptions;
	#timeoutMs = 0;
	#fedAtMs = 0;
	#isRunning = false;

	constructor(options: VirtualWatchdogOptions) {
		this.#options = options;
		this.lastReset = options.lastReset;
	}

	start(timeoutMs: number): void {
		this.#timeoutMs = timeoutMs;
		this.feed();
		if (this.#isRunning) return;
		this.#isRunning = true;
		this.#look();
	}

	feed(): void {
		this.#fedAtMs = this.#options.clock.monotonicMs();
	}

	retain(stage: string): void {
		this.#options.onRetain(stage.slice(0, 15));
	}

	close(): void {
		this.#isRunning = false;
	}

	#look(): void {
		const { clock, onBite } = this.#options;
		const leftMs = this.#fedAtMs + this.#timeoutMs - clock.monotonicMs();
		clock.schedule(() => {
			if (!this.#isRunning) return;
			if (clock.monotonicMs() - this.#fedAtMs >= this.#timeoutMs) {
				this.#isRunning = false;
				onBite();
			} else this.#look();
		}, leftMs);
	}
}
