// A fleet in the field: simulated boards with the whole firmware, brokers behind TLS, an operator,
// and a receiver that accounts for every reading. Scenarios act on it and read what happened.

import { BROKER_PORT, WORLD_AUTHORITY } from "../../hosts/simulator/board-configuration.js";
import type { SimulatedBoard, SimulatedBoardOptions } from "../../hosts/simulator/board.js";
import { brokerListener } from "../../hosts/simulator/broker-listener.js";
import type { Access, BrokerMessage } from "../../hosts/simulator/broker-options.js";
import type { ConnectPacket } from "../../hosts/simulator/broker-reader.js";
import { SimulatedBroker } from "../../hosts/simulator/broker.js";
import { Operator } from "../../hosts/simulator/operator.js";
import { Receiver } from "../../hosts/simulator/receiver.js";
import { CHAIN_BYTES, type SimulatedCertificate } from "../../hosts/simulator/tls-certificate.js";
import { TLSTickets, type TLSServerSettings } from "../../hosts/simulator/tls-server.js";
import { World } from "../../hosts/simulator/world.js";
import type { Configuration } from "../../src/credentials/configuration.js";
import { COMMAND_NAMES } from "../../src/command/command.js";
import type { DeviceEvent, ResetReason } from "../../src/ports.js";
import { nodeCrypto } from "./seeded-key-store.js";

export const SECOND = 1000;
export const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;
const YEAR_S = 31_536_000;
/** Fault-free, a board is stable after so long. */
const SETTLING_MS = 3 * MINUTE;

export interface FieldOptions {
	readonly seed?: number;
	readonly boards?: number;
	readonly brokers?: number;
	readonly board?: Partial<SimulatedBoardOptions>;
	/** Changes to every board's configuration. */
	readonly configuration?: Partial<Configuration>;
	/** What the brokers think of a client, by default whoever has the certificate for its id. */
	readonly access?: (client: string, packet: ConnectPacket, name?: string) => Access | number;
}

export interface TimedEvent extends DeviceEvent {
	readonly atMs: number;
	readonly board: string;
}

export class FieldBench {
	readonly world: World;
	readonly boards: readonly SimulatedBoard[];
	readonly brokers: readonly SimulatedBroker[];
	readonly tls: readonly TLSServerSettings[];
	readonly operator: Operator;
	readonly receiver: Receiver;
	/** What all boards reported, in order. */
	readonly reports: TimedEvent[] = [];
	readonly published: BrokerMessage[] = [];
	/** Why boards booted. */
	readonly boots: {
		readonly board: string;
		readonly reason: ResetReason;
		readonly atMs: number;
	}[] = [];
	/** Boards that say that they are online. */
	readonly #online = new Set<string>();
	#mark = 0;

	/** Boards without power. */
	constructor(options: FieldOptions = {}) {
		const { seed = 1, boards = 1, brokers = 1, board, configuration } = options;
		const world = new World({ seed, sha256: nodeCrypto.sha256 });
		this.world = world;
		const { crypto } = world;
		this.operator = new Operator({ crypto, unixSeconds: () => world.unixSeconds });
		this.tls = Array.from({ length: brokers }, (_, index) => ({
			certificate: this.certificate({ names: [hostOf(index)] }),
			acceptClient: (certificate: SimulatedCertificate | undefined) =>
				certificate?.authority === WORLD_AUTHORITY,
			tickets: new TLSTickets(),
		}));
		this.brokers = this.tls.map((settings, index) => this.#broker(settings, index, options.access));
		this.boards = Array.from({ length: boards }, (_, index) => {
			return world.addBoard({
				name: `sensor-${index + 1}`,
				sampleIntervalMs: 30_000,
				...board,
				configuration: {
					servers: this.tls.map((_, index) => ({ host: hostOf(index), port: BROKER_PORT })),
					operators: [{ publicKey: this.operator.publicKey, commands: COMMAND_NAMES }],
					...configuration,
				},
			});
		});
		this.receiver = new Receiver({
			devices: this.boards.map(({ name, publicKey }) => ({ device: name, publicKey })),
			crypto,
		});
		for (const each of this.boards) this.#watch(each);
	}

	/** Every board is on, and has a stable session. */
	static settled(options: FieldOptions = {}): FieldBench {
		const bench = new FieldBench(options);
		for (const board of bench.boards) board.powerOn();
		bench.run(SETTLING_MS);
		const stable = bench.named("connection-stable").length;
		if (stable < bench.boards.length) throw new Error(`only ${stable} boards are stable`);
		bench.mark();
		return bench;
	}

	get board(): SimulatedBoard {
		return this.boards[0] as SimulatedBoard;
	}

	get broker(): SimulatedBroker {
		return this.brokers[0] as SimulatedBroker;
	}

	get nowMs(): number {
		return this.world.clock.monotonicMs();
	}

	/** The first board and a broker agree that there is a session between them. */
	get isOnline(): boolean {
		const { name } = this.board;
		const isAccepted = this.brokers.some(({ online }) => online.includes(name));
		return isAccepted && this.#online.has(name);
	}

	run(ms: number): void {
		this.world.run(ms);
	}

	/** Milliseconds until `isDone`; an error where that takes longer than `withinMs`. */
	until(isDone: () => boolean, withinMs: number): number {
		const startMs = this.nowMs;
		while (!isDone()) {
			if (this.nowMs - startMs >= withinMs) {
				const last = this.reports.slice(-12).map((event) => JSON.stringify(event));
				throw new Error(`not within ${withinMs} ms; the last reports:\n${last.join("\n")}`);
			}
			this.run(100);
		}
		return this.nowMs - startMs;
	}

	/** From now on {@link named} and {@link since} look at what comes after this. */
	mark(): void {
		this.#mark = this.reports.length;
	}

	/** Reports since the mark. */
	get since(): readonly TimedEvent[] {
		return this.reports.slice(this.#mark);
	}

	named(name: string): readonly TimedEvent[] {
		return this.since.filter((event) => event.name === name);
	}

	/** Classes of the failures since the mark. */
	get failures(): readonly string[] {
		return this.named("connection-failed").map(({ failureClass }) => String(failureClass));
	}

	/** Attempts since the mark: each begins with the name. */
	get attempts(): readonly TimedEvent[] {
		return this.named("connection-state").filter(({ state }) => state === "resolving");
	}

	/** Sequences of the readings that `board` called durable, in all its boots. */
	accepted(board = this.board): readonly number[] {
		return this.reports
			.filter((event) => event.name === "reading-accepted" && event.board === board.name)
			.map(({ sequence }) => sequence as number);
	}

	/** A broker's certificate as it should be, with changes. */
	certificate(changes: Partial<SimulatedCertificate> = {}): SimulatedCertificate {
		const { startUnixSeconds } = this.world;
		return {
			authority: WORLD_AUTHORITY,
			names: [hostOf(0)],
			notBefore: startUnixSeconds - YEAR_S,
			notAfter: startUnixSeconds + YEAR_S,
			keyPin: new Uint8Array(32).fill(0xb0),
			chainBytes: CHAIN_BYTES,
			...changes,
		};
	}

	/** Broker `index` begins its TLS anew with these changes: it knows no session any more. */
	serve(changes: Partial<TLSServerSettings>, index = 0): void {
		Object.assign(this.tls[index] as object, { tickets: new TLSTickets(), ...changes });
	}

	/** Another configuration for the first board, which is off: on trial until it is proved. */
	reinstall(changes: Partial<Configuration>): void {
		this.board.install({ ...this.board.options.configuration, ...changes });
	}

	/** The operator's command, as it is, to the topic of the first board. */
	send(payload: Uint8Array, options: { QoS?: 0 | 1 | 2; retain?: boolean } = {}): void {
		this.broker.publish(this.operator.topicOf(this.board.name), payload, options);
	}

	/**
	 * Everything that must be so at the end of any scenario, after time for the outbox to empty: an
	 * empty list.
	 */
	problems(): readonly string[] {
		this.run(2 * MINUTE);
		return this.boards.flatMap((board) => {
			const { lost } = this.receiver.account(board.name, this.accepted(board));
			// What was accepted this moment is still on its way.
			const old = lost.filter((sequence) => sequence < (this.accepted(board).at(-3) ?? 0));
			const { refused } = this.receiver.of(board.name);
			return [
				...board.findings.map(({ message }) => `${board.name}: ${message}`),
				...old.map((sequence) => `${board.name}: ${sequence} is lost`),
				...refused.map((reason) => `${board.name}: refused as ${reason}`),
				...this.brokers.flatMap(({ findings }) =>
					findings.map(({ clause, detail }) => `${clause}: ${detail}`),
				),
			];
		});
	}

	#broker(
		settings: TLSServerSettings,
		index: number,
		access: FieldOptions["access"] = certified,
	): SimulatedBroker {
		const { world } = this;
		const address = `192.0.2.${index + 1}`;
		world.network.names.set(hostOf(index), address);
		const { network } = world;
		return new SimulatedBroker({
			clock: world.clock,
			random: world.random.fork(),
			listen: brokerListener({
				network,
				random: world.random.fork(),
				address,
				port: BROKER_PORT,
				settings,
			}),
			access,
			onPublish: (message) => {
				this.published.push(message);
				this.receiver.accept(message);
			},
		});
	}

	#watch(board: SimulatedBoard): void {
		board.onReport = (event) => {
			this.reports.push({ ...event, atMs: this.nowMs, board: board.name });
			if (event.name !== "connection-state") return;
			const isOnline = event["state"] === "online" || event["state"] === "stable";
			if (isOnline) this.#online.add(board.name);
			else this.#online.delete(board.name);
		};
		board.onBoot = (reason) => {
			this.#online.delete(board.name);
			this.boots.push({ board: board.name, reason, atMs: this.nowMs });
		};
	}
}

/** Everything below its own id. */
export function accessOf(client: string): Access {
	return { publish: [`holdfast/${client}/#`], subscribe: [`holdfast/${client}/command`] };
}

function certified(client: string, _packet: ConnectPacket, name?: string): Access | number {
	return client === name ? accessOf(client) : 5;
}

function hostOf(index: number): string {
	return index === 0 ? "broker.example" : `broker-${index + 1}.example`;
}
