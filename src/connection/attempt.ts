// One attempt and the session that comes of it: name → address → session. It has no deadline of its
// own: the supervisor watches it. Whatever comes after its end is dropped.

import { assert } from "../assert.js";
import type { Resolver, ResolverConstructor } from "../ports.js";
import type { Reached } from "./recovery.js";
import type { Server } from "./server-list.js";

export interface SessionRequest {
	readonly host: string;
	readonly port: number;
	/** A literal address of `host`. */
	readonly address: string;
	/**
	 * Monotonic milliseconds by which CONNACK must be there; the supervisor closes the session then.
	 */
	readonly deadlineMs: number;
}

export interface SessionEvents {
	/** TLS is up and the peer verified. */
	onSecured(): void;
	/** CONNACK accepted the session. */
	onConnected(): void;
	/**
	 * The session has ended by itself, once; `code` is the MQTT client's close reason. Where that is
	 * "closed-by-peer", `detail` is how the transport ended: with a goodbye, or without.
	 */
	onClosed(code: string, detail?: string): void;
}

export interface SessionHandle {
	/** Ends the session, with a DISCONNECT where one can be sent. No event follows. */
	close(): void;
}

export type OpenSession = (request: SessionRequest, events: SessionEvents) => SessionHandle;

export interface ResolverOptions {
	readonly io: ResolverConstructor;
	readonly [option: string]: unknown;
}

export interface AttemptOptions {
	readonly server: Server;
	readonly resolver: ResolverOptions;
	readonly deadlineMs: number;
	readonly openSession: OpenSession;
	readonly onStage: (stage: "securing" | "joining" | "online") => void;
	/** The attempt failed, or its session ended. Once, and not after {@link Attempt.close}. */
	readonly onEnded: (code: string, detail?: string) => void;
}

export class Attempt {
	readonly #options: AttemptOptions;
	#resolver: Resolver | undefined;
	#session: SessionHandle | undefined;
	#reached: Reached = "nothing";
	#isEnded = false;

	constructor(options: AttemptOptions) {
		this.#options = options;
	}

	get server(): Server {
		return this.#options.server;
	}

	/** How far it has come, or had come when it ended. */
	get reached(): Reached {
		return this.#reached;
	}

	start(): void {
		assert(!this.#resolver && !this.#session && !this.#isEnded, "an attempt starts once");
		const { io, ...options } = this.#options.resolver;
		const resolver = new io(options);
		this.#resolver = resolver;
		resolver.resolve({
			host: this.#options.server.host,
			onResolved: (_host, address) => {
				if (this.#resolver === resolver) this.#resolved(address);
			},
			onError: () => {
				if (this.#resolver === resolver) this.#end("dns");
			},
		});
	}

	/** Gives it up. Nothing is called back afterwards. Closing twice does nothing. */
	close(): void {
		this.#isEnded = true;
		this.#closeResolver();
		this.#session?.close();
		this.#session = undefined;
	}

	#resolved(address: string): void {
		const { server, deadlineMs, openSession, onStage } = this.#options;
		this.#closeResolver();
		onStage("securing");
		if (this.#isEnded) return;
		let hasClosed = false;
		const session = openSession(
			{ host: server.host, port: server.port, address, deadlineMs },
			{
				onSecured: () => this.#advance("secured"),
				onConnected: () => this.#advance("online"),
				onClosed: (code, detail) => {
					hasClosed = true;
					this.#session = undefined;
					this.#end(code, detail);
				},
			},
		);
		if (hasClosed) return;
		if (this.#isEnded) session.close();
		else this.#session = session;
	}

	#advance(reached: "secured" | "online"): void {
		if (this.#isEnded) return;
		this.#reached = reached;
		this.#options.onStage(reached === "secured" ? "joining" : "online");
	}

	#end(code: string, detail?: string): void {
		if (this.#isEnded) return;
		this.close();
		this.#options.onEnded(code, detail);
	}

	#closeResolver(): void {
		const resolver = this.#resolver;
		this.#resolver = undefined;
		resolver?.close();
	}
}
