// The emulated ESP32-C3, whose network is a wire.
import { Clock } from "holdfast/clock";
import type { NetworkLink } from "../../src/ports.js";
import { DNSClient } from "./dns-client.js";
import { TIME_SERVERS } from "./time-servers.js";
import { WireLink } from "./wire-link.js";

export class Board {
	readonly resolver = DNSClient;
	readonly clock = new Clock();
	readonly link: NetworkLink = new WireLink({
		onStarted: () => this.clock.synchronize(TIME_SERVERS),
	});
	readonly rssi: number | undefined = undefined;
}

/** One line to whoever debugs the board; in a release build, to nobody. */
export function print(line: string): void {
	trace(line, "\n");
}

/** Why the engine gives up, to the same. */
export function tellAbort(message: string, exception: unknown): void {
	trace(`${message}: ${String(exception)}`, "\n");
}
