// What the broker remembers of one client id beyond a connection (MQTT 3.1.1 §3.1.2.4):
// subscriptions, messages on their way to the client, and ids of QoS 2 messages from it.

import type { PublishPacket, QoS } from "./broker-reader.js";

/** A message on its way to a client. */
export interface Message {
	readonly topic: string;
	readonly payload: Uint8Array;
	readonly QoS: QoS;
	readonly retain: boolean;
}

/** A message that was sent with QoS 1 or 2 and is not finished. */
export interface Delivery extends Message {
	readonly packetId: number;
	/** "released": PUBREC has come and PUBREL was sent. */
	state: "published" | "released";
}

/** Messages in flight to one client; mosquitto's default. */
const IN_FLIGHT_MAX = 20;

/** Messages that wait for a client; what comes on top of them is lost, and counted. */
const WAITING_MAX = 1000;

export class ClientSession {
	readonly id: string;
	/** Granted QoS by topic filter. */
	readonly subscriptions = new Map<string, QoS>();
	/**
	 * The client's QoS 2 messages between their PUBLISH and their PUBREL, by id; with what is
	 * delivered only then.
	 */
	readonly received = new Map<number, PublishPacket | undefined>();
	/** In the order of their sending. */
	readonly #inFlight = new Map<number, Delivery>();
	#waiting: Message[] = [];
	#lastPacketId = 0;
	#lost = 0;

	constructor(id: string) {
		this.id = id;
	}

	/** Messages that the client will get, now or later. */
	get pending(): number {
		return this.#inFlight.size + this.#waiting.length;
	}

	/** Messages that found no room. */
	get lost(): number {
		return this.#lost;
	}

	/** The id before the next one: a test starts near the end of all ids. */
	set lastPacketId(packetId: number) {
		this.#lastPacketId = packetId;
	}

	/** An id that is not in use [MQTT-2.3.1-2]; after 65 535 comes 1. */
	takePacketId(): number {
		do {
			this.#lastPacketId = (this.#lastPacketId % 65_535) + 1;
		} while (this.#inFlight.has(this.#lastPacketId));
		return this.#lastPacketId;
	}

	queue(message: Message): void {
		if (this.#waiting.length < WAITING_MAX) this.#waiting.push(message);
		else this.#lost++;
	}

	/** The next message to send, with its id, as far as there is room in flight. */
	takeNext(): Delivery | undefined {
		if (this.#inFlight.size >= IN_FLIGHT_MAX) return undefined;
		const message = this.#waiting.shift();
		if (message === undefined) return undefined;
		const packetId = this.takePacketId();
		const delivery: Delivery = { ...message, packetId, state: "published" };
		this.#inFlight.set(packetId, delivery);
		return delivery;
	}

	delivery(packetId: number): Delivery | undefined {
		return this.#inFlight.get(packetId);
	}

	finish(packetId: number): void {
		this.#inFlight.delete(packetId);
	}

	/** Everything that has to be sent again after a reconnect, in order [MQTT-4.4.0-1]. */
	unfinished(): readonly Delivery[] {
		return [...this.#inFlight.values()];
	}
}
