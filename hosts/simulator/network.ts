// The simulated internet: who listens where, what names mean, and the interfaces of the boards. The
// faults of a path are in network-interface.ts, those of a connection's life in connection.ts.

import type { VirtualClock } from "./clock.js";
import { Connection, type BoardEnd, type ServerConnection } from "./connection.js";
import type { Gate } from "./gate.js";
import { NetworkInterface } from "./network-interface.js";
import { GIVE_UP_MS } from "./pipe.js";
import type { Random } from "./random.js";

const SYN_RETRANSMIT_MS = 1000;

export type OnConnection = (connection: ServerConnection) => void;

export interface Listener {
	/** New connections are refused from now on; those that there are go on. */
	close(): void;
}

export interface VirtualNetworkOptions {
	readonly clock: VirtualClock;
	readonly random: Random;
}

export class VirtualNetwork {
	readonly clock: VirtualClock;
	/** Sees everything that boards send, before it is on its way: TCP payload, as it is. */
	tap: ((connection: ServerConnection, bytes: Uint8Array) => void) | undefined;
	/** The world's DNS: literal address by name. Resolvers may lie about it (resolver.ts). */
	readonly names = new Map<string, string>();
	readonly #random: Random;
	readonly #listeners = new Map<string, OnConnection>();
	/** Hosts that are there: they refuse a port on which nobody listens. Others stay silent. */
	readonly #hosts = new Set<string>();
	readonly #interfaces = new Map<string, NetworkInterface>();
	#connections = 0;

	constructor(options: VirtualNetworkOptions) {
		this.clock = options.clock;
		this.#random = options.random;
	}

	/** One listener per address and port. */
	listen(address: string, port: number, onConnection: OnConnection): Listener {
		const place = `${address} ${port}`;
		if (this.#listeners.has(place)) throw new Error(`${place}: in use`);
		this.#listeners.set(place, onConnection);
		this.#hosts.add(address);
		return {
			close: () => {
				if (this.#listeners.get(place) === onConnection) this.#listeners.delete(place);
			},
		};
	}

	/** Sees everything that boards send. Several observers are called in turn. */
	observe(onBytes: (connection: ServerConnection, bytes: Uint8Array) => void): void {
		const before = this.tap;
		this.tap = (connection, bytes) => {
			before?.(connection, bytes);
			onBytes(connection, bytes);
		};
	}

	/** The interface of one board, made at the first call. */
	interfaceFor(name: string): NetworkInterface {
		let found = this.#interfaces.get(name);
		if (!found) this.#interfaces.set(name, (found = new NetworkInterface(name, this)));
		return found;
	}

	/** For programs that no board ends. */
	readonly openGate: Gate = {
		run: (callback) => callback(),
		after: (delayMs, callback) => {
			const event = this.clock.schedule(callback, delayMs);
			return () => this.clock.cancel(event);
		},
		onEnd: () => () => undefined,
	};

	/**
	 * For tcp.ts alone: connects `end`. `onConnected` or `onFailed` follows, unless the answer, which
	 * gives up, was called.
	 */
	connect(request: ConnectRequest): () => void {
		const attempt = new ConnectAttempt(request, this);
		request.path.attempts++;
		attempt.send(request.path.latencyMs);
		return () => attempt.cancel();
	}

	/** For {@link ConnectAttempt} alone: what answers there. */
	answerOf(address: string, port: number): OnConnection | "refused" | "silence" {
		const listener = this.#listeners.get(`${address} ${port}`);
		return listener ?? (this.#hosts.has(address) ? "refused" : "silence");
	}

	/** For {@link ConnectAttempt} alone. */
	makeConnection(path: NetworkInterface, end: BoardEnd): Connection {
		return new Connection(++this.#connections, path, end, this.#random);
	}

	/** For {@link ConnectAttempt} alone. */
	isLost(path: NetworkInterface): boolean {
		return path.lossRate > 0 && this.#random.fraction() < path.lossRate;
	}

	/** For {@link ConnectAttempt} alone: what stands between us and the world. */
	readonly portal: OnConnection = (connection) => {
		const manner = this.#random.integer(0, 3);
		connection.onData = () => {
			connection.onData = undefined;
			if (manner === 0) return; // it stares
			if (manner !== 1) connection.write(latin1(PORTAL_ANSWER));
			if (manner === 3) connection.reset();
			else connection.close();
		};
	};
}

const PORTAL_ANSWER =
	"HTTP/1.1 302 Found\r\nLocation: http://portal.example/login\r\nContent-Length: 0\r\n\r\n";

interface ConnectRequest {
	readonly path: NetworkInterface;
	readonly address: string;
	readonly port: number;
	readonly end: BoardEnd;
	readonly onConnected: (connection: Connection) => void;
	readonly onFailed: () => void;
}

/** SYN, SYN-ACK: sent again where something is lost. */
class ConnectAttempt {
	readonly #request: ConnectRequest;
	readonly #network: VirtualNetwork;
	readonly #startMs: number;
	#connection: Connection | undefined;
	#retransmitMs = SYN_RETRANSMIT_MS;
	#isOver = false;

	constructor(request: ConnectRequest, network: VirtualNetwork) {
		this.#request = request;
		this.#network = network;
		this.#startMs = network.clock.monotonicMs();
	}

	cancel(): void {
		this.#isOver = true;
		this.#connection?.loseBoard();
	}

	send(delayMs: number): void {
		this.#network.clock.schedule(() => this.#arrive(), delayMs);
	}

	#arrive(): void {
		if (this.#isOver) return;
		const { path, address, port, end } = this.#request;
		const answer = path.isCaptive ? this.#network.portal : this.#network.answerOf(address, port);
		if (!path.isPassing || this.#network.isLost(path) || answer === "silence") return this.#again();
		if (path.refuse || answer === "refused") return this.#later(() => this.#fail());
		path.connects++;
		const connection = this.#network.makeConnection(path, end);
		this.#connection = connection;
		this.#later(() => this.#request.onConnected(connection)); // before anything that it says
		answer(connection);
	}

	#later(callback: () => void): void {
		this.#network.clock.schedule(() => {
			if (!this.#isOver) callback();
		}, this.#request.path.latencyMs);
	}

	#again(): void {
		if (this.#network.clock.monotonicMs() - this.#startMs > GIVE_UP_MS) return this.#fail();
		this.send(this.#retransmitMs);
		this.#retransmitMs *= 2;
	}

	#fail(): void {
		this.#isOver = true;
		this.#request.onFailed();
	}
}

function latin1(text: string): Uint8Array {
	return Uint8Array.from(text, (character) => character.charCodeAt(0));
}
