// The DNS port over the SDK's resolver, which asks the name servers that came with the address. A
// question cannot be taken back: its answer is dropped after `close`.
import Net from "net";
import SDKTimer from "timer";
import type { ResolveOptions, Resolver } from "../../src/ports.js";

/** lwIP keeps a name of 255 characters and its NUL. */
const NAME_CHARACTERS_MAX = 255;

export class DNSResolver implements Resolver {
	#isClosed = false;

	resolve(options: ResolveOptions): void {
		if (this.#isClosed) throw new Error("DNS: closed");
		const { host, onResolved, onError } = options;
		if (typeof host !== "string") throw new TypeError("host: not a string");
		if (typeof onResolved !== "function") throw new TypeError("onResolved: not a function");
		if (typeof onError !== "function") throw new TypeError("onError: not a function");
		if (host.length === 0 || host.length > NAME_CHARACTERS_MAX) {
			throw new RangeError("host: not of 1 to 255 characters");
		}
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

/** A literal IPv4 address, which resolves to itself. */
function isAddress(host: string): boolean {
	return /^\d{1,3}(\.\d{1,3}){3}$/.test(host);
}
