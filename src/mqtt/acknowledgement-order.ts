// Inbound messages between delivery and acknowledgement. The application may finish them in any
// order; PUBACK and PUBREC leave in the order in which the messages came [MQTT-4.6.0-2, 4.6.0-3].

export interface Unacknowledged {
	readonly packetId: number;
	readonly QoS: 1 | 2;
}

interface Entry extends Unacknowledged {
	isDone: boolean;
}

export class AcknowledgementOrder {
	/** Bounded by the client, which stops reading at MQTT_UNACKNOWLEDGED_MAX. */
	readonly #entries: Entry[] = [];

	get length(): number {
		return this.#entries.length;
	}

	add(message: Unacknowledged): void {
		this.#entries.push({ packetId: message.packetId, QoS: message.QoS, isDone: false });
	}

	/**
	 * Marks the oldest such message as done. Gives those whose turn has come; none for an unknown
	 * one.
	 */
	done(message: Unacknowledged): readonly Unacknowledged[] {
		const entry = this.#entries.find(
			({ packetId, QoS, isDone }) =>
				packetId === message.packetId && QoS === message.QoS && !isDone,
		);
		if (entry) entry.isDone = true;
		const first = this.#entries.findIndex(({ isDone }) => !isDone);
		return this.#entries.splice(0, first === -1 ? this.#entries.length : first);
	}
}
