// The simulated broker with clients of a few lines: what each sends is given byte by byte, what it
// gets is read by the reference reader. Connections without a network, on virtual time.

import type { BrokerConnection } from "../../hosts/simulator/broker-client-host.js";
import { SimulatedBroker } from "../../hosts/simulator/broker.js";
import type {
	BrokerMessage,
	SimulatedBrokerOptions,
} from "../../hosts/simulator/broker-options.js";
import { VirtualClock } from "../../hosts/simulator/clock.js";
import { Random } from "../../hosts/simulator/random.js";
import { concatBytes } from "../../src/bytes/arrays.js";
import { connect, subscribe, type ClientConnect } from "./mqtt-client-bytes.js";
import { readFromServer, type ReferencePacket } from "./mqtt-reference-reader.js";

export class BenchClient implements BrokerConnection {
	readonly id: number;
	readonly from: string;
	readonly clientName: string | undefined;
	onData: ((bytes: Uint8Array) => void) | undefined;
	onClosed: ((how: "closed" | "reset") => void) | undefined;
	/** How the broker ended it. */
	ended: "closed" | "reset" | undefined;
	/** Each write of the broker's. */
	readonly writes: Uint8Array[] = [];
	#read = 0;

	constructor(id: number, clientName: string | undefined) {
		this.id = id;
		this.from = `bench-${id}`;
		this.clientName = clientName;
	}

	write(bytes: Uint8Array): void {
		this.writes.push(bytes.slice());
	}

	close(): void {
		this.ended ??= "closed";
	}

	reset(): void {
		this.ended ??= "reset";
	}

	send(...packets: readonly Uint8Array[]): this {
		for (const packet of packets) this.onData?.(packet);
		return this;
	}

	/** The client's side ends it. */
	leave(how: "closed" | "reset" = "reset"): void {
		this.onClosed?.(how);
	}

	/** Packets since the last call. */
	take(): readonly ReferencePacket[] {
		const bytes = concatBytes(...this.writes.slice(this.#read));
		this.#read = this.writes.length;
		const { packets, end } = readFromServer(bytes);
		if (end !== "between") throw new Error(`the broker's bytes end ${end}`);
		return packets;
	}

	/** The same, as their types. */
	takeTypes(): readonly string[] {
		return this.take().map(({ type }) => type);
	}
}

export class BrokerBench {
	readonly clock = new VirtualClock();
	readonly broker: SimulatedBroker;
	readonly published: BrokerMessage[] = [];
	readonly log: string[] = [];
	#connections = 0;

	constructor(options: Partial<SimulatedBrokerOptions> = {}) {
		this.broker = new SimulatedBroker({
			clock: this.clock,
			random: new Random(1),
			onPublish: (message) => void this.published.push(message),
			onClient: (client, what) => void this.log.push(`${client} ${what}`),
			...options,
		});
	}

	/** A connection on which nothing was sent. */
	open(clientName?: string): BenchClient {
		const client = new BenchClient(++this.#connections, clientName);
		this.broker.accept(client);
		return client;
	}

	/** A client that has its CONNACK, which is not among its packets any more. */
	join(options: ClientConnect = {}, clientName?: string): BenchClient {
		const client = this.open(clientName).send(connect(options));
		this.clock.advance(0);
		client.take();
		return client;
	}

	/** A client that listens to `filter`. */
	listener(filter: string, QoS: number, options: ClientConnect = {}): BenchClient {
		const client = this.join(options).send(subscribe(9, [filter, QoS]));
		this.clock.advance(0);
		client.take();
		return client;
	}

	/** Clauses of the findings so far. */
	get clauses(): readonly string[] {
		return this.broker.findings.map(({ clause }) => clause);
	}
}
