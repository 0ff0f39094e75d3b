// Another client with somebody's client id, which comes back whenever it is thrown out: the endless
// fight of two devices that were given one identity. It speaks to the broker without a network.

import { concatBytes } from "../../src/bytes/arrays.js";
import { encodeUTF8 } from "../../src/bytes/text.js";
import type { BrokerConnection } from "./broker-client-host.js";
import { uint16, writePacket } from "./broker-writer.js";
import type { SimulatedBroker } from "./broker.js";
import type { ScheduledEvent, VirtualClock } from "./clock.js";

export interface RivalOptions {
	readonly broker: SimulatedBroker;
	readonly clock: VirtualClock;
	/** The client id that it shares. */
	readonly id: string;
	/** Milliseconds from being thrown out to its next connection. */
	readonly returnMs: number;
}

const KEEP_ALIVE_S = 0xffff;

export class Rival {
	readonly #options: RivalOptions;
	#connection: RivalConnection | undefined;
	#return: ScheduledEvent | undefined;
	#connects = 0;

	/** It connects at once. */
	constructor(options: RivalOptions) {
		this.#options = options;
		this.#connect();
	}

	/** How often it has connected. */
	get connects(): number {
		return this.#connects;
	}

	/** It gives up for good. */
	stop(): void {
		if (this.#return !== undefined) this.#options.clock.cancel(this.#return);
		this.#return = undefined;
		const connection = this.#connection;
		this.#connection = undefined;
		connection?.onClosed?.("closed");
	}

	#connect(): void {
		const { broker, clock, id, returnMs } = this.#options;
		this.#connects++;
		const connection = new RivalConnection(id, () => {
			this.#connection = undefined;
			this.#return = clock.schedule(() => this.#connect(), returnMs);
		});
		this.#connection = connection;
		if (!broker.isUp) return connection.close();
		broker.accept(connection);
		connection.onData?.(connectPacket(id));
	}
}

class RivalConnection implements BrokerConnection {
	readonly id = 0;
	readonly from = "rival";
	/** It has a certificate for the same identity: a cloned device. */
	readonly clientName: string;
	onData: ((bytes: Uint8Array) => void) | undefined;
	onClosed: ((how: "closed" | "reset") => void) | undefined;
	readonly #onThrownOut: () => void;

	constructor(name: string, onThrownOut: () => void) {
		this.clientName = name;
		this.#onThrownOut = onThrownOut;
	}

	write(): void {}

	close(): void {
		this.#onThrownOut();
	}

	reset(): void {
		this.#onThrownOut();
	}
}

function connectPacket(id: string): Uint8Array {
	const name = encodeUTF8(id);
	const header = [0, 4, 0x4d, 0x51, 0x54, 0x54, 4, 0]; // "MQTT", level 4, a persistent session
	const keepAlive = uint16(KEEP_ALIVE_S);
	return writePacket(
		0x10,
		concatBytes(Uint8Array.from(header), keepAlive, uint16(name.length), name),
	);
}
