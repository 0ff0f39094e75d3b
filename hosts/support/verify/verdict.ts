// What the verifier says of one message, and what it counts.
import type { OpenRejection } from "../../../src/envelope/open.js";
import type { Content } from "./content.js";

/** Stable names: output, summaries and tests use them. */
export type Refusal =
	| OpenRejection
	| "replay" // this key's envelope with this sequence was verified before
	| "sequence-reused" // a second, different envelope with a sequence that was verified before
	| "too-old" // below the sequences that are still remembered one by one
	| "wrong-topic" // sealed for another topic of its device, or for one that is not its device's
	| "revoked-key" // the device's certificate was revoked
	| "payload"; // signed, but not what its content type says

/** A message that its device sealed for this topic, and that was not seen before. */
export interface Verified {
	readonly kind: "verified";
	readonly device: string;
	readonly keyId: string;
	/** The channel of the policy that the topic belongs to. */
	readonly channel: string;
	readonly topic: string;
	readonly sequence: number;
	readonly previous?: number;
	readonly time?: { readonly unixSeconds: number; readonly quality: number };
	readonly content: Content;
	/** Its device has another key by now. */
	readonly isFormerKey?: true;
	/** The certificate of its device was revoked: before or after this was signed, nothing says. */
	readonly isRevokedKey?: true;
}

export interface Refused {
	readonly kind: "refused";
	readonly reason: Refusal;
	readonly topic: string;
	/** Who it claims to be from. Believe it only where the reason comes after the signature. */
	readonly device?: string;
	readonly keyId?: string;
	readonly sequence?: number;
	/**
	 * With "replay": the same bytes as one of this key's recent messages, as at-least-once delivery
	 * is allowed to repeat them. Nothing can tell that from an attacker who repeats them at once;
	 * neither has an effect.
	 */
	readonly duplicate?: boolean;
	/** With "wrong-topic": the topic that it was sealed for, where that is known. */
	readonly sealedFor?: string;
}

export type Verdict = Verified | Refused;

/**
 * Sequences that did not arrive, lowest first.
 * - "unexplained": a later message names the last of them as sealed before it. At least that one
 *   is lost.
 * - "possible": nothing that arrived vouches for any of them: their device may have skipped them.
 * - otherwise the reason of the device's own signed gap record.
 */
export interface Missing {
	readonly first: number;
	readonly last: number;
	readonly cause: string;
	/** With a gap record: how many of these it does not count. Lost too, or never used. */
	readonly uncounted?: number;
}

export interface DeviceSummary {
	readonly device: string;
	readonly keyId: string;
	readonly verified: number;
	readonly duplicates: number;
	readonly refused: Readonly<Partial<Record<Refusal, number>>>;
	readonly firstSequence?: number;
	readonly lastSequence?: number;
	readonly missing: readonly Missing[];
}
