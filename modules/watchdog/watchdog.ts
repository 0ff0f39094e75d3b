// The hardware watchdog. Whether it is fed is decided in src/connection/progress.ts; this class
// only carries it out.

/** Why the last reset happened, and what was retained before it. */
export interface LastReset {
	readonly reason:
		"power-on" | "external" | "software" | "watchdog" | "panic" | "abort" | "brownout" | "unknown";
	readonly stage: string;
}

export class Watchdog extends Native("xs_watchdog_destructor") {
	constructor() {
		super();
		native("xs_watchdog_constructor").call(this);
	}

	/** From now on the board resets unless `feed` is called at least every `timeoutMs`. */
	start(timeoutMs: number): void {
		return native("xs_watchdog_start").call(this, timeoutMs);
	}

	feed(): void {
		return native("xs_watchdog_feed").call(this);
	}

	/** Keeps up to 15 characters of ASCII across a reset, not across power-off. */
	retain(stage: string): void {
		return native("xs_watchdog_retain").call(this, stage);
	}

	get lastReset(): LastReset {
		return native("xs_watchdog_get_last_reset").call(this);
	}

	close(): void {
		return native("xs_watchdog_close").call(this);
	}
}
