// What both resolvers of the board check before they ask anybody.
import type { ResolveOptions } from "../../src/ports.js";

/** Characters of a name in the dotted form (RFC 1035 §2.3.4), and a dot at its end. */
const NAME_CHARACTERS_MAX = 254;

/** Throws for a host that is no text, and without callbacks. */
export function checkResolveOptions({ host, onResolved, onError }: ResolveOptions): void {
	if (typeof host !== "string") throw new TypeError("host: not a string");
	if (typeof onResolved !== "function") throw new TypeError("onResolved: not a function");
	if (typeof onError !== "function") throw new TypeError("onError: not a function");
	if (host.length === 0 || host.length > NAME_CHARACTERS_MAX) {
		throw new RangeError("host: not of 1 to 254 characters");
	}
}

/** A literal IPv4 address, which resolves to itself. */
export function isAddress(host: string): boolean {
	return /^\d{1,3}(\.\d{1,3}){3}$/.test(host);
}
