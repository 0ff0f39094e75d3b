// The inbound governor: what a broker, or whoever publishes through it, may make this device read
// and verify. Asked before bytes are taken from the socket and before a packet is made of them, so
// that a flood costs no more than what was allowed. Its buckets outlive connections: a reconnect
// gives nothing back.

import {
	INBOUND_BYTES_BURST,
	INBOUND_BYTES_PER_SECOND,
	INBOUND_MESSAGES_BURST,
	INBOUND_MESSAGES_PER_SECOND,
	INBOUND_PACED_MS_MAX,
	INBOUND_VIOLATIONS_BURST,
	INBOUND_VIOLATIONS_PER_SECOND,
} from "../limits.js";
import { TokenBucket } from "./token-bucket.js";

/** What there was too much of. */
export type FloodLimit = "messages" | "bytes" | "violations";

/** Whether to read on. */
export type Admission =
	| { readonly kind: "open" }
	/** Not for `delayMs`: the peer is held back by its own transport. */
	| { readonly kind: "paced"; readonly limit: FloodLimit; readonly delayMs: number }
	/** End the connection. */
	| { readonly kind: "flooded"; readonly limit: FloodLimit };

export interface GovernorOptions {
	readonly clock: { monotonicMs(): number };
	/** All durations times this; 1 on a real device. Bursts stay as they are. */
	readonly timeScale: number;
}

const OPEN: Admission = Object.freeze({ kind: "open" });
/** Milliseconds of patience that a connection earns back in a second. */
const PATIENCE_MS_PER_SECOND = 100;
/** Milliseconds after a held back read in which the peer still counts as held back. */
const HELD_BACK_MS = 1000;

export class Governor {
	readonly #options: GovernorOptions;
	readonly #messages: TokenBucket;
	readonly #bytes: TokenBucket;
	readonly #violations: TokenBucket;
	/** Milliseconds for which this connection may still be held back. */
	#patience: TokenBucket;
	#pacedAtMs = Number.NEGATIVE_INFINITY;
	#pacedForMs = 0;
	#pacedLimit: FloodLimit = "messages";

	constructor(options: GovernorOptions) {
		this.#options = options;
		this.#messages = this.#bucket(INBOUND_MESSAGES_BURST, INBOUND_MESSAGES_PER_SECOND);
		this.#bytes = this.#bucket(INBOUND_BYTES_BURST, INBOUND_BYTES_PER_SECOND);
		this.#violations = this.#bucket(INBOUND_VIOLATIONS_BURST, INBOUND_VIOLATIONS_PER_SECOND);
		this.#patience = this.#wholePatience();
	}

	/** A connection begins. Only the patience is new. */
	connecting(): void {
		this.#patience = this.#wholePatience();
		this.#pacedForMs = 0;
		this.#pacedAtMs = Number.NEGATIVE_INFINITY;
	}

	/** What this connection is being held back for, if it is. */
	get heldBackFor(): FloodLimit | undefined {
		const sinceMs = this.#nowMs() - this.#pacedAtMs;
		return sinceMs <= HELD_BACK_MS * this.#options.timeScale ? this.#pacedLimit : undefined;
	}

	/** So many bytes were taken from the socket, whatever becomes of them. */
	onBytes(byteLength: number): void {
		this.#bytes.spend(byteLength, this.#nowMs());
	}

	/** A packet came that answers nothing of ours. */
	onMessage(): void {
		this.#messages.spend(1, this.#nowMs());
	}

	/** A message was outside the policy, too large, forged, or repeated: work for nothing. */
	onViolation(): void {
		this.#violations.spend(1, this.#nowMs());
	}

	/** To be asked before each read and each packet. */
	admit(): Admission {
		const nowMs = this.#nowMs();
		this.#spendPatience(nowMs);
		if (this.#violations.isOverdrawn(nowMs)) return { kind: "flooded", limit: "violations" };
		const messagesMs = this.#messages.waitMs(0, nowMs);
		const bytesMs = this.#bytes.waitMs(0, nowMs);
		const delayMs = Math.max(messagesMs, bytesMs);
		if (delayMs === 0) return OPEN;
		const limit = messagesMs > bytesMs ? "messages" : "bytes";
		if (this.#patience.isOverdrawn(nowMs)) return { kind: "flooded", limit };
		this.#pacedAtMs = nowMs;
		this.#pacedForMs = delayMs;
		this.#pacedLimit = limit;
		return { kind: "paced", limit, delayMs };
	}

	/** Only the time that was asked for counts: a late timer is not the peer's doing. */
	#spendPatience(nowMs: number): void {
		const pacedMs = Math.min(nowMs - this.#pacedAtMs, this.#pacedForMs);
		this.#pacedForMs = 0;
		if (pacedMs > 0) this.#patience.spend(pacedMs, nowMs);
	}

	#bucket(burst: number, perSecond: number): TokenBucket {
		const { timeScale } = this.#options;
		return new TokenBucket({ burst, perSecond: perSecond / timeScale }, this.#nowMs());
	}

	#wholePatience(): TokenBucket {
		const burst = INBOUND_PACED_MS_MAX * this.#options.timeScale;
		return new TokenBucket({ burst, perSecond: PATIENCE_MS_PER_SECOND }, this.#nowMs());
	}

	#nowMs(): number {
		return this.#options.clock.monotonicMs();
	}
}
