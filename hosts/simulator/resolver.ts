// The DNS port of one simulated board: the world's names, and the ways in which a resolver fails.

import type { ResolveOptions, Resolver, ResolverConstructor } from "../../src/ports.js";
import type { Gate } from "./gate.js";
import type { NetworkInterface } from "./network-interface.js";
import { isLiteral } from "./tcp.js";

const ANSWER_MS = 25;
/** lwIP asks four times, in about so many milliseconds, before it gives up. */
const GIVE_UP_MS = 12_000;

/** What is wrong with the resolver of one board. All fields can change at any time. */
export class ResolverFaults {
	/** No answer ever comes, and no error. */
	hangs = false;
	/** Every name is unknown. */
	fails = false;
	/** Every name has this address. */
	lie: string | undefined;
	/** Milliseconds until the answer. */
	answerMs = ANSWER_MS;
	/** Names asked for. */
	queries = 0;

	heal(): void {
		this.hangs = false;
		this.fails = false;
		this.lie = undefined;
		this.answerMs = ANSWER_MS;
	}
}

/** The DNS port of one boot. */
export function resolverConstructor(
	path: NetworkInterface,
	faults: ResolverFaults,
	gate: Gate,
): ResolverConstructor {
	return class implements Resolver {
		readonly #cancels: (() => void)[] = [];

		/** An address that is given resolves to itself, without a question. */
		resolve({ host, onResolved, onError }: ResolveOptions): void {
			if (isLiteral(host)) return this.#after(0, () => onResolved(host, host));
			faults.queries++;
			if (faults.hangs) return;
			if (!path.isPassing) return this.#after(GIVE_UP_MS, () => onError(host));
			this.#after(faults.answerMs, () => {
				const address = faults.lie ?? path.network.names.get(host);
				if (faults.fails || address === undefined || !path.isPassing) onError(host);
				else onResolved(host, address);
			});
		}

		close(): void {
			for (const cancel of this.#cancels) cancel();
		}

		#after(delayMs: number, callback: () => void): void {
			this.#cancels.push(gate.after(delayMs, callback));
		}
	};
}
