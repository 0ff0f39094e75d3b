// ECMA-419 DNS resolver on node:dns. A literal address resolves to itself, later, like any other.
import { lookup } from "node:dns";
import { isIP } from "node:net";
import type { ResolveOptions, Resolver } from "../../src/ports.js";
import { checkCallback, checkOptions, checkString } from "./checks.js";
import type { Network } from "./network.js";

/** Queries that may run at once: more are a mistake of the caller. */
const QUERIES_MAX = 4;

export class DNSResolver implements Resolver {
	readonly #network: Network | undefined;
	#queries = 0;
	#isClosed = false;

	constructor(options: { network?: Network | undefined } = {}) {
		this.#network = checkOptions(options).network;
	}

	resolve(options: ResolveOptions): void {
		if (this.#isClosed) throw new Error("resolver: closed");
		const { host, onResolved, onError } = checkOptions(options);
		checkString(host, "host");
		checkCallback(onResolved, "onResolved");
		checkCallback(onError, "onError");
		if (this.#queries >= QUERIES_MAX) throw new RangeError("resolver: too many queries");
		this.#queries++;
		const answer = (address: string | undefined) => {
			this.#queries--;
			if (this.#isClosed) return;
			if (address === undefined) onError(host);
			else onResolved(host, address);
		};
		if (this.#network && !this.#network.isUp) setImmediate(answer, undefined);
		else if (isIP(host) !== 0) setImmediate(answer, host);
		else this.#look(host, answer);
	}

	close(): void {
		this.#isClosed = true;
	}

	#look(host: string, answer: (address: string | undefined) => void): void {
		lookup(host, { all: true, verbatim: true }, (error, addresses) => {
			// The chip's stack prefers IPv4, and brokers listen there first.
			const first = addresses?.find((one) => one.family === 4) ?? addresses?.[0];
			setImmediate(answer, error ? undefined : first?.address);
		});
	}
}
