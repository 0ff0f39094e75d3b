// The timer port over the loop of this host. On the chip the SDK's timer stands in its place.
import type { Timer, TimerHandle } from "../../src/ports.js";

class Alarm extends Native("xs_timer_destructor") {
	constructor(callback: () => void, delayMs: number, isRepeating: boolean) {
		super();
		native("xs_timer_constructor").call(this, callback, delayMs, isRepeating);
	}

	close(): void {
		return native("xs_timer_close").call(this);
	}
}

export class LinuxTimer implements Timer {
	set(callback: () => void, delayMs: number): TimerHandle {
		return new Alarm(callback, delayMs, false);
	}

	repeat(callback: () => void, intervalMs: number): TimerHandle {
		return new Alarm(callback, intervalMs, true);
	}

	clear(handle: TimerHandle): void {
		if (!(handle instanceof Alarm)) throw new TypeError("handle: not of this timer");
		handle.close();
	}
}
