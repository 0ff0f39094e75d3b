// The SDK's simulator on Linux: no chip, and a network that is always up.
import type { Clock, NetworkLink } from "../../src/ports.js";
import { SimulatorResolver } from "./simulator-resolver.js";
import { AlwaysUpLink } from "./always-up-link.js";
import { SimulatorClock } from "./simulator-clock.js";

export class Board {
	readonly resolver = SimulatorResolver;
	readonly clock: Clock = new SimulatorClock();
	readonly link: NetworkLink = new AlwaysUpLink();
	readonly rssi = undefined;
}

/** One line on standard output. */
export function print(line: string): void {
	native("xs_simulator_print").call(undefined, line);
}

/** Reports why the engine gives up, and executes the simulator again, as a chip would restart. */
export function tellAbort(message: string, exception: unknown): void {
	const stack = exception instanceof Error ? exception.stack : undefined;
	const cause = stack ?? String(exception);
	native("xs_simulator_abort").call(undefined, `${message}: ${cause}`);
}
