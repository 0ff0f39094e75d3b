// The timer port over the SDK's timer.
import SDKTimer from "timer";
import type { Timer, TimerHandle } from "../../src/ports.js";

export class BoardTimer implements Timer {
	set(callback: () => void, delayMs: number): TimerHandle {
		return SDKTimer.set(() => callback(), delayMs);
	}

	repeat(callback: () => void, intervalMs: number): TimerHandle {
		return SDKTimer.repeat(() => callback(), intervalMs);
	}

	/** A timer that has run, or was cleared, is cleared once more without effect. */
	clear(handle: TimerHandle): void {
		SDKTimer.clear(handle as SDKTimer);
	}
}
