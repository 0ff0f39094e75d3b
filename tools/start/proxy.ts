// A TCP proxy between a device and its broker, where the network goes wrong on request. It sees
// only what a wire would see, and keeps a copy when asked, so that a test can prove that no
// plaintext passed.

import { connect, createServer } from "node:net";
import type { AddressInfo, Server, Socket } from "node:net";

export interface ProxyOptions {
	readonly target: { readonly host: string; readonly port: number };
	/** 0 or absent: any free port of 127.0.0.1. */
	readonly port?: number;
	/** Keeps a copy of every byte in both directions. */
	readonly record?: boolean;
	readonly onEvent?: (event: ProxyEvent) => void;
}

export type ProxyEvent =
	{ readonly name: "opened" } | { readonly name: "cut"; readonly bytes: number };

export type ProxyState = "passing" | "cut" | "hanging";

/** Two sockets, one for each side, and the copy of what passed. */
interface Pair {
	readonly near: Socket;
	readonly far: Socket;
	bytes: number;
	/** Bytes after which this pair is cut; `undefined`: never. */
	limit: number | undefined;
	/** What the broker sent and is still to fall, byte by byte. */
	drops: Buffer;
	drip: NodeJS.Timeout | undefined;
}

/** Attempts to listen again on a port that something else may hold for a moment. */
const LISTEN_ATTEMPTS = 50;
const LISTEN_RETRY_MS = 20;

export class ChaosProxy {
	readonly #options: ProxyOptions;
	readonly #pairs = new Set<Pair>();
	readonly #recorded: { up: Buffer[]; down: Buffer[] } = { up: [], down: [] };
	#server: Server | undefined;
	#target: { readonly host: string; readonly port: number };
	#port: number;
	#state: ProxyState = "passing";
	#delayMs = 0;
	#byteMs = 0;
	#connections = 0;
	#cutAfter: number | undefined;
	#randomCut: (() => number) | undefined;

	private constructor(options: ProxyOptions) {
		this.#options = options;
		this.#target = options.target;
		this.#port = options.port ?? 0;
	}

	static async start(options: ProxyOptions): Promise<ChaosProxy> {
		const proxy = new ChaosProxy(options);
		await proxy.#listen();
		return proxy;
	}

	get port(): number {
		return this.#port;
	}

	get state(): ProxyState {
		return this.#state;
	}

	/** Connections ever opened through this proxy. */
	get connections(): number {
		return this.#connections;
	}

	/** Bytes seen from the device (`up`) and from the broker (`down`); empty without `record`. */
	recorded(direction: "up" | "down"): Buffer {
		return Buffer.concat(this.#recorded[direction]);
	}

	/** Resets every connection and refuses new ones until `restore`. */
	async cut(): Promise<void> {
		this.#state = "cut";
		this.reset();
		await this.#unlisten();
	}

	/** A black hole: connections stay open, and accept, and nothing passes any more. */
	hang(): void {
		this.#state = "hanging";
		for (const pair of this.#pairs) {
			pair.near.pause();
			pair.far.pause();
		}
	}

	/** The network is whole again. Connections that hung carry on. */
	async restore(): Promise<void> {
		this.#state = "passing";
		for (const pair of this.#pairs) {
			pair.near.resume();
			pair.far.resume();
		}
		if (!this.#server) await this.#listen();
	}

	/** Resets the connections of this moment; new ones are welcome. */
	reset(): void {
		for (const pair of [...this.#pairs]) this.#cutPair(pair);
	}

	/** Cuts the present connection (without one: the next) once `bytes` more have passed, once. */
	cutAfter(bytes: number): void {
		const pair = [...this.#pairs].at(-1);
		if (pair) pair.limit = pair.bytes + bytes;
		else this.#cutAfter = bytes;
	}

	/**
	 * From now on each new connection is cut after as many bytes as `nextBytes` says: give it a
	 * seeded generator, and the run can be replayed. `undefined` ends it.
	 */
	cutAtRandom(nextBytes: (() => number) | undefined): void {
		this.#randomCut = nextBytes;
		if (!nextBytes) for (const pair of this.#pairs) pair.limit = undefined;
	}

	/** Holds back what passes for `delayMs` in each direction. */
	delay(delayMs: number): void {
		this.#delayMs = delayMs;
	}

	/** From now on the broker's bytes arrive one by one, each `byteMs` after the other; 0 ends it. */
	trickle(byteMs: number): void {
		this.#byteMs = byteMs;
	}

	/** Where connections lead from now on. */
	retarget(target: { readonly host: string; readonly port: number }): void {
		this.#target = target;
	}

	async close(): Promise<void> {
		this.reset();
		await this.#unlisten();
	}

	async #listen(): Promise<void> {
		for (let attempt = 1; ; attempt++) {
			try {
				this.#server = await listen(this.#port, (socket) => this.#accept(socket));
				break;
			} catch (error) {
				if (attempt === LISTEN_ATTEMPTS) throw error;
				await new Promise((resolve) => setTimeout(resolve, LISTEN_RETRY_MS));
			}
		}
		this.#port = (this.#server.address() as AddressInfo).port;
	}

	async #unlisten(): Promise<void> {
		const server = this.#server;
		this.#server = undefined;
		if (server) await new Promise<void>((resolve) => server.close(() => resolve()));
	}

	#accept(near: Socket): void {
		this.#connections++;
		const far = connect({ ...this.#target, noDelay: true });
		near.setNoDelay(true);
		const limit = this.#cutAfter ?? this.#randomCut?.();
		const pair: Pair = { near, far, bytes: 0, limit, drops: Buffer.alloc(0), drip: undefined };
		this.#cutAfter = undefined;
		this.#pairs.add(pair);
		this.#forward(pair, near, far, "up");
		this.#forward(pair, far, near, "down");
		if (this.#state === "hanging") {
			near.pause();
			far.pause();
		}
		this.#options.onEvent?.({ name: "opened" });
	}

	#forward(pair: Pair, from: Socket, to: Socket, direction: "up" | "down"): void {
		from.on("data", (bytes: Buffer) => this.#pass(pair, to, bytes, direction));
		from.on("end", () => this.#later(() => to.end()));
		from.on("error", () => this.#drop(pair));
		from.on("close", () => this.#later(() => to.end()));
		to.on("close", () => {
			this.#pairs.delete(pair);
			clearTimeout(pair.drip);
		});
	}

	#pass(pair: Pair, to: Socket, bytes: Buffer, direction: "up" | "down"): void {
		const room = pair.limit === undefined ? bytes.length : pair.limit - pair.bytes;
		const passed = bytes.subarray(0, Math.max(0, room));
		pair.bytes += passed.length;
		if (this.#options.record) this.#recorded[direction].push(passed);
		const isDripping = pair.drops.length > 0 || this.#byteMs > 0;
		if (direction === "down" && isDripping) return this.#drip(pair, passed);
		if (passed.length === bytes.length) return this.#later(() => to.write(passed));
		// What was passed before the cut arrives, as on a real network; then comes the reset.
		pair.near.pause();
		pair.far.pause();
		this.#later(() => to.write(passed, () => this.#cutPair(pair)));
	}

	#drip(pair: Pair, bytes: Buffer): void {
		pair.drops = Buffer.concat([pair.drops, bytes]);
		const fall = () => {
			const count = this.#byteMs > 0 ? 1 : pair.drops.length;
			pair.near.write(pair.drops.subarray(0, count));
			pair.drops = pair.drops.subarray(count);
			pair.drip = pair.drops.length > 0 ? setTimeout(fall, this.#byteMs) : undefined;
		};
		pair.drip ??= setTimeout(fall, this.#byteMs);
	}

	#later(action: () => unknown): void {
		if (this.#delayMs === 0) action();
		else setTimeout(action, this.#delayMs);
	}

	#cutPair(pair: Pair): void {
		this.#drop(pair);
		this.#options.onEvent?.({ name: "cut", bytes: pair.bytes });
	}

	#drop(pair: Pair): void {
		this.#pairs.delete(pair);
		clearTimeout(pair.drip);
		pair.near.resetAndDestroy();
		pair.far.resetAndDestroy();
	}
}

function listen(port: number, accept: (socket: Socket) => void): Promise<Server> {
	return new Promise((resolve, reject) => {
		const server = createServer(accept);
		server.once("error", reject);
		server.listen(port, "127.0.0.1", () => resolve(server));
	});
}
