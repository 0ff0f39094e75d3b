// The clock port of the SDK's simulator: the ticks of the SDK and the machine's wall time.
import Time from "time";
import type { Clock, WallQuality } from "../../src/ports.js";

export class SimulatorClock implements Clock {
	#last = Time.ticks;
	#elapsedMs = 0;

	/** The SDK's ticks have 32 bits: their steps are added up, long before they can wrap. */
	monotonicMs(): number {
		const now = Time.ticks;
		const passedMs = Time.delta(this.#last, now);
		// A step back is none.
		if (passedMs > 0) {
			this.#elapsedMs += passedMs;
			this.#last = now;
		}
		return this.#elapsedMs;
	}

	wallTime(): { readonly unixSeconds: number; readonly quality: WallQuality } {
		return { unixSeconds: Math.floor(Date.now() / 1000), quality: "sntp" };
	}
}
