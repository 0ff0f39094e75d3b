// The session state of MQTT 3.1.1 §4.1, client side: packet ids and what each of them waits for. It
// outlives connections, and its QoS 2 part outlives reboots. It sends nothing: it tells the client
// what to send.

import { assert } from "../assert.js";
import { MQTT_IN_FLIGHT_MAX, MQTT_RECEIVED_MAX, MQTT_REQUESTS_MAX } from "../limits.js";
import {
	decodeSession,
	encodeSession,
	type StoredSession,
	type StoredState,
} from "./session-blob.js";
import {
	inboundStep,
	outboundStep,
	type InboundEffect,
	type InboundEvent,
	type InboundState,
	type OutboundEffect,
	type OutboundEvent,
	type OutboundState,
} from "./transitions.js";

/**
 * Where the QoS 2 part is kept. `save` is durable when it returns, and does not throw: where it is
 * not, it answers `false`.
 */
export interface SessionStore {
	load(): Uint8Array | undefined;
	save(bytes: Uint8Array): boolean | void;
}

export interface SessionOptions {
	/** Without it QoS 2 is exactly-once only until the next reboot. */
	store?: SessionStore;
	/** The first packet id to try, 1 by default. Tests start near the wrap. */
	firstPacketId?: number;
}

/** A PUBLISH, or the PUBREL that follows it, without its last acknowledgement. */
export interface InFlight {
	readonly packetId: number;
	readonly state: OutboundState;
	readonly token: number;
	readonly QoS: 1 | 2;
}

/** A SUBSCRIBE or UNSUBSCRIBE without its answer. */
interface Request {
	readonly packetId: number;
	readonly state: "subscribing" | "unsubscribing";
	readonly topics: readonly string[];
}

export type Outcome<Effect> =
	| { readonly kind: "violation"; readonly clause: string }
	| { readonly kind: "step"; readonly effect: Effect; readonly token?: number };

const PACKET_ID_MAX = 65535;

export class Session {
	readonly #store: SessionStore | undefined;
	/** By packet id, oldest first; at most MQTT_IN_FLIGHT_MAX. */
	#inFlight = new Map<number, InFlight>();
	/** By packet id; at most MQTT_REQUESTS_MAX. They end with the connection. */
	readonly #requests = new Map<number, Request>();
	/** Inbound QoS 2 ids; at most MQTT_RECEIVED_MAX. */
	readonly #inbound = new Map<number, InboundState>();
	#nextPacketId: number;
	#isAttached = false;
	/** Whom the ids mean something to, and who is asked now; 0: nobody knows. */
	#broker: number;
	#asked = 0;
	/** The last CONNECT was answered, and its session outlives the connection. */
	#isKept = false;
	#isClean = false;
	/** What is stored is what is true. */
	#isStored = true;
	/** Whether the store held a session, none, or something unreadable. */
	readonly origin: "new" | "restored" | "corrupt";

	constructor(options: SessionOptions) {
		this.#store = options.store;
		this.#nextPacketId = options.firstPacketId ?? 1;
		const bytes = options.store?.load();
		const stored = bytes && decodeSession(bytes);
		this.origin = stored ? "restored" : bytes ? "corrupt" : "new";
		for (const { packetId, state, token } of stored?.outbound ?? []) {
			this.#inFlight.set(packetId, { packetId, state, token, QoS: 2 });
		}
		this.#broker = stored?.broker ?? 0;
		for (const packetId of stored?.inbound ?? []) this.#inbound.set(packetId, "received");
	}

	/**
	 * The next connection is to `broker`. Answers whether it must be a clean one. Ids mean something
	 * to one broker only:
	 *
	 * 1. Broker A knows id 8 from an exchange that was never finished there.
	 * 2. A goes away; the next broker, B, has no session, and the ids begin anew.
	 * 3. A comes back and still has its session: it takes the next message with id 8 for the old one,
	 *    acknowledges it and throws it away.
	 *
	 * Only ids of QoS 2 do this, for which there is a store.
	 *
	 * Nor may a session outlive its connection while it cannot be stored: after a reboot the ids of
	 * then would be taken for free.
	 *
	 * A message that has its PUBREC is the broker's only as long as its session lasts: many deliver
	 * it at PUBREL. Where a session was begun whose fate nobody knows, or another client may have had
	 * one, "session present" says nothing about the one of before. So PUBREL ends the exchange, and
	 * its owner publishes the message again.
	 */
	meet(broker: number): { readonly clean: boolean } {
		this.#asked = broker;
		const isAnother = this.#store !== undefined && this.#broker !== broker;
		this.#isClean = isAnother || !this.#isStored;
		if (!this.#isKept) this.#doubt();
		this.#isKept = false;
		return { clean: this.#isClean };
	}

	/**
	 * The broker ended an accepted connection, as it does where another client takes our id over. The
	 * session that is present next may be that client's.
	 */
	endedByPeer(): void {
		this.#isKept = false;
	}

	/** One client at a time. */
	attach(): void {
		assert(!this.#isAttached, "a session has one client");
		this.#isAttached = true;
	}

	/** The connection is gone, and with it what the standard does not carry over. */
	detach(): void {
		this.#isAttached = false;
		this.#requests.clear();
		for (const [packetId, state] of this.#inbound) {
			if (state === "delivered") this.#inbound.delete(packetId);
		}
	}

	/** Where the search for a free id begins. */
	get nextPacketId(): number {
		return this.#nextPacketId;
	}

	get inFlightFree(): number {
		return MQTT_IN_FLIGHT_MAX - this.#inFlight.size;
	}

	get requestsFree(): number {
		return MQTT_REQUESTS_MAX - this.#requests.size;
	}

	/** Whether the message with this token is on its way. */
	holds(token: number): boolean {
		for (const entry of this.#inFlight.values()) {
			if (entry.token === token && entry.state !== "forgotten") return true;
		}
		return false;
	}

	/** What has to be sent again after a reconnect, in this order [MQTT-4.6.0-1, 4.6.0-4]. */
	inFlight(): readonly InFlight[] {
		return Array.from(this.#inFlight.values());
	}

	entry(packetId: number): InFlight | undefined {
		return this.#inFlight.get(packetId);
	}

	/**
	 * Takes an id for a message. Durable for QoS 2 when it returns; the caller sends it afterwards.
	 */
	begin(token: number, QoS: 1 | 2): number {
		assert(this.inFlightFree > 0, "in-flight messages are bounded");
		const packetId = this.#takeId();
		const state = QoS === 1 ? "published" : "offered";
		this.#inFlight.set(packetId, { packetId, state, token, QoS });
		if (QoS === 2) this.#save();
		return packetId;
	}

	/**
	 * A message that was begun with QoS 2 may be sent: its id is known after a reboot, or means
	 * nothing by then. Where not, it is to be {@link abandon}ed, and the connection to be ended.
	 */
	get maySend(): boolean {
		return this.#isStored || this.#isClean;
	}

	/** Takes back a message that was begun and not sent. */
	abandon(packetId: number): void {
		this.#inFlight.delete(packetId);
	}

	/** Takes an id for a SUBSCRIBE or UNSUBSCRIBE. */
	request(state: Request["state"], topics: readonly string[]): number {
		assert(this.requestsFree > 0, "requests are bounded");
		const packetId = this.#takeId();
		this.#requests.set(packetId, { packetId, state, topics });
		return packetId;
	}

	/** The topics of a request, in its order. */
	topicsOf(packetId: number): readonly string[] {
		return this.#requests.get(packetId)?.topics ?? [];
	}

	/** An acknowledgement of something of ours has arrived. */
	onAnswer(event: OutboundEvent, packetId: number): Outcome<OutboundEffect> {
		const entry = this.#inFlight.get(packetId);
		const state = entry?.state ?? this.#requests.get(packetId)?.state ?? "free";
		const step = outboundStep(state, event);
		if (step.clause !== undefined) return { kind: "violation", clause: step.clause };
		if (step.next === "free") {
			this.#requests.delete(packetId);
			if (this.#inFlight.delete(packetId) && entry?.QoS === 2) this.#save();
		} else if (entry && step.next !== state) {
			this.#inFlight.delete(packetId); // to the end: PUBRELs keep the order of the PUBRECs
			this.#inFlight.set(packetId, { ...entry, state: step.next });
			this.#save();
		}
		const token = entry?.token;
		return { kind: "step", effect: step.effect, ...(token !== undefined && { token }) };
	}

	/**
	 * The owner of a message no longer has it, so it cannot be sent again. A QoS 1 id is simply free.
	 * A QoS 2 id may be known to the broker, which would take the next message under it for a
	 * duplicate: PUBREL ends the exchange on both sides, whether or not the broker knows of it.
	 */
	forget(packetId: number): "freed" | "forgotten" {
		const entry = this.#inFlight.get(packetId);
		assert(entry !== undefined, "the id is in flight");
		if (entry.QoS === 1) {
			this.#inFlight.delete(packetId);
			return "freed";
		}
		this.#inFlight.set(packetId, { ...entry, state: "forgotten" });
		this.#save();
		return "forgotten";
	}

	/**
	 * Something about an inbound QoS 2 id. Durable when it returns, but for what was discarded; the
	 * caller answers afterwards.
	 */
	onInbound(event: InboundEvent, packetId: number): Outcome<InboundEffect> | { kind: "full" } {
		const state = this.#inbound.get(packetId) ?? "free";
		const step = inboundStep(state, event);
		if (step.clause !== undefined) return { kind: "violation", clause: step.clause };
		if (step.next === state) return { kind: "step", effect: step.effect };
		if (state === "free" && this.#inbound.size >= MQTT_RECEIVED_MAX) return { kind: "full" };
		if (step.next === "free") this.#inbound.delete(packetId);
		else this.#inbound.set(packetId, step.next);
		if (state === "received" || step.next === "received") this.#save();
		return { kind: "step", effect: step.effect };
	}

	/** The broker has this session. */
	resume(): void {
		this.#broker = this.#asked;
		this.#isKept = true;
	}

	/**
	 * The broker has nothing of this session. Messages in flight keep their order and get new ids.
	 * What had its PUBREC may be lost with the session: the session holds it no more, and its owner,
	 * who has heard of no acknowledgement, publishes it again.
	 */
	restart(): void {
		const before = this.#inFlight;
		const isMoved = this.#broker !== this.#asked;
		const hasReceived = Array.from(this.#inbound.values()).includes("received");
		const hadStored = isMoved || hasReceived || before.size > 0;
		this.#broker = this.#asked;
		this.#isKept = !this.#isClean;
		this.#inFlight = new Map();
		this.#inbound.clear();
		for (const { state, token, QoS } of before.values()) {
			if (state !== "published" && state !== "offered") continue;
			const packetId = this.#takeId();
			this.#inFlight.set(packetId, { packetId, state, token, QoS });
		}
		if (hadStored) this.#save();
	}

	/** Nothing that was released is taken for delivered. Durable when it returns. */
	#doubt(): void {
		let isChanged = false;
		for (const entry of this.#inFlight.values()) {
			if (entry.state !== "released") continue;
			this.#inFlight.set(entry.packetId, { ...entry, state: "forgotten" });
			isChanged = true;
		}
		if (isChanged) this.#save();
	}

	/** The part that is stored. */
	snapshot(): StoredSession {
		const outbound = [];
		for (const { packetId, state, token, QoS } of this.#inFlight.values()) {
			if (QoS === 2) outbound.push({ packetId, state: state as StoredState, token });
		}
		const inbound = [];
		for (const [packetId, state] of this.#inbound) {
			if (state === "received") inbound.push(packetId);
		}
		return { outbound, inbound, broker: this.#broker };
	}

	/** An id not in use [MQTT-2.3.1-2], after the one before, past 65535 on from 1 [MQTT-2.3.1-1]. */
	#takeId(): number {
		let packetId = this.#nextPacketId;
		while (this.#inFlight.has(packetId) || this.#requests.has(packetId)) {
			packetId = packetIdAfter(packetId);
		}
		this.#nextPacketId = packetIdAfter(packetId);
		return packetId;
	}

	#save(): void {
		this.#isStored = this.#store?.save(encodeSession(this.snapshot())) !== false;
	}
}

function packetIdAfter(packetId: number): number {
	return packetId === PACKET_ID_MAX ? 1 : packetId + 1;
}
