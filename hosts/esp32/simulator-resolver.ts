// The DNS port of the SDK's simulator, over the SDK's resolver, which asks the machine's. A
// question cannot be taken back: its answer is dropped after `close`.
import Net from "net";
import SDKTimer from "timer";
import type { ResolveOptions, Resolver } from "../../src/ports.js";
import { checkResolveOptions, isAddress } from "./resolve-options.js";

export class SimulatorResolver implements Resolver {
	#isClosed = false;

	resolve(options: ResolveOptions): void {
		if (this.#isClosed) throw new Error("DNS: closed");
		checkResolveOptions(options);
		const { host, onResolved, onError } = options;
		const answer = (address: string | undefined) => {
			if (this.#isClosed) return;
			if (address === undefined) onError(host);
			else onResolved(host, address);
		};
		// In a turn of its own: the SDK may know the answer at once.
		SDKTimer.set(() => {
			if (this.#isClosed) return;
			if (isAddress(host)) answer(host);
			else Net.resolve(host, (_name, address) => answer(address));
		}, 0);
	}

	close(): void {
		this.#isClosed = true;
	}
}
