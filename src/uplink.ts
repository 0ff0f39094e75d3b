// The outbound story: seal → store → offer → acknowledged. A message is in flash before MQTT hears
// of it, and leaves flash only after its PUBACK.

import { assert } from "./assert.js";
import { CONTENT_GAP } from "./envelope/content-types.js";
import { encodeGap } from "./envelope/gap.js";
import { seal, type Signer } from "./envelope/seal.js";
import { OUTBOX_ROOM_ATTEMPTS_MAX } from "./limits.js";
import type { MQTTClient } from "./mqtt/client.js";
import type { Outbox, RecordClass } from "./outbox/outbox.js";
import type { Policy } from "./policy/policy.js";
import type { DeviceEvent } from "./ports.js";

/** What the outbox keeps of a channel: one byte. The order is part of the flash format. */
export const CHANNELS = Object.freeze(["telemetry", "event", "result"] as const);
export type Channel = (typeof CHANNELS)[number];

/** Which records a full outbox drops first: the lowest class. Gap records go with the events. */
const CLASS_OF: Readonly<Record<Channel, RecordClass>> = Object.freeze({
	telemetry: 0,
	result: 1,
	event: 2,
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

export interface UplinkOptions {
	readonly outbox: Outbox;
	readonly policy: Policy;
	readonly signer: Signer;
	/** The next sequence number: never one that was given before. */
	readonly nextSequence: () => number;
	readonly now: () => { readonly unixSeconds: number; readonly quality: number } | undefined;
	readonly report: (event: DeviceEvent) => void;
}

export class Uplink {
	readonly #options: UplinkOptions;
	/** The newest sequence that was handed to MQTT; the session keeps what is in flight. */
	#offered: number | undefined;

	constructor(options: UplinkOptions) {
		this.#options = options;
	}

	/**
	 * Signs `message` for the chain and stores it. Returns once it is durable, or with the reason
	 * why not.
	 */
	accept(message: Message): Accepted {
		const { outbox, report } = this.#options;
		for (let attempt = 0; attempt < OUTBOX_ROOM_ATTEMPTS_MAX; attempt++) {
			const { sequence, bytes } = this.#seal(message, outbox.lastSequence);
			const stored = outbox.store(entryOf(message.channel, sequence, bytes));
			if (stored.kind === "stored") return { kind: "accepted", sequence };
			if (stored.kind !== "full") {
				const reason = stored.kind === "failed" ? stored.code : stored.kind;
				report({ name: "message-refused", channel: message.channel, reason });
				return { kind: "refused", reason };
			}
			const made = this.#makeRoom(stored.victims);
			if (made !== undefined) return { kind: "refused", reason: made };
		}
		return { kind: "refused", reason: "full" };
	}

	/** A sealed message that is not stored and not part of the `prev` chain: the will. */
	sealUnchained(message: Message): Uint8Array {
		return this.#seal(message, undefined).bytes;
	}

	/** Hands stored messages to `client`, oldest first, as far as it has room. */
	offer(client: MQTTClient): void {
		const { outbox } = this.#options;
		while (client.inFlightFree > 0) {
			const [next] = outbox.waiting(this.#offered, 1);
			if (next === undefined) return;
			const publish = this.recall(next.sequence);
			if (publish !== undefined) {
				const { kind } = client.publish({ token: next.sequence, ...publish });
				if (kind !== "sent") return;
			}
			this.#offered = next.sequence;
		}
	}

	/**
	 * What to publish for `sequence`, read back from flash; `undefined` when it is no longer there.
	 */
	recall(
		sequence: number,
	): { topic: string; payload: Uint8Array; QoS: 0 | 1 | 2; retain: boolean } | undefined {
		const { outbox, policy } = this.#options;
		const record = outbox.read(sequence);
		if (record === undefined) return undefined;
		const channel = CHANNELS[record.channel];
		if (channel === undefined) return undefined;
		const topic = policy.topicOf(channel);
		if (topic === undefined || !policy.allowsPublish(topic)) return undefined;
		return { topic, payload: record.bytes, QoS: policy.QoSOf(channel), retain: false };
	}

	/** The broker has `sequence`: it leaves flash. */
	acknowledged(sequence: number): void {
		this.#options.outbox.remove(sequence);
	}

	get depth(): number {
		return this.#options.outbox.status().records;
	}

	#seal(message: Message, previous: number | undefined): { sequence: number; bytes: Uint8Array } {
		const { policy, signer, nextSequence, now } = this.#options;
		const topic = policy.topicOf(message.channel);
		assert(topic !== undefined && policy.allowsPublish(topic), "the policy has the channel");
		const sequence = nextSequence();
		const time = now();
		const bytes = seal(
			{
				topic,
				contentType: message.contentType,
				payload: message.payload,
				sequence,
				...(previous !== undefined && { previous }),
				...(time !== undefined && { time }),
			},
			signer,
		);
		return { sequence, bytes };
	}

	/**
	 * Drops what the outbox chose, after a signed record of it is stored. Returns why it could not.
	 */
	#makeRoom(
		victims: readonly { first: number; last: number; count: number }[],
	): string | undefined {
		const { outbox, report } = this.#options;
		const { sequence, bytes } = this.#seal(
			{
				channel: "event",
				contentType: CONTENT_GAP,
				payload: encodeGap(victims.map((victim) => ({ ...victim, reason: "outbox-full" }))),
			},
			outbox.lastSequence,
		);
		const made = outbox.makeRoom(entryOf("event", sequence, bytes));
		if (made.kind !== "stored") {
			const reason = made.kind === "failed" ? made.code : made.kind;
			report({ name: "message-refused", channel: "event", reason });
			return reason;
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
