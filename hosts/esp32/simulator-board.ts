// The SDK's simulator on Linux: no chip, and a network that is always up.
import type { Clock, NetworkLink } from "../../src/ports.js";
import { AlwaysUpLink } from "./always-up-link.js";
import { SimulatorClock } from "./simulator-clock.js";

export class Board {
	readonly clock: Clock = new SimulatorClock();
	readonly link: NetworkLink = new AlwaysUpLink();
	readonly rssi = undefined;
}

/** One line on standard output. */
export function print(line: string): void {
	native("xs_simulator_print").call(undefined, line);
}
