// The outbound story: seal → store → offer → acknowledged. A message is in flash before MQTT hears
// of it, and leaves flash only after its PUBACK.

import { CONTENT_GAP } from "./envelope/content-types.js";
import { encodeGap } from "./envelope/gap.js";
import { seal, type Signer } from "./envelope/seal.js";
import { OUTBOX_ROOM_ATTEMPTS_MAX } from "./limits.js";
import type { MQTTClient } from "./mqtt/client.js";
import type { Outbox, RecordClass } from "./outbox/outbox.js";
import type { Policy } from "./policy/policy.js";
import type { DeviceEvent } from "./ports.js";
import { storageCodeOf } from "./storage-code.js";

/** What the outbox keeps of a channel: one byte. The order is part of the flash format. */
export const CHANNELS = Object.freeze(["telemetry", "event", "result", "log"] as const);
export type Channel = (typeof CHANNELS)[number];

/** Which records a full outbox drops first: the lowest class. Gap records go with the events. */
const CLASS_OF: Readonly<Record<Channel, RecordClass>> = Object.freeze({
	telemetry: 0,
	result: 1,
	event: 2,
	log: 1,
});

export interface Message {
	readonly channel: Channel;
	readonly contentType: number | string;
	readonly payload: Uint8Array;
}

export type Accepted =
	/** Durable: it will arrive, or be named in a gap record. */
	| { readonly kind: "accepted"; readonly sequence: number }
	| { readonly kind: "refused"; readonly reason: string };

/** `refused`: the policy has no such channel, or storage gave no sequence or no signature. */
type Sealed =
	| { readonly kind: "sealed"; readonly sequence: number; readonly bytes: Uint8Array }
	| { readonly kind: "refused"; readonly reason: string };

/** Messages that an earlier configuration or key may have sealed. */
export interface Inherited {
	/** They have no higher sequence than this. */
	readonly through: number;
	/** Whether an envelope is ours and for `topic`. */
	readonly fits: (topic: string, envelope: Uint8Array) => boolean;
	/** The configuration of now will stay: what does not fit it has nowhere to go. */
	readonly isProven: () => boolean;
}

interface Publish {
	readonly topic: string;
	readonly payload: Uint8Array;
	readonly QoS: 0 | 1 | 2;
	readonly retain: boolean;
}

export interface UplinkOptions {
	readonly outbox: Outbox;
	readonly policy: Policy;
	readonly signer: Signer;
	/**
	 * The next sequence number: never one that was given before. Throws a port error where storage
	 * fails.
	 */
	readonly nextSequence: () => number;
	readonly now: () => { readonly unixSeconds: number; readonly quality: number } | undefined;
	readonly report: (event: DeviceEvent) => void;
	readonly inherited?: Inherited;
	/** A record left the outbox; its tombstone is written at the next flush. */
	readonly onAcknowledged?: () => void;
}

export class Uplink {
	readonly #options: UplinkOptions;
	/** The newest sequence that was handed to MQTT; the session keeps what is in flight. */
	#offered: number | undefined;
	/** Some were passed over because flash did not give them. */
	#hasUnread = false;
	/** Sequences without a topic, to be named in one gap record; at most one round of offers. */
	#misfits: number[] = [];

	constructor(options: UplinkOptions) {
		this.#options = options;
	}

	/**
	 * Signs `message` for the chain and stores it. Returns once it is durable, or with the reason
	 * why not.
	 */
	accept(message: Message): Accepted {
		const { outbox } = this.#options;
		const { channel } = message;
		for (let attempt = 0; attempt < OUTBOX_ROOM_ATTEMPTS_MAX; attempt++) {
			const sealed = this.#seal(message, outbox.lastSequence);
			if (sealed.kind === "refused") return this.#refused(channel, sealed.reason);
			const { sequence, bytes } = sealed;
			const stored = outbox.store(entryOf(channel, sequence, bytes));
			if (stored.kind === "stored") return { kind: "accepted", sequence };
			if (stored.kind !== "full") {
				return this.#refused(channel, stored.kind === "failed" ? stored.code : stored.kind);
			}
			const made = this.#makeRoom(stored.victims);
			if (made !== undefined) return { kind: "refused", reason: made };
		}
		return this.#refused(channel, "full");
	}

	/**
	 * A sealed message that is not stored and not part of the `prev` chain: the will. `undefined`
	 * where it cannot be had.
	 */
	sealUnchained(message: Message): Uint8Array | undefined {
		const sealed = this.#seal(message, undefined);
		return sealed.kind === "sealed" ? sealed.bytes : undefined;
	}

	/** A session begins: whatever is stored is offered again, and the session knows what it holds. */
	rewind(): void {
		this.#offered = undefined;
		this.#hasUnread = false;
	}

	/**
	 * Messages were passed over that could not be read. What holds flash up may go by, and no session
	 * has to end for it: {@link rewind} after a while.
	 */
	get hasUnread(): boolean {
		return this.#hasUnread;
	}

	/**
	 * Hands stored messages to `client`, oldest first, as far as it has room, and not more than
	 * `messagesMax`. Returns how many it took, those that have no topic any more included.
	 */
	offer(client: MQTTClient, messagesMax: number): number {
		const { outbox } = this.#options;
		let count = 0;
		while (client.inFlightFree > 0 && count < messagesMax) {
			const [next] = outbox.waiting(this.#offered, 1);
			if (next === undefined) break;
			const { sequence } = next;
			const publish = this.#look(sequence);
			if (publish === "misfit") {
				this.#misfits.push(sequence);
				count++;
			} else if (publish !== undefined) {
				if (client.publish({ token: sequence, ...publish }).kind !== "sent") break;
				count++;
			} else if (outbox.holds(sequence)) this.#hasUnread = true;
			this.#offered = sequence;
		}
		this.#confess();
		return count;
	}

	/**
	 * What to publish for `sequence`, read back from flash; `undefined` when it is no longer there,
	 * or has no topic any more.
	 */
	recall(sequence: number): Publish | undefined {
		const found = this.#look(sequence);
		return found === "misfit" ? undefined : found;
	}

	/** The broker has `sequence`: it leaves flash. */
	acknowledged(sequence: number): void {
		const { outbox, onAcknowledged } = this.#options;
		if (outbox.remove(sequence)) onAcknowledged?.();
	}

	get depth(): number {
		return this.#options.outbox.status().records;
	}

	/** `undefined`: it is gone, or cannot be read now. */
	#look(sequence: number): Publish | "misfit" | undefined {
		const { outbox, policy, inherited } = this.#options;
		const record = outbox.read(sequence);
		if (record === undefined) return undefined;
		const channel = CHANNELS[record.channel];
		const topic = channel && policy.topicOf(channel);
		if (channel === undefined || topic === undefined) return "misfit";
		if (!policy.allowsPublish(topic)) return "misfit";
		const isInherited = inherited !== undefined && sequence <= inherited.through;
		if (isInherited && !inherited.fits(topic, record.bytes)) return "misfit";
		return { topic, payload: record.bytes, QoS: policy.QoSOf(channel), retain: false };
	}

	/**
	 * What was sealed for another topic would be refused on any of ours. While the configuration is
	 * on trial it stays, for the old one may return; then a gap record takes its place.
	 */
	#confess(): void {
		const { outbox, report, inherited } = this.#options;
		const sequences = this.#misfits;
		this.#misfits = [];
		const [first] = sequences;
		const last = sequences[sequences.length - 1];
		if (first === undefined || last === undefined || inherited?.isProven() !== true) return;
		const gap = { first, last, count: sequences.length, reason: "topic-changed" } as const;
		const payload = encodeGap([gap]);
		const stored = this.accept({ channel: "event", contentType: CONTENT_GAP, payload });
		if (stored.kind !== "accepted") return;
		for (const sequence of sequences) outbox.remove(sequence);
		outbox.flush();
		report({ name: "readings-dropped", ...gap });
	}

	#seal(message: Message, previous: number | undefined): Sealed {
		const { policy, signer, nextSequence, now } = this.#options;
		const { channel, contentType, payload } = message;
		const topic = policy.topicOf(channel);
		if (topic === undefined || !policy.allowsPublish(topic)) {
			return { kind: "refused", reason: "outside-policy" };
		}
		const time = now();
		const claims = {
			...(previous !== undefined && { previous }),
			...(time !== undefined && { time }),
		};
		try {
			const sequence = nextSequence();
			const bytes = seal({ topic, contentType, payload, sequence, ...claims }, signer);
			return { kind: "sealed", sequence, bytes };
		} catch (error) {
			return { kind: "refused", reason: storageCodeOf(error) };
		}
	}

	#refused(channel: Channel, reason: string): Extract<Accepted, { kind: "refused" }> {
		this.#options.report({ name: "message-refused", channel, reason });
		return { kind: "refused", reason };
	}

	/**
	 * Drops what the outbox chose, after a signed record of it is stored. Returns why it could not.
	 */
	#makeRoom(
		victims: readonly { first: number; last: number; count: number }[],
	): string | undefined {
		const { outbox, report } = this.#options;
		const payload = encodeGap(victims.map((victim) => ({ ...victim, reason: "outbox-full" })));
		const gap = { channel: "event", contentType: CONTENT_GAP, payload } as const;
		const sealed = this.#seal(gap, outbox.lastSequence);
		if (sealed.kind === "refused") return this.#refused("event", sealed.reason).reason;
		const made = outbox.makeRoom(entryOf("event", sealed.sequence, sealed.bytes));
		if (made.kind !== "stored") {
			return this.#refused("event", made.kind === "failed" ? made.code : made.kind).reason;
		}
		for (const { first, last, count } of victims) {
			report({ name: "readings-dropped", first, last, count, reason: "outbox-full" });
		}
		return undefined;
	}
}

function entryOf(channel: Channel, sequence: number, bytes: Uint8Array) {
	return {
		sequence,
		channel: CHANNELS.indexOf(channel),
		recordClass: CLASS_OF[channel],
		bytes,
	};
}
