// What the simulated broker keeps between connections: sessions by client id, who subscribed to
// what, and retained messages. Where a message goes is decided here, how it travels is not.

import type { QoS } from "./broker-reader.js";
import { ClientSession, type Message } from "./client-session.js";
import { matchesTopic, TopicMatcher } from "./topic-matcher.js";

export class MessageRouter {
	readonly #sessions = new Map<string, ClientSession>();
	readonly #subscribers = new TopicMatcher<ClientSession>();
	readonly #retained = new Map<string, Message>();
	readonly #deliver: (session: ClientSession, message: Message) => void;

	/** `deliver` gets each message once per subscriber, with the QoS that it was granted. */
	constructor(deliver: (session: ClientSession, message: Message) => void) {
		this.#deliver = deliver;
	}

	session(id: string): ClientSession | undefined {
		return this.#sessions.get(id);
	}

	/** The session of `id` that there is, or a new one in its place. */
	join(
		id: string,
		keeps: boolean,
	): { readonly session: ClientSession; readonly isPresent: boolean } {
		const known = this.#sessions.get(id);
		if (known !== undefined && keeps) return { session: known, isPresent: true };
		if (known !== undefined) this.drop(known);
		const session = new ClientSession(id);
		this.#sessions.set(id, session);
		return { session, isPresent: false };
	}

	drop(session: ClientSession): void {
		for (const filter of session.subscriptions.keys()) this.#subscribers.remove(filter, session);
		this.#sessions.delete(session.id);
	}

	/** Retained messages are gone, and the sessions that `keeps` does not want. */
	forget(keeps: (session: ClientSession) => boolean): void {
		this.#retained.clear();
		for (const session of [...this.#sessions.values()]) if (!keeps(session)) this.drop(session);
	}

	subscribe(session: ClientSession, filter: string, QoS: QoS): void {
		session.subscriptions.set(filter, QoS);
		this.#subscribers.add(filter, session);
	}

	unsubscribe(session: ClientSession, filter: string): void {
		session.subscriptions.delete(filter);
		this.#subscribers.remove(filter, session);
	}

	route({ topic, payload, QoS, retain }: Message): void {
		// [MQTT-3.3.1-10] An empty retained message removes the one before.
		if (retain && payload.length === 0) this.#retained.delete(topic);
		else if (retain) this.#retained.set(topic, { topic, payload, QoS, retain });
		for (const session of this.#subscribers.subscribersOf(topic)) {
			this.#send(session, { topic, payload, QoS, retain: false }); // [MQTT-3.3.1-9]
		}
	}

	/** [MQTT-3.3.1-6] Retained messages for a new subscription. */
	sendRetained(session: ClientSession, filter: string): void {
		for (const message of [...this.#retained.values()]) {
			if (matchesTopic(filter, message.topic)) this.#send(session, message);
		}
	}

	#send(session: ClientSession, message: Message): void {
		let granted: QoS = 0;
		for (const [filter, QoS] of session.subscriptions) {
			if (QoS > granted && matchesTopic(filter, message.topic)) granted = QoS;
		}
		const QoS = Math.min(message.QoS, granted) as QoS; // [MQTT-3.8.4-6]
		this.#deliver(session, { ...message, QoS });
	}
}
