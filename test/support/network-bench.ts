// One simulated path, a server that echoes at its end, and a TCP client that notes what it is told.

import { VirtualClock } from "../../hosts/simulator/clock.js";
import type { Ending, ServerConnection } from "../../hosts/simulator/connection.js";
import { VirtualNetwork } from "../../hosts/simulator/network.js";
import { Random } from "../../hosts/simulator/random.js";
import type { Socket } from "../../src/ports.js";

export const ADDRESS = "192.0.2.1";
export const PORT = 8883;

export class NetworkBench {
	readonly clock = new VirtualClock();
	readonly network: VirtualNetwork;
	readonly path;
	/** The server's ends, in order of their connections. */
	readonly accepted: ServerConnection[] = [];
	/** All that the server received, and how its connections ended. */
	received = "";
	readonly endings: Ending[] = [];
	echoes = true;

	constructor(seed = 1) {
		this.network = new VirtualNetwork({ clock: this.clock, random: new Random(seed) });
		this.path = this.network.interfaceFor("board");
		this.listen();
	}

	listen(): { close(): void } {
		return this.network.listen(ADDRESS, PORT, (connection) => {
			this.accepted.push(connection);
			connection.onData = (bytes) => {
				this.received += textOf(bytes);
				if (this.echoes) connection.write(bytes);
			};
			connection.onClosed = (how) => {
				this.endings.push(how);
				connection.close();
			};
		});
	}

	get server(): ServerConnection {
		return this.accepted[this.accepted.length - 1] as ServerConnection;
	}

	connect(address = ADDRESS, port = PORT): NotingClient {
		return new NotingClient(this, address, port);
	}

	/** A client that is connected. */
	connected(): NotingClient {
		const client = this.connect();
		this.clock.advance(1000);
		if (client.connectedAtMs === undefined) throw new Error("not connected");
		return client;
	}
}

export class NotingClient {
	readonly socket: Socket;
	received = "";
	/** The lengths of what could be read at once. */
	readonly reads: number[] = [];
	/** When, in virtual milliseconds. */
	connectedAtMs: number | undefined;
	endedAtMs: number | undefined;
	room = 0;
	isReading = true;

	constructor(bench: NetworkBench, address: string, port: number) {
		this.socket = new bench.path.tcp({
			address,
			port,
			onReadable: () => this.isReading && this.read(),
			onWritable: (byteLength) => {
				this.room = byteLength;
				this.connectedAtMs ??= bench.clock.monotonicMs();
			},
			onError: () => void (this.endedAtMs = bench.clock.monotonicMs()),
		});
	}

	read(): void {
		const bytes = this.socket.read();
		if (!bytes) return;
		this.reads.push(bytes.byteLength);
		this.received += textOf(new Uint8Array(bytes));
	}

	send(text: string): void {
		this.room = this.socket.write(bytesOf(text));
	}
}

export function bytesOf(text: string): Uint8Array {
	return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

export function textOf(bytes: Uint8Array): string {
	let text = "";
	for (const byte of bytes) text += String.fromCharCode(byte);
	return text;
}
