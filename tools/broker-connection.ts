// A connection of ours to a broker: mutual TLS, always verified. Knows no topic and no message.
import type { IClientOptions, MqttClient } from "mqtt";
import { printable, quote, UsageError } from "./command-line.js";
import type { TLSIdentity } from "./pki/fleet.js";

export interface BrokerConnectionOptions {
	/** mqtts://HOST[:PORT] */
	readonly url: string;
	/** PEM of the authorities by which the broker is judged. */
	readonly authority: string;
	readonly identity: TLSIdentity;
	readonly clientId: string;
	/** For brokers that want a name and a password on top of the certificate. */
	readonly login?: { readonly user: string; readonly password: string };
	/** Keep the session (subscriptions and what was queued for them) when the connection ends. */
	readonly persistent?: boolean;
	/** Milliseconds for TCP, TLS and CONNACK together. */
	readonly timeoutMs?: number;
	/** Milliseconds between attempts once a connection was lost; 0: none. */
	readonly reconnectMs?: number;
	/** Each message; the broker hears of its acknowledgement when this has returned. */
	readonly onMessage?: (topic: string, payload: Uint8Array, isRetained: boolean) => void;
}

const CONNECT_MS = 15_000;
const DEFAULT_PORT = 8883;

/**
 * Host and port of a broker's address. Anything but mqtts is a mistake: nothing of ours goes in
 * plaintext.
 */
export function parseBroker(text: string): { host: string; port: number } {
	const match = /^mqtts:\/\/([^/?#@\s]+?)(?::([0-9]{1,5}))?\/?$/.exec(text);
	const port = match?.[2] === undefined ? DEFAULT_PORT : Number(match[2]);
	if (!match || port < 1 || port > 65_535) {
		throw new UsageError(`broker: mqtts://HOST[:PORT], not ${quote(text)}`);
	}
	return { host: (match[1] as string).replace(/^\[|\]$/g, ""), port };
}

/** Connects, or throws one line that says why not. */
export async function connectBroker(options: BrokerConnectionOptions): Promise<MqttClient> {
	const { host, port } = parseBroker(options.url);
	const { default: mqtt } = await import("mqtt");
	const settings: IClientOptions & { minVersion: "TLSv1.2" } = {
		protocol: "mqtts",
		host,
		port,
		ca: options.authority,
		cert: options.identity.certificate,
		key: options.identity.key,
		rejectUnauthorized: true,
		minVersion: "TLSv1.2",
		protocolVersion: 4,
		clientId: options.clientId,
		...(options.login && {
			username: options.login.user,
			password: options.login.password,
		}),
		clean: !options.persistent,
		reconnectPeriod: options.reconnectMs ?? 0,
		connectTimeout: options.timeoutMs ?? CONNECT_MS,
		resubscribe: !options.persistent,
	};
	const client = mqtt.connect(settings);
	// Set before the connection exists: a kept session may deliver with the first bytes.
	client.handleMessage = ({ topic, payload, retain }, done) => {
		const bytes = typeof payload === "string" ? Buffer.from(payload) : payload;
		options.onMessage?.(topic, new Uint8Array(bytes), retain);
		done();
	};
	try {
		await firstConnection(client, options.timeoutMs ?? CONNECT_MS);
	} catch (error) {
		client.on("error", () => undefined); // the first cause was told
		client.end(true);
		const why = printable((error as Error).message);
		throw new Error(`broker ${host}:${port}: ${why}`, { cause: error });
	}
	return client;
}

function firstConnection(client: MqttClient, timeoutMs: number): Promise<void> {
	return new Promise((resolve, reject) => {
		const timer = setTimeout(() => reject(new Error("no answer in time")), timeoutMs);
		const settle = (error?: Error) => {
			clearTimeout(timer);
			if (error) reject(error);
			else resolve();
		};
		client.once("connect", () => settle());
		client.once("error", (error) => settle(new Error(causeOf(error))));
		client.once("close", () =>
			settle(new Error("closed the connection: it may not accept the certificate")),
		);
	});
}

/** What went wrong, where the library's message is empty or speaks of several addresses. */
function causeOf(error: Error & { code?: unknown; errors?: readonly Error[] }): string {
	const message = error.message || error.errors?.[0]?.message || String(error.code ?? error.name);
	return message.split("\n", 1)[0] as string;
}
