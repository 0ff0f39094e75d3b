// A simulated world with one broker and one board in it, and a note of all that was reported and
// delivered.

import { BROKER_HOST, BROKER_PORT } from "../../hosts/simulator/board-configuration.js";
import { WORLD_AUTHORITY } from "../../hosts/simulator/board-configuration.js";
import type { SimulatedBoard, SimulatedBoardOptions } from "../../hosts/simulator/board.js";
import { brokerListener } from "../../hosts/simulator/broker-listener.js";
import { SimulatedBroker } from "../../hosts/simulator/broker.js";
import { type TLSServerSettings, TLSTickets } from "../../hosts/simulator/tls-server.js";
import { World } from "../../hosts/simulator/world.js";
import { CONTENT_READING } from "../../src/envelope/content-types.js";
import { open } from "../../src/envelope/open.js";
import type { DeviceEvent, SocketErrorCode } from "../../src/ports.js";
import { toyHash } from "./toy-hash.js";

export const BROKER_ADDRESS = "192.0.2.1";
const YEAR_S = 31_536_000;

/** Connects and becomes stable in this time, when nothing is wrong. */
export const SETTLING_MS = 120_000;

export class WorldBench {
	readonly world: World;
	readonly board: SimulatedBoard;
	readonly broker: SimulatedBroker;
	readonly tls: TLSServerSettings;
	readonly reports: DeviceEvent[] = [];
	/** Sequences of readings that verified, as they came. */
	readonly delivered: number[] = [];

	constructor(
		options: Partial<SimulatedBoardOptions> & { seed?: number; hash?: typeof toyHash } = {},
	) {
		const { seed = 1, hash = toyHash, ...boardOptions } = options;
		const world = new World({ seed, sha256: hash });
		this.world = world;
		world.network.names.set(BROKER_HOST, BROKER_ADDRESS);
		this.tls = {
			certificate: {
				authority: WORLD_AUTHORITY,
				names: [BROKER_HOST],
				notBefore: world.startUnixSeconds - YEAR_S,
				notAfter: world.startUnixSeconds + YEAR_S,
				keyPin: new Uint8Array(32).fill(1),
				chainBytes: 1100,
			},
			verifyClient: ({ publicKey, message, signature }) =>
				world.crypto.p256Verify(publicKey, message, signature),
			tickets: new TLSTickets(),
		};
		this.broker = new SimulatedBroker({
			clock: world.clock,
			random: world.random.fork(),
			listen: brokerListener({
				network: world.network,
				random: world.random.fork(),
				address: BROKER_ADDRESS,
				port: BROKER_PORT,
				settings: this.tls,
			}),
			onPublish: ({ topic, payload, isWill }) => {
				if (!isWill) this.#take(topic, payload);
			},
		});
		this.board = world.addBoard({ name: "sensor-1", sampleIntervalMs: 10_000, ...boardOptions });
		this.board.onReport = (event) => void this.reports.push(event);
	}

	/** The board has been on for {@link SETTLING_MS}. */
	static settled(options: ConstructorParameters<typeof WorldBench>[0] = {}): WorldBench {
		const bench = new WorldBench(options);
		bench.board.powerOn();
		bench.world.run(SETTLING_MS);
		if (!bench.isOnline) throw new Error("not online");
		return bench;
	}

	get isOnline(): boolean {
		return this.broker.online.includes(this.board.name);
	}

	reported(name: string): readonly DeviceEvent[] {
		return this.reports.filter((event) => event.name === name);
	}

	/** Why connections failed, in order. */
	get failures(): readonly SocketErrorCode[] {
		return this.reported("connection-failed").map(
			({ failureClass }) => failureClass as SocketErrorCode,
		);
	}

	/** Accepted readings of all boots that were not delivered so far. */
	get missing(): readonly number[] {
		const accepted = this.reported("reading-accepted").map(({ sequence }) => sequence as number);
		return accepted.filter((sequence) => !this.delivered.includes(sequence));
	}

	#take(topic: string, payload: Uint8Array): void {
		const { publicKey, crypto } = this.board;
		const opened = open(payload, topic, () => publicKey, crypto);
		if (opened.kind === "rejected") throw new Error(`published: ${opened.reason}`);
		const { contentType, sequence } = opened.envelope;
		if (contentType === CONTENT_READING) this.delivered.push(sequence);
	}
}
