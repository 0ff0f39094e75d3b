// What the receiving end knows: every message is judged, counted and kept for a moment. It also
// keeps the last genuine message, so that there is something to tamper with.

import type {
	DeviceSummary,
	Refused,
	Verdict,
	Verified,
} from "../../hosts/support/verify/verdict.js";
import { StreamVerifier } from "../../hosts/support/verify/stream-verifier.js";
import { verifierCrypto } from "../verify/verifier-crypto.js";

export interface ObserverOptions {
	readonly onVerdict: (verdict: Verdict) => void;
}

/** A message as it came. */
export interface Message {
	readonly topic: string;
	readonly bytes: Uint8Array;
}

/** Messages that may wait for the first key: a provisioning lasts seconds. */
const EARLY_MAX = 1000;

interface Waiting {
	readonly wanted: (verdict: Verdict) => boolean;
	readonly resolve: (verdict: Verdict) => void;
}

export class Observer {
	readonly #options: ObserverOptions;
	readonly #verifier = new StreamVerifier({ devices: [], crypto: verifierCrypto() });
	readonly #waiting = new Set<Waiting>();
	#early: Message[] | undefined = [];
	#readings = 0;
	#refused = 0;
	#lastReading: Message | undefined;
	#firstReadingMs: number | undefined;

	constructor(options: ObserverOptions) {
		this.#options = options;
	}

	/** From now on what this device seals is believed, and what waited for its key is judged. */
	trust(device: string, publicKey: Uint8Array): void {
		this.#verifier.add({ device, publicKey });
		const early = this.#early ?? [];
		this.#early = undefined;
		for (const { topic, bytes } of early) this.receive(topic, bytes);
	}

	/** A device speaks before its station is done: until there is a key, messages wait for it. */
	receive(topic: string, bytes: Uint8Array): void {
		if (this.#early && this.#early.length < EARLY_MAX) this.#early.push({ topic, bytes });
		else this.#judge(topic, bytes);
	}

	#judge(topic: string, bytes: Uint8Array): void {
		const verdict = this.#verifier.accept(topic, bytes);
		if (isReading(verdict)) {
			this.#readings++;
			this.#lastReading = { topic, bytes };
			this.#firstReadingMs ??= performance.now();
		}
		// A repeated delivery is what QoS 1 allows; it was counted before and changes nothing.
		if (verdict.kind === "refused" && !verdict.duplicate) this.#refused++;
		for (const waiting of [...this.#waiting]) {
			if (!waiting.wanted(verdict)) continue;
			this.#waiting.delete(waiting);
			waiting.resolve(verdict);
		}
		this.#options.onVerdict(verdict);
	}

	/** The next verdict that is `wanted`. Give the signal, or it may wait for ever. */
	next(wanted: (verdict: Verdict) => boolean, signal: AbortSignal): Promise<Verdict> {
		return new Promise((resolve, reject) => {
			const abort = () => {
				this.#waiting.delete(waiting);
				reject(signal.reason as Error);
			};
			const waiting: Waiting = {
				wanted,
				resolve: (verdict) => {
					signal.removeEventListener("abort", abort);
					resolve(verdict);
				},
			};
			if (signal.aborted) return abort();
			this.#waiting.add(waiting);
			signal.addEventListener("abort", abort, { once: true });
		});
	}

	/** Verified readings. */
	get readings(): number {
		return this.#readings;
	}

	/** Refused messages, without those that are repeated deliveries. */
	get refused(): number {
		return this.#refused;
	}

	/** Milliseconds from the start of the program to the first verified reading. */
	get firstReadingMs(): number | undefined {
		return this.#firstReadingMs;
	}

	get lastReading(): Message | undefined {
		return this.#lastReading;
	}

	/** What the verifier saw of each device. */
	summary(): readonly DeviceSummary[] {
		return this.#verifier.summary();
	}

	/** Sequences that must have been sent and did not come. */
	get missing(): number {
		let count = 0;
		for (const { missing } of this.summary()) {
			for (const { first, last, cause } of missing) {
				if (cause === "unexplained") count += last - first + 1;
			}
		}
		return count;
	}
}

export function isReading(verdict: Verdict): verdict is Verified {
	return verdict.kind === "verified" && verdict.content.kind === "reading";
}

export function isRefused(verdict: Verdict): verdict is Refused {
	return verdict.kind === "refused" && !verdict.duplicate;
}
