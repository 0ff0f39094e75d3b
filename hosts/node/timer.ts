// The timer port on Node's timers.
import type { Timer, TimerHandle } from "../../src/ports.js";

/** Node fires at once what lies further ahead than this. */
const NODE_DELAY_MS_MAX = 0x7fffffff;

class Alarm {
	timeout: NodeJS.Timeout | undefined;
}

export class NodeTimer implements Timer {
	set(callback: () => void, delayMs: number): TimerHandle {
		check(callback, delayMs);
		const alarm = new Alarm();
		arm(alarm, callback, delayMs);
		return alarm;
	}

	repeat(callback: () => void, intervalMs: number): TimerHandle {
		check(callback, intervalMs);
		const alarm = new Alarm();
		const again = () => {
			arm(alarm, again, intervalMs);
			callback();
		};
		arm(alarm, again, intervalMs);
		return alarm;
	}

	clear(handle: TimerHandle): void {
		if (!(handle instanceof Alarm)) throw new TypeError("handle: not of this timer");
		clearTimeout(handle.timeout);
		handle.timeout = undefined;
	}
}

function check(callback: () => void, delayMs: number): void {
	if (typeof callback !== "function") throw new TypeError("callback: not a function");
	if (!Number.isFinite(delayMs) || delayMs < 0) throw new RangeError("delayMs: not a duration");
}

function arm(alarm: Alarm, callback: () => void, delayMs: number): void {
	if (delayMs <= NODE_DELAY_MS_MAX) {
		alarm.timeout = setTimeout(callback, delayMs);
		return;
	}
	const left = delayMs - NODE_DELAY_MS_MAX;
	alarm.timeout = setTimeout(() => arm(alarm, callback, left), NODE_DELAY_MS_MAX);
}
