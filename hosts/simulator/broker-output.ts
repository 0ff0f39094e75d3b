// The bytes on their way to one client: at once or late, but in order; whole, in pieces, or several
// packets in one write, as the broker's faults want it.

import { joinBytes } from "../../src/bytes/arrays.js";
import type { BrokerClientHost, BrokerConnection } from "./broker-client-host.js";

export class BrokerOutput {
	readonly #connection: BrokerConnection;
	readonly #host: Pick<BrokerClientHost, "clock" | "faults">;
	/** Packets of this moment that leave together. */
	#joined: Uint8Array[] = [];
	/** When the last late packet leaves: the next one does not overtake it. */
	#lastAtMs = -1;
	#isStopped = false;

	constructor(connection: BrokerConnection, host: Pick<BrokerClientHost, "clock" | "faults">) {
		this.#connection = connection;
		this.#host = host;
	}

	send(packet: Uint8Array): void {
		if (this.#isStopped) return;
		const { clock, faults } = this.#host;
		if (!faults.isJoining && this.#joined.length === 0) return this.#write(packet);
		this.#joined.push(packet);
		if (this.#joined.length === 1) clock.schedule(() => this.#flush(), 0);
	}

	/** Sends what `make` makes after `delayMs`, behind all that is late already. */
	later(make: () => Uint8Array, delayMs: number): void {
		const { clock } = this.#host;
		const atMs = Math.max(this.#lastAtMs, clock.monotonicMs() + delayMs);
		if (atMs === clock.monotonicMs() && this.#lastAtMs < atMs) return this.send(make());
		this.#lastAtMs = atMs;
		clock.schedule(() => {
			if (!this.#isStopped) this.send(make());
		}, atMs - clock.monotonicMs());
	}

	/** What was not sent by now never is. */
	stop(): void {
		this.#flush();
		this.#isStopped = true;
	}

	#flush(): void {
		const packets = this.#joined;
		this.#joined = [];
		if (packets.length > 0 && !this.#isStopped) this.#write(joinBytes(packets));
	}

	#write(bytes: Uint8Array): void {
		const { chunkBytes } = this.#host.faults;
		if (chunkBytes === 0) return this.#connection.write(bytes);
		for (let at = 0; at < bytes.length; at += chunkBytes) {
			this.#connection.write(bytes.subarray(at, at + chunkBytes));
		}
	}
}
