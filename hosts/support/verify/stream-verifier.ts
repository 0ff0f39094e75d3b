// Judges a stream of messages as a receiver must: is each sealed by a known device for the topic
// that it came on, is it new, and what is missing between them. Where the messages come from is not
// its affair.
import { toHex } from "../../../src/bytes/hex.js";
import { keyIdOf } from "../../../src/envelope/key-id.js";
import { open } from "../../../src/envelope/open.js";
import type { Envelope } from "../../../src/envelope/envelope.js";
import type { Crypto } from "../../../src/ports.js";
import { DEFAULT_RULES, topicFor, type PolicyRule } from "../../../src/policy/rules.js";
import { Chain } from "./chain.js";
import { readContent } from "./content.js";
import type { DeviceSummary, Refusal, Refused, Verdict } from "./verdict.js";

/** A device whose messages are judged, by one of its keys: it may have had others before. */
export interface KnownDevice {
	readonly device: string;
	/** Ed25519, 32 bytes. */
	readonly publicKey: Uint8Array;
	/** Its certificate was revoked: nothing that it signs is believed. */
	readonly isRevoked?: boolean;
	/** The device has another key now. What it signed with this one stays signed. */
	readonly isFormer?: boolean;
}

/** What verifying takes: public operations alone. */
export type VerifierCrypto = Pick<Crypto, "ed25519Verify" | "sha256">;

export interface StreamVerifierOptions {
	readonly devices: readonly KnownDevice[];
	readonly crypto: VerifierCrypto;
	/** Which topics a device publishes to. */
	readonly rules?: readonly PolicyRule[];
	/** Verify and mark what a revoked key signed, where it is otherwise refused. */
	readonly mayBeRevoked?: boolean;
	/** Messages of each key whose repetition is told from a replay. */
	readonly recentMax?: number;
}

interface Sender extends KnownDevice {
	readonly keyId: string;
	/** Channel by topic. */
	readonly topics: ReadonlyMap<string, string>;
	readonly chain: Chain;
	readonly refused: Partial<Record<Refusal, number>>;
	verified: number;
	duplicates: number;
}

export class StreamVerifier {
	readonly #senders = new Map<string, Sender>();
	readonly #rules: readonly PolicyRule[];
	readonly #crypto: VerifierCrypto;
	readonly #mayBeRevoked: boolean;
	readonly #recentMax: number | undefined;
	readonly #strangers: Partial<Record<Refusal, number>> = {};

	constructor(options: StreamVerifierOptions) {
		this.#crypto = options.crypto;
		this.#mayBeRevoked = options.mayBeRevoked ?? false;
		this.#recentMax = options.recentMax;
		this.#rules = (options.rules ?? DEFAULT_RULES).filter((rule) => rule.direction === "publish");
		for (const device of options.devices) this.add(device);
	}

	/** Adds a device, or what is new about it. What was seen of its key stays. */
	add(known: KnownDevice): void {
		const keyId = toHex(keyIdOf(known.publicKey, this.#crypto));
		const topics = this.#rules.map(({ topic, channel }) => {
			return [topicFor(topic, known.device), channel] as const;
		});
		this.#senders.set(keyId, {
			chain: new Chain(this.#crypto, this.#recentMax),
			refused: {},
			verified: 0,
			duplicates: 0,
			...this.#senders.get(keyId),
			...known,
			keyId,
			topics: new Map(topics),
		});
	}

	/** Whether `bytes` are an envelope by a key that is not known here. */
	isStranger(bytes: Uint8Array): boolean {
		let isUnknown = false;
		const stop = (keyId: Uint8Array) => {
			isUnknown = this.#senderOf(keyId) === undefined;
			return undefined;
		};
		open(bytes, "", stop, this.#crypto);
		return isUnknown;
	}

	/** Judges `bytes` as they came on `topic`. */
	accept(topic: string, bytes: Uint8Array): Verdict {
		const opened = open(bytes, topic, (keyId) => this.#senderOf(keyId)?.publicKey, this.#crypto);
		if (opened.kind === "opened") return this.#judge(topic, bytes, opened.envelope);
		const { keyId, sequence, reason } = opened;
		const sender = keyId && this.#senderOf(keyId);
		if (!sender) {
			const claimed = keyId ? { keyId: toHex(keyId) } : {};
			return this.#refuse(undefined, { reason, topic, ...claimed, ...(sequence && { sequence }) });
		}
		const sealedFor = reason === "signature" ? this.#sealedFor(sender, topic, bytes) : undefined;
		return this.#refuse(sender, {
			reason: sealedFor === undefined ? reason : "wrong-topic",
			topic,
			...(sequence && { sequence }),
			...(sealedFor !== undefined && { sealedFor }),
		});
	}

	/** What was seen of each device so far, and what is missing. */
	summary(): DeviceSummary[] {
		const summaries = [...this.#senders.values()].map((sender) => {
			const { device, keyId, verified, duplicates, refused, chain } = sender;
			return {
				device,
				keyId,
				verified,
				duplicates,
				refused: { ...refused },
				...(chain.first !== undefined && { firstSequence: chain.first }),
				...(chain.last !== undefined && { lastSequence: chain.last }),
				missing: chain.missing(),
			};
		});
		return summaries.sort((left, right) => compare(left.device, right.device));
	}

	/** How many messages were refused that no known device can be blamed for, by reason. */
	strangers(): Readonly<Partial<Record<Refusal, number>>> {
		return { ...this.#strangers };
	}

	#judge(topic: string, bytes: Uint8Array, envelope: Envelope): Verdict {
		const sender = this.#senderOf(envelope.keyId) as Sender;
		const { sequence, previous, time } = envelope;
		const refuse = (reason: Refusal, more: Partial<Refused> = {}) =>
			this.#refuse(sender, { reason, topic, sequence, ...more });
		if (sender.isRevoked && !this.#mayBeRevoked) return refuse("revoked-key");
		const channel = sender.topics.get(topic);
		if (channel === undefined) return refuse("wrong-topic", { sealedFor: topic });
		const content = readContent(envelope);
		if (!content) return refuse("payload");
		const seen = sender.chain.accept(sequence, previous, bytes);
		if (seen === "duplicate") return refuse("replay", { duplicate: true });
		if (seen !== "new") return refuse(seen);
		if (content.kind === "gap") content.gaps.forEach((gap) => sender.chain.explain(gap));
		sender.verified++;
		return {
			kind: "verified",
			device: sender.device,
			keyId: sender.keyId,
			channel,
			topic,
			sequence,
			...(previous !== undefined && { previous }),
			...(time !== undefined && { time }),
			content,
			...(sender.isFormer && { isFormerKey: true as const }),
			...(sender.isRevoked && { isRevokedKey: true as const }),
		};
	}

	/** Of the other topics of `sender`, the one for which it did seal `bytes`. */
	#sealedFor(sender: Sender, topic: string, bytes: Uint8Array): string | undefined {
		for (const candidate of sender.topics.keys()) {
			if (candidate === topic) continue;
			const opened = open(bytes, candidate, () => sender.publicKey, this.#crypto);
			if (opened.kind === "opened") return candidate;
		}
		return undefined;
	}

	#refuse(sender: Sender | undefined, refusal: Omit<Refused, "kind">): Refused {
		const { reason, duplicate } = refusal;
		const counts = sender ? sender.refused : this.#strangers;
		if (duplicate && sender) sender.duplicates++;
		else counts[reason] = (counts[reason] ?? 0) + 1;
		const named = sender ? { device: sender.device, keyId: sender.keyId } : {};
		return { kind: "refused", ...refusal, ...named };
	}

	#senderOf(keyId: Uint8Array): Sender | undefined {
		return this.#senders.get(toHex(keyId));
	}
}

function compare(left: string, right: string): number {
	return left === right ? 0 : left < right ? -1 : 1;
}
