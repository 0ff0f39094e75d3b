// Inbound messages between delivery and acknowledgement. The application may finish them in any
// order; PUBACK and PUBREC leave in the order in which the messages came [MQTT-4.6.0-2, 4.6.0-3].

export interface Unacknowledged {
	readonly packetId: number;
	readonly QoS: 1 | 2;
}

/** What the application made of a message. */
export type Dealt =
	| "taken" // its effect is durable
	| "refused"; // nothing came of it, and nothing would if it came again

interface Done extends Unacknowledged {
	readonly dealt: Dealt;
}

interface Entry extends Unacknowledged {
	dealt: Dealt | undefined;
}

export class AcknowledgementOrder {
	/** Bounded by the client, which stops reading at MQTT_UNACKNOWLEDGED_MAX. */
	readonly #entries: Entry[] = [];

	get length(): number {
		return this.#entries.length;
	}

	add(message: Unacknowledged): void {
		this.#entries.push({ packetId: message.packetId, QoS: message.QoS, dealt: undefined });
	}

	/**
	 * Marks the oldest such message as dealt with. Gives those whose turn has come; none for an
	 * unknown one.
	 */
	done(message: Unacknowledged, dealt: Dealt): readonly Done[] {
		const entry = this.#entries.find(
			(candidate) =>
				candidate.packetId === message.packetId &&
				candidate.QoS === message.QoS &&
				candidate.dealt === undefined,
		);
		if (entry) entry.dealt = dealt;
		const finished: Done[] = [];
		for (const { packetId, QoS, dealt: how } of this.#entries) {
			if (how === undefined) break;
			finished.push({ packetId, QoS, dealt: how });
		}
		this.#entries.splice(0, finished.length);
		return finished;
	}
}
