// Inbound messages: delivered, acknowledged by the application, and for QoS 2 released by the
// broker.

import { MQTT_UNACKNOWLEDGED_MAX } from "../limits.js";
import { AcknowledgementOrder, type Dealt, type Unacknowledged } from "./acknowledgement-order.js";
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
	acknowledge(message: Unacknowledged, dealt: Dealt): void {
		for (const { packetId, QoS, dealt: how } of this.#order.done(message, dealt)) {
			if (QoS === 1) {
				this.#link.send({ type: "PUBACK", packetId });
				continue;
			}
			const event = how === "taken" ? "acknowledge" : "discard";
			const outcome = this.#link.options.session.onInbound(event, packetId);
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
		const dealt = packet.type === "PUBLISH" ? "taken" : "refused";
		if (packetId !== undefined && QoS !== 0) this.acknowledge({ packetId, QoS }, dealt);
		if (packet.type === "OVERSIZED") {
			onOversized?.({ topic, payloadBytes: packet.payloadBytes });
		}
	}
}
