// A chip with its radio.
import { Clock } from "holdfast/clock";
import type { NetworkLink } from "../../src/ports.js";
import { DNSClient } from "./dns-client.js";
import { StationLink } from "./station-link.js";
import { TIME_SERVERS } from "./time-servers.js";

export class Board {
	readonly resolver = DNSClient;
	readonly clock = new Clock();
	readonly #station = new StationLink({
		onStarted: () => this.clock.synchronize(TIME_SERVERS),
	});

	get link(): NetworkLink {
		return this.#station;
	}

	/** dBm, while associated. */
	get rssi(): number | undefined {
		return this.#station.rssi;
	}
}

/** One line to whoever debugs the board; in a release build, to nobody. */
export function print(line: string): void {
	trace(line, "\n");
}

/** Why the engine gives up, to the same. */
export function tellAbort(message: string, exception: unknown): void {
	trace(`${message}: ${String(exception)}`, "\n");
}
