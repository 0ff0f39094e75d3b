// Messages from the broker to one connected client: packet ids, acknowledgements, their order, and
// what is sent again after a reconnect. Every rule that the client breaks is a finding.

import type { BrokerOutput } from "./broker-output.js";
import type { AcknowledgementPacket, QoS } from "./broker-reader.js";
import { writePublish, writeReply } from "./broker-writer.js";
import type { ClientSession, Delivery } from "./client-session.js";

export interface OutgoingMessagesOptions {
	readonly session: ClientSession;
	readonly output: BrokerOutput;
	/** Whether the next message is sent twice. */
	readonly isDoubled: () => boolean;
	/** The client took responsibility for a message of the session. */
	readonly onAcknowledged: (message: Delivery) => void;
	readonly onFinding: (clause: string, detail: string) => void;
}

export class OutgoingMessages {
	readonly #options: OutgoingMessagesOptions;
	/** Ids of QoS 1 messages sent on this connection, one entry per PUBLISH, in order. */
	readonly #unacknowledged: number[] = [];
	/** Ids of QoS 2 messages sent on this connection that have no PUBREC, in order. */
	readonly #unreceived: number[] = [];
	/** Ids that hostile packets and floods used: nothing is expected of them. */
	readonly #strays = new Set<number>();

	constructor(options: OutgoingMessagesOptions) {
		this.#options = options;
	}

	/** Sends again what the session holds, then what waits. */
	resume(): void {
		const { session, output } = this.#options;
		for (const delivery of session.unfinished()) {
			if (delivery.state === "published") this.#send(delivery, true);
			else output.send(writeReply("PUBREL", delivery.packetId));
		}
		this.pump();
	}

	pump(): void {
		const { session, isDoubled } = this.#options;
		for (let next = session.takeNext(); next !== undefined; next = session.takeNext()) {
			this.#send(next, false);
			if (isDoubled()) this.#send(next, true);
		}
	}

	/** An id that is not in use, for a packet that no session remembers. */
	strayId(): number {
		const packetId = this.#options.session.takePacketId();
		this.#strays.add(packetId);
		return packetId;
	}

	sendStray({ topic, payload, QoS }: { topic: string; payload: Uint8Array; QoS: QoS }): void {
		const packetId = QoS === 0 ? 0 : this.strayId();
		const flags = { retain: false, duplicate: false };
		this.#options.output.send(writePublish({ topic, payload, QoS, packetId, ...flags }));
	}

	acknowledged({ type, packetId }: AcknowledgementPacket): void {
		if (this.#strays.has(packetId)) return this.#strayAcknowledged(type, packetId);
		switch (type) {
			case "PUBACK":
				return this.#onPuback(packetId);
			case "PUBREC":
				return this.#onPubrec(packetId);
			default:
				return this.#onPubcomp(packetId);
		}
	}

	#onPuback(packetId: number): void {
		const { session, onFinding } = this.#options;
		const place = this.#unacknowledged.indexOf(packetId);
		if (place < 0) return onFinding("MQTT-4.3.2-2", `PUBACK ${packetId} for nothing`);
		if (place > 0) onFinding("MQTT-4.6.0-2", `PUBACK ${packetId} out of order`);
		this.#unacknowledged.splice(place, 1);
		// Sent twice, it is acknowledged twice: until then the id is in use.
		const delivery = session.delivery(packetId);
		if (delivery !== undefined) this.#options.onAcknowledged(delivery);
		if (!this.#unacknowledged.includes(packetId)) this.#finish(packetId, session);
	}

	#onPubrec(packetId: number): void {
		const { session, output, onFinding } = this.#options;
		const delivery = session.delivery(packetId);
		if (delivery?.QoS !== 2) return onFinding("MQTT-4.3.3-2", `PUBREC ${packetId} for nothing`);
		const place = this.#unreceived.indexOf(packetId);
		if (place > 0) onFinding("MQTT-4.6.0-3", `PUBREC ${packetId} out of order`);
		if (place >= 0) this.#unreceived.splice(place, 1);
		if (delivery.state === "published") this.#options.onAcknowledged(delivery);
		delivery.state = "released";
		output.send(writeReply("PUBREL", packetId));
	}

	#onPubcomp(packetId: number): void {
		const { session, onFinding } = this.#options;
		const delivery = session.delivery(packetId);
		// A second PUBCOMP answers a second PUBREL.
		if (delivery === undefined) return;
		if (delivery.state !== "released") {
			return onFinding("MQTT-4.3.3-2", `PUBCOMP ${packetId} before PUBREC`);
		}
		this.#finish(packetId, session);
	}

	#strayAcknowledged(type: AcknowledgementPacket["type"], packetId: number): void {
		if (type === "PUBREC") this.#options.output.send(writeReply("PUBREL", packetId));
		else this.#strays.delete(packetId);
	}

	#finish(packetId: number, session: ClientSession): void {
		session.finish(packetId);
		this.pump();
	}

	#send(delivery: Delivery, duplicate: boolean): void {
		const { packetId, QoS } = delivery;
		this.#strays.delete(packetId);
		const list = QoS === 1 ? this.#unacknowledged : this.#unreceived;
		if (QoS === 1 || !list.includes(packetId)) list.push(packetId);
		this.#options.output.send(writePublish({ ...delivery, duplicate }));
	}
}
