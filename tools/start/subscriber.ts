// The receiving end: joins the broker with an operator's certificate, keeps a session there, and
// gives what arrives to the verifier. It believes nothing by itself.

import { connect } from "mqtt";
import type { IClientOptions, MqttClient } from "mqtt";

export interface SubscriberOptions {
	readonly host: string;
	readonly port: number;
	/** PEM. */
	readonly authority: string | Buffer;
	readonly certificate: string | Buffer;
	readonly key: string | Buffer;
	readonly user?: string;
	readonly password?: string;
	readonly clientId: string;
	readonly filters: readonly string[];
	readonly onMessage: (topic: string, payload: Uint8Array) => void;
	readonly onLost?: (reason: string) => void;
	readonly onRefused?: (filter: string) => void;
}

/** A broker on the same machine is back within milliseconds. */
const RECONNECT_MS = 250;
const CONNECT_MS_MAX = 10_000;
const REFUSED = 128;

export class Subscriber {
	readonly #client: MqttClient;

	private constructor(client: MqttClient) {
		this.#client = client;
	}

	/** Resolves once the subscriptions are granted; rejects when the first connection fails. */
	static async join(options: SubscriberOptions): Promise<Subscriber> {
		const client = connect(urlOf(options), clientOptions(options));
		// What waits in the session comes right after CONNACK: listen before there is a connection.
		client.on("message", (topic, payload) => options.onMessage(topic, new Uint8Array(payload)));
		try {
			await firstConnection(client);
		} catch (error) {
			await client.endAsync(true);
			throw error;
		}
		client.on("error", (error) => options.onLost?.(error.message));
		for (const filter of options.filters) {
			const granted = await client.subscribeAsync(filter, { qos: 1 }).catch(() => undefined);
			const isGranted = granted?.every(({ qos }) => Number(qos) !== REFUSED);
			if (!isGranted) options.onRefused?.(filter);
		}
		return new Subscriber(client);
	}

	async publish(topic: string, payload: Uint8Array): Promise<void> {
		await this.#client.publishAsync(topic, Buffer.from(payload), { qos: 1 });
	}

	async close(): Promise<void> {
		await this.#client.endAsync(true);
	}
}

function urlOf({ host, port }: SubscriberOptions): string {
	return `mqtts://${host.includes(":") ? `[${host}]` : host}:${port}`;
}

function clientOptions(options: SubscriberOptions): IClientOptions {
	const { authority, certificate, key, clientId, user, password } = options;
	return {
		ca: authority,
		cert: certificate,
		key,
		rejectUnauthorized: true,
		clientId,
		clean: false,
		reconnectPeriod: RECONNECT_MS,
		connectTimeout: CONNECT_MS_MAX,
		...(user !== undefined && { username: user }),
		...(password !== undefined && { password }),
	};
}

function firstConnection(client: MqttClient): Promise<void> {
	return new Promise((resolve, reject) => {
		client.once("connect", () => resolve());
		client.once("error", reject);
		client.once("close", () => reject(new Error("the broker closed the connection")));
	});
}
