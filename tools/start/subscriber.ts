// The receiving end: joins the broker with an operator's certificate, keeps a session there, and
// hands on what arrives. It believes nothing by itself.

import type { MqttClient } from "mqtt";
import { connectBroker, type BrokerConnectionOptions } from "../broker-connection.js";

export interface SubscriberOptions extends Omit<
	BrokerConnectionOptions,
	"persistent" | "reconnectMs"
> {
	readonly filters: readonly string[];
	readonly onRefused?: (filter: string) => void;
}

/** A broker on the same machine is back within milliseconds. */
const RECONNECT_MS = 250;
/** What a SUBACK says instead of a QoS. */
const REFUSED = 128;

export class Subscriber {
	readonly #client: MqttClient;

	private constructor(client: MqttClient) {
		this.#client = client;
	}

	/**
	 * Resolves once the broker answered the subscriptions; rejects when the first connection fails.
	 */
	static async join(options: SubscriberOptions): Promise<Subscriber> {
		const { filters, onRefused, ...connection } = options;
		const client = await connectBroker({
			...connection,
			persistent: true,
			reconnectMs: RECONNECT_MS,
		});
		// It reconnects by itself; without a listener an error would end the program.
		client.on("error", () => undefined);
		for (const filter of filters) {
			const granted = await client.subscribeAsync(filter, { qos: 1 }).catch(() => undefined);
			const isGranted = granted?.every(({ qos }) => Number(qos) !== REFUSED);
			if (!isGranted) onRefused?.(filter);
		}
		return new Subscriber(client);
	}

	/** Resolves once the broker has it. */
	async publish(topic: string, payload: Uint8Array): Promise<void> {
		await this.#client.publishAsync(topic, Buffer.from(payload), { qos: 1 });
	}

	async close(): Promise<void> {
		await this.#client.endAsync(true);
	}
}
