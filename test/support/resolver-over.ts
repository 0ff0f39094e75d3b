// A resolver port that finds every host at one address.
import type { VirtualClock } from "../../hosts/simulator/clock.js";
import type { ResolveOptions, Resolver } from "../../src/ports.js";

/** Answers after 5 ms of `clock`. */
export function resolverOver(clock: VirtualClock): new () => Resolver {
	return class {
		resolve({ host, onResolved }: ResolveOptions): void {
			clock.schedule(() => onResolved(host, "192.0.2.1"), 5);
		}
		close(): void {}
	};
}
