// Messages and requests of one connected client on their way into the broker: acknowledgements, as
// late as the broker's faults want them, and every rule about packet ids that the client breaks.

import type { BrokerFaults } from "./broker-faults.js";
import type { BrokerOutput } from "./broker-output.js";
import type { PublishPacket } from "./broker-reader.js";
import { writeReply } from "./broker-writer.js";
import type { ClientSession } from "./client-session.js";
import type { Random } from "./random.js";

export interface IncomingMessagesOptions {
	readonly session: ClientSession;
	readonly output: BrokerOutput;
	readonly faults: BrokerFaults;
	readonly random: Random;
	/** QoS 2 messages go on when they are released, and not when they come: both are allowed. */
	readonly deliversAtRelease: boolean;
	readonly onMessage: (packet: PublishPacket) => void;
	readonly onFinding: (clause: string, detail: string) => void;
}

export class IncomingMessages {
	readonly #options: IncomingMessagesOptions;
	/** Ids of the client's own that have no last acknowledgement on this connection. */
	readonly #used = new Set<number>();
	/** Ids of PUBRECs sent on this connection, in order, whose PUBREL has not come. */
	#unreleased: number[] = [];

	constructor(options: IncomingMessagesOptions) {
		this.#options = options;
	}

	onPublish(packet: PublishPacket): void {
		const { onMessage, session, deliversAtRelease } = this.#options;
		const { QoS, packetId } = packet;
		if (QoS === 0) return onMessage(packet);
		// Within one connection nothing is sent twice, and an id in use is not given again.
		this.#use(packetId, "PUBLISH", packet.duplicate ? "MQTT-4.4.0-1" : "MQTT-2.3.1-2");
		if (QoS === 1) {
			onMessage(packet);
			return this.answer(packetId, () => writeReply("PUBACK", packetId));
		}
		// [MQTT-4.3.3-2] The same id before its PUBREL is the same message.
		if (!session.received.has(packetId)) {
			session.received.set(packetId, deliversAtRelease ? packet : undefined);
			if (!deliversAtRelease) onMessage(packet);
		}
		this.#later(() => {
			this.#unreleased.push(packetId);
			return writeReply("PUBREC", packetId);
		});
	}

	onRelease(packetId: number): void {
		const { session, onFinding, onMessage } = this.#options;
		const place = this.#unreleased.indexOf(packetId);
		if (place > 0) onFinding("MQTT-4.6.0-4", `PUBREL ${packetId} out of order`);
		this.#unreleased = this.#unreleased.filter((unreleased) => unreleased !== packetId);
		const held = session.received.get(packetId);
		session.received.delete(packetId);
		if (held !== undefined) onMessage(held);
		// Also for an id that is not known: the client may remember what we have forgotten.
		this.answer(packetId, () => writeReply("PUBCOMP", packetId));
	}

	/** A SUBSCRIBE or UNSUBSCRIBE takes an id as well. */
	onRequest(packetId: number, what: string): void {
		this.#use(packetId, what, "MQTT-2.3.1-2");
	}

	/** Sends the last acknowledgement for `packetId`; from then on the id is free. */
	answer(packetId: number, make: () => Uint8Array): void {
		this.#later(() => {
			this.#used.delete(packetId);
			return make();
		});
	}

	#use(packetId: number, what: string, clause: string): void {
		if (this.#used.has(packetId)) this.#options.onFinding(clause, `${what} ${packetId} again`);
		this.#used.add(packetId);
	}

	#later(make: () => Uint8Array): void {
		const { faults, output, random } = this.#options;
		const { acknowledgementLossRate, acknowledgeDelayMs } = faults;
		if (acknowledgementLossRate > 0 && random.fraction() < acknowledgementLossRate) return;
		output.later(make, acknowledgeDelayMs);
	}
}
