// The chip's clocks: one that never goes back, and wall time that SNTP sets. How far wall time is
// believed is decided in src/credentials/time-trust.ts.
import type { Clock as Port, WallQuality } from "../../src/ports.js";

export class Clock extends Native("xs_clock_destructor") implements Port {
	constructor() {
		super();
		native("xs_clock_constructor").call(this);
	}

	/** Milliseconds since the chip started. */
	monotonicMs(): number {
		return native("xs_clock_monotonic_ms").call(this);
	}

	/** Quality "sntp" once a server has answered since the start of the chip, "none" before. */
	wallTime(): { readonly unixSeconds: number; readonly quality: WallQuality } {
		return native("xs_clock_wall_time").call(this);
	}

	/**
	 * Asks one to four servers, by name or address, in order, for as long as the object lives. Once
	 * the network interface is there (its class was constructed); again with other servers is fine.
	 */
	synchronize(servers: readonly string[]): void {
		return native("xs_clock_synchronize").call(this, servers);
	}

	/** Asks no server any more. */
	close(): void {
		return native("xs_clock_close").call(this);
	}
}
