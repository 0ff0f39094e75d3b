// Inbound messages: delivered, acknowledged by the application, and for QoS 2 released by the
// broker.

import { MQTT_UNACKNOWLEDGED_MAX } from "../limits.js";
import { AcknowledgementOrder, type Unacknowledged } from "./acknowledgement-order.js";
import { violation } from "./close-reason.js";
import type { Link } from "./link.js";
import type { OversizedPacket, PublishPacket } from "./packets.js";

export class Inbound {
	readonly #link: Link;
	readonly #order = new AcknowledgementOrder();

	constructor(link: Link) {
		this.#link = link;
	}

	/** The application owes so many acknowledgements that it gets no more messages. */
	get isFull(): boolean {
		return this.#order.length >= MQTT_UNACKNOWLEDGED_MAX;
	}

	onPublish(packet: PublishPacket | OversizedPacket): void {
		const { packetId, QoS } = packet;
		if (packetId === undefined || QoS === 0) return this.#deliver(packet);
		if (QoS === 2) {
			const outcome = this.#link.options.session.onInbound("PUBLISH", packetId);
			if (outcome.kind === "full") return this.#link.fail({ code: "receive-limit" });
			if (outcome.kind === "violation") {
				return this.#link.fail(violation(outcome.clause, "PUBLISH-unexpected"));
			}
			if (outcome.effect === "receive") this.#link.send({ type: "PUBREC", packetId });
			if (outcome.effect !== "deliver") return;
		}
		this.#order.add({ packetId, QoS });
		this.#deliver(packet);
	}

	onRelease(packetId: number): void {
		const outcome = this.#link.options.session.onInbound("PUBREL", packetId);
		if (outcome.kind === "violation") {
			return this.#link.fail(violation(outcome.clause, "PUBREL-unexpected"));
		}
		this.#link.send({ type: "PUBCOMP", packetId });
	}

	/** The message is dealt with: its acknowledgement leaves now, or after those before it. */
	acknowledge(message: Unacknowledged): void {
		for (const { packetId, QoS } of this.#order.done(message)) {
			if (QoS === 1) {
				this.#link.send({ type: "PUBACK", packetId });
				continue;
			}
			const outcome = this.#link.options.session.onInbound("acknowledge", packetId);
			if (outcome.kind === "step" && outcome.effect === "receive") {
				this.#link.send({ type: "PUBREC", packetId });
			}
		}
	}

	#deliver(packet: PublishPacket | OversizedPacket): void {
		const { onMessage, onOversized } = this.#link.options;
		const { topic, QoS, retain, duplicate, packetId } = packet;
		if (packet.type === "PUBLISH" && onMessage) {
			return onMessage({ topic, payload: packet.payload, QoS, retain, duplicate, packetId });
		}
		// Nobody else will acknowledge it, and without that it would come back at every reconnect.
		if (packetId !== undefined && QoS !== 0) this.acknowledge({ packetId, QoS });
		if (packet.type === "OVERSIZED") {
			onOversized?.({ topic, payloadBytes: packet.payloadBytes });
		}
	}
}
