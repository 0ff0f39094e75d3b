// A herd: many devices at one broker that goes away and comes back. Its server can do only so many
// handshakes a second, as real ones can. Counts what the devices' backoff makes of that.

import type { ByteSource, Entropy } from "../../../src/ports.js";
import type { SimulatedBoard } from "../board.js";
import type { BrokerConnection } from "../broker-client-host.js";
import { SimulatedBroker } from "../broker.js";
import type { ServerConnection } from "../connection.js";
import { serveTLS, TLSTickets, type TLSServerSettings } from "../tls-server.js";
import { World } from "../world.js";
import { soundTLS } from "./theatre.js";

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const PORT = 8883;
const ADDRESS = "192.0.2.1";
/** All have connected, and their sessions are stable. */
const SETTLED_MS = 15 * MINUTE;
/** What the broker's machine does of ECDSA handshakes, and how many wait for it. */
export interface HerdServer {
	readonly handshakesPerSecond: number;
	/** Connections beyond them are refused, as by a full backlog. */
	readonly waitingMax: number;
}

/** Turns away what it cannot serve at once: no handshake waits for longer than two seconds. */
export const QUICK_SERVER: HerdServer = Object.freeze({ handshakesPerSecond: 60, waitingMax: 128 });
/** Takes all, and lets them wait for longer than a device does. */
export const PATIENT_SERVER: HerdServer = Object.freeze({
	handshakesPerSecond: 15,
	waitingMax: 1000,
});

export interface HerdOptions {
	readonly seed: number;
	readonly devices: number;
	readonly server: HerdServer;
	/** Milliseconds for which the broker is away. */
	readonly awayMs: number;
	/** Without it every device waits the whole of each window. */
	readonly hasJitter: boolean;
	/** Milliseconds after the broker's return that are watched. */
	readonly watchedMs: number;
	readonly sha256: (bytes: ByteSource) => ArrayBuffer;
}

export interface HerdResult {
	/** From the broker's return, a second each. */
	readonly attempts: readonly number[];
	readonly online: readonly number[];
	readonly peakAttempts: number;
	/** Milliseconds until half of them are back, and all; `undefined` where it never came. */
	readonly halfBackMs: number | undefined;
	readonly allBackMs: number | undefined;
	/** Connections refused by a full backlog. */
	readonly refused: number;
	/** Handshakes that were begun, or waited for, and led to no session. */
	readonly wasted: number;
}

export function runHerd(options: HerdOptions): HerdResult {
	return new Herd(options).run();
}

class Herd {
	readonly #options: HerdOptions;
	readonly #world: World;
	readonly #boards: readonly SimulatedBoard[];
	readonly #broker: SimulatedBroker;
	readonly #settings: TLSServerSettings;
	readonly #online = new Set<string>();
	readonly #attempts: number[] = [];
	#isWatching = false;
	#returnedMs = 0;
	/** When the server is done with all handshakes that wait. */
	#busyUntilMs = 0;
	#waiting = 0;
	#refused = 0;
	#begun = 0;
	#sessions = 0;

	constructor(options: HerdOptions) {
		this.#options = options;
		const world = new World({ seed: options.seed, sha256: options.sha256 });
		this.#world = world;
		this.#settings = soundTLS(world, 0, new TLSTickets());
		this.#broker = new SimulatedBroker({
			clock: world.clock,
			random: world.random.fork(),
			listen: (onConnection) => this.#listen(onConnection),
			onClient: (client, what) => this.#clientChanged(client, what),
		});
		world.network.names.set("broker.example", ADDRESS);
		this.#boards = Array.from({ length: options.devices }, (_, index) => this.#addBoard(index));
	}

	run(): HerdResult {
		const { awayMs, watchedMs } = this.#options;
		const { clock } = this.#world;
		for (const board of this.#boards) board.powerOn();
		clock.runUntil(SETTLED_MS);
		this.#broker.crash("reset");
		clock.runUntil(SETTLED_MS + awayMs);
		this.#isWatching = true;
		this.#returnedMs = clock.monotonicMs();
		this.#broker.start();
		const online: number[] = [];
		let halfBackMs: number | undefined;
		let allBackMs: number | undefined;
		const end = this.#returnedMs + watchedMs;
		while (clock.monotonicMs() < end) {
			clock.runUntil(clock.monotonicMs() + SECOND);
			const afterMs = clock.monotonicMs() - this.#returnedMs;
			online.push(this.#online.size);
			if (this.#online.size * 2 >= this.#boards.length) halfBackMs ??= afterMs;
			if (this.#online.size === this.#boards.length) allBackMs ??= afterMs;
		}
		const attempts = Array.from({ length: online.length }, (_, at) => this.#attempts[at] ?? 0);
		return {
			attempts,
			online,
			peakAttempts: Math.max(...attempts),
			halfBackMs,
			allBackMs,
			refused: this.#refused,
			wasted: this.#begun - this.#sessions,
		};
	}

	#addBoard(index: number): SimulatedBoard {
		const board = this.#world.addBoard({
			name: `sensor-${index + 1}`,
			sampleIntervalMs: 5 * MINUTE,
			outboxBlocks: 4,
			logBlocks: 4,
			...(!this.#options.hasJitter && { entropy: WIDEST }),
		});
		board.path.latencyMs = 20 + (index % 40);
		board.onReport = (event) => {
			if (event.name === "connection-state" && event["state"] === "securing") this.#attempted();
		};
		return board;
	}

	#attempted(): void {
		if (!this.#isWatching) return;
		const second = Math.floor((this.#world.clock.monotonicMs() - this.#returnedMs) / SECOND);
		this.#attempts[second] = (this.#attempts[second] ?? 0) + 1;
	}

	#listen(onConnection: (connection: BrokerConnection) => void): { close(): void } {
		const { network, clock, random } = this.#world;
		const { handshakesPerSecond, waitingMax } = this.#options.server;
		const turns = random.fork();
		return network.listen(ADDRESS, PORT, (connection: ServerConnection) => {
			if (this.#waiting >= waitingMax) {
				if (this.#isWatching) this.#refused++;
				return connection.reset();
			}
			if (this.#isWatching) this.#begun++;
			this.#waiting++;
			const costMs = SECOND / handshakesPerSecond;
			this.#busyUntilMs = Math.max(this.#busyUntilMs, clock.monotonicMs()) + costMs;
			connection.stopReading();
			clock.schedule(() => {
				this.#waiting--;
				serveTLS(connection, this.#settings, turns, onConnection);
				connection.resumeReading();
			}, this.#busyUntilMs - clock.monotonicMs());
		});
	}

	#clientChanged(client: string, what: string): void {
		if (what !== "online") {
			this.#online.delete(client);
			return;
		}
		this.#online.add(client);
		if (this.#isWatching) this.#sessions++;
	}
}

/** Every fraction drawn from it is almost one. */
const WIDEST: Entropy = { fill: (bytes) => void bytes.fill(0xff) };
