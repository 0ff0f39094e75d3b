// The embedded broker: aedes behind mutual TLS, with the access policy that the devices carry too.
// One store of sessions survives its restarts. It verifies no envelope: that is the subscribers'
// work.

import { createServer } from "node:tls";
import type { SecureVersion, Server, TLSSocket } from "node:tls";
import type { AddressInfo } from "node:net";
import { Aedes } from "aedes";
import type { AedesOptions, AuthenticateError, Client, Connection } from "aedes";
import memoryPersistence from "aedes-persistence";

/** Who may do what, asked with the common name of the client's certificate. Default deny. */
export interface BrokerAccess {
	mayConnect(name: string, clientId: string): boolean;
	mayPublish(name: string, topic: string): boolean;
	maySubscribe(name: string, filter: string): boolean;
	mayReceive(name: string, topic: string): boolean;
}

export interface EmbeddedBrokerOptions {
	/** PEM: the authority of the fleet, the broker's certificate and its private key. */
	readonly authority: string | Buffer;
	readonly certificate: string | Buffer;
	readonly key: string | Buffer;
	/** PEM of revoked certificates, where the fleet has some. */
	readonly revoked?: string | Buffer;
	readonly access: BrokerAccess;
	/** 0 or absent: any free port of 127.0.0.1, kept across restarts. */
	readonly port?: number;
	readonly minVersion?: SecureVersion;
	readonly maxVersion?: SecureVersion;
	readonly onEvent?: (event: BrokerEvent) => void;
}

export type BrokerEvent =
	| { readonly name: "client-connected" | "client-gone"; readonly client: string }
	| { readonly name: "client-refused"; readonly client: string; readonly reason: string }
	| { readonly name: "publish-refused"; readonly client: string; readonly topic: string }
	| { readonly name: "subscribe-refused"; readonly client: string; readonly filter: string }
	| { readonly name: "handshake-failed"; readonly code: string };

/** CONNACK return codes that the embedded broker gives. */
const IDENTIFIER_REJECTED = 2;
const NOT_AUTHORIZED = 5;

export class EmbeddedBroker {
	readonly #options: EmbeddedBrokerOptions;
	readonly #persistence = memoryPersistence();
	#aedes: Aedes | undefined;
	#server: Server | undefined;
	readonly #sockets = new Set<TLSSocket>();
	/** The common name that each client proved. A will is published when its socket tells no more. */
	readonly #names = new WeakMap<Connection, string>();
	#port: number;

	private constructor(options: EmbeddedBrokerOptions) {
		this.#options = options;
		this.#port = options.port ?? 0;
	}

	static async start(options: EmbeddedBrokerOptions): Promise<EmbeddedBroker> {
		const broker = new EmbeddedBroker(options);
		await broker.start();
		return broker;
	}

	get port(): number {
		return this.#port;
	}

	get running(): boolean {
		return this.#server !== undefined;
	}

	async start(): Promise<void> {
		if (this.#server) return;
		const aedes = await Aedes.createBroker(this.#aedesOptions());
		const server = this.#createServer(aedes);
		await new Promise<void>((resolve, reject) => {
			server.once("error", reject);
			server.listen(this.#port, "127.0.0.1", resolve);
		});
		this.#port = (server.address() as AddressInfo).port;
		this.#aedes = aedes;
		this.#server = server;
	}

	/** Ends every connection. Sessions and their queues stay for the next `start`. */
	async stop(): Promise<void> {
		const server = this.#server;
		const aedes = this.#aedes;
		if (!server || !aedes) return;
		this.#server = undefined;
		this.#aedes = undefined;
		const closed = new Promise<void>((resolve) => server.close(() => resolve()));
		await new Promise<void>((resolve) => aedes.close(() => resolve()));
		for (const socket of this.#sockets) socket.destroy();
		await closed;
	}

	async restart(): Promise<void> {
		await this.stop();
		await this.start();
	}

	/** Publishes as the broker itself: what an attacker with the broker in hand could send. */
	inject(topic: string, payload: Uint8Array, QoS: 0 | 1 = 1): void {
		const aedes = this.#aedes;
		if (!aedes) return;
		const packet = { cmd: "publish", topic, qos: QoS, retain: false, dup: false } as const;
		aedes.publish({ ...packet, payload: Buffer.from(payload) }, () => undefined);
	}

	#createServer(aedes: Aedes): Server {
		const { authority, certificate, key, revoked, minVersion, maxVersion } = this.#options;
		const server = createServer(
			{
				ca: authority,
				cert: certificate,
				key,
				...(revoked === undefined ? {} : { crl: revoked }),
				requestCert: true,
				rejectUnauthorized: true,
				minVersion: minVersion ?? "TLSv1.2",
				...(maxVersion === undefined ? {} : { maxVersion }),
			},
			(socket) => {
				this.#sockets.add(socket);
				this.#names.set(socket, String(socket.getPeerCertificate().subject?.CN ?? ""));
				socket.once("close", () => this.#sockets.delete(socket));
				aedes.handle(socket);
			},
		);
		server.on("tlsClientError", (error: NodeJS.ErrnoException) =>
			this.#tell({ name: "handshake-failed", code: error.code ?? "unknown" }),
		);
		return server;
	}

	#aedesOptions(): AedesOptions {
		const { access } = this.#options;
		return {
			persistence: this.#persistence,
			// The default of 42 unwritten packets per client would close a slow subscriber.
			queueLimit: 10_000,
			authenticate: (client, _user, _password, done) => {
				const refusal = this.#refusalOf(client);
				if (!refusal) return done(null, true);
				this.#tell({ name: "client-refused", client: client.id, reason: refusal.message });
				done(refusal, false);
			},
			authorizePublish: (client, packet, done) => {
				if (!client || access.mayPublish(this.#nameOf(client), packet.topic)) return done(null);
				const { topic } = packet;
				this.#tell({ name: "publish-refused", client: client.id, topic });
				done(new Error("publish refused"));
			},
			authorizeSubscribe: (client, subscription, done) => {
				const { topic } = subscription;
				if (access.maySubscribe(this.#nameOf(client), topic)) return done(null, subscription);
				this.#tell({ name: "subscribe-refused", client: client.id, filter: topic });
				done(null, null);
			},
			authorizeForward: (client, packet) =>
				access.mayReceive(this.#nameOf(client), packet.topic) ? packet : null,
		};
	}

	/** Who holds the session `client.id`, or wants it, decides the policy. */
	#refusalOf(client: Client): AuthenticateError | undefined {
		const name = this.#nameOf(client);
		if (name === "") return refuse("no common name", NOT_AUTHORIZED);
		if (this.#options.access.mayConnect(name, client.id)) return undefined;
		return refuse("not this certificate's client id", IDENTIFIER_REJECTED);
	}

	#nameOf(client: Client): string {
		return this.#names.get(client.conn) ?? "";
	}

	#tell(event: BrokerEvent): void {
		this.#options.onEvent?.(event);
	}
}

function refuse(message: string, returnCode: number): AuthenticateError {
	return Object.assign(new Error(message), { returnCode });
}
