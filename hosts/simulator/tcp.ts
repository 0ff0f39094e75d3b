// The TCP port over the simulated network, with the conduct of lwIP under the SDK: `write` takes
// all or throws, and a peer that closes looks like one that resets.

import type { ByteSource, Socket, TCPConstructor, TCPOptions } from "../../src/ports.js";
import { ByteQueue, copyOf } from "./byte-queue.js";
import type { BoardEnd, Connection } from "./connection.js";
import type { Gate } from "./gate.js";
import type { NetworkInterface } from "./network-interface.js";

/** Bytes of the send buffer, and of the receive buffer: TCP_SND_BUF and TCP_WND of the firmware. */
export const TCP_BUFFER_BYTES = 8192;

type State = "connecting" | "open" | "ended" | "failed" | "closed";

/** The TCP port of one boot: its sockets go silent when `gate` lets nothing through any more. */
export function tcpConstructor(path: NetworkInterface, gate: Gate): TCPConstructor {
	return class extends VirtualTCP {
		constructor(options: TCPOptions) {
			super(options, path, gate);
		}
	};
}

class VirtualTCP implements Socket, BoardEnd {
	readonly #options: TCPOptions;
	readonly #gate: Gate;
	readonly #received = new ByteQueue();
	readonly #giveUp: () => void;
	readonly #forget: () => void;
	#connection: Connection | undefined;
	#unsentBytes = 0;
	#hasNews = false;
	#state: State = "connecting";

	constructor(options: TCPOptions, path: NetworkInterface, gate: Gate) {
		const { address, port } = options;
		if (!isLiteral(address)) throw new TypeError("address: not a literal IP address");
		if (!(Number.isInteger(port) && port > 0 && port < 65_536)) {
			throw new RangeError("port: not in 1..65535");
		}
		this.#options = options;
		this.#gate = gate;
		this.#giveUp = path.network.connect({
			path,
			address,
			port,
			end: this,
			onConnected: (connection) => this.#connected(connection),
			onFailed: () => this.ended(),
		});
		this.#forget = gate.onEnd(() => this.#vanish());
	}

	read(byteLength?: number): ArrayBuffer | undefined {
		this.#checkOpen();
		if (this.#received.byteLength === 0) return undefined;
		const buffer = this.#received.takeBuffer(byteLength);
		if (this.#state === "ended") this.#scheduleError();
		else this.#connection?.hasRead();
		return buffer;
	}

	write(bytes: ByteSource): number {
		this.#checkOpen();
		const copy = copyOf(bytes);
		if (this.#state === "connecting") throw new Error("TCP: not connected");
		if (copy.length > this.#room) throw new RangeError("TCP: no room");
		if (this.#state === "ended" || copy.length === 0) return this.#room;
		this.#unsentBytes += copy.length;
		this.#connection?.send(copy);
		return this.#room;
	}

	close(): void {
		if (this.#state === "closed") return;
		if (this.#state === "connecting") this.#giveUp();
		this.#state = "closed";
		this.#received.clear();
		this.#connection?.closeBoard();
		this.#forget();
	}

	// ------------------------------------------------------------ what the connection tells

	get room(): number {
		return TCP_BUFFER_BYTES - this.#received.byteLength;
	}

	receive(bytes: Uint8Array): void {
		this.#received.push(bytes);
		this.#hasNews = true;
	}

	acknowledged(byteLength: number): void {
		this.#unsentBytes -= byteLength;
		if (this.#state === "open") this.#tellWritable();
	}

	settle(): void {
		if (!this.#hasNews || this.#state === "connecting") return;
		this.#hasNews = false;
		this.#gate.run(() => this.#options.onReadable?.(this.#received.byteLength));
	}

	finished(): void {
		this.ended();
	}

	ended(): void {
		if (this.#state !== "connecting" && this.#state !== "open") return;
		this.#state = "ended";
		this.#connection = undefined;
		this.#scheduleError();
	}

	#connected(connection: Connection): void {
		if (this.#state !== "connecting") return;
		this.#connection = connection;
		this.#state = "open";
		this.#tellWritable();
		this.settle();
	}

	#tellWritable(): void {
		this.#gate.run(() => this.#options.onWritable?.(this.#room));
	}

	get #room(): number {
		return TCP_BUFFER_BYTES - this.#unsentBytes;
	}

	#checkOpen(): void {
		if (this.#state === "closed") throw new Error("TCP: closed");
		if (this.#state === "failed") throw new Error("TCP: failed");
	}

	/** Neither a refused connection nor a reset has a detail, as on the chip. */
	#scheduleError(): void {
		this.#gate.after(0, () => {
			if (this.#state !== "ended" || this.#received.byteLength > 0) return;
			this.#state = "failed";
			this.#options.onError?.();
		});
	}

	/** The board lost its power: nobody is told anything. */
	#vanish(): void {
		if (this.#state === "connecting") this.#giveUp();
		this.#state = "closed";
		this.#connection?.loseBoard();
		this.#connection = undefined;
	}
}

/** IPv4 or, by its colons, IPv6. */
export function isLiteral(address: string): boolean {
	if (address.includes(":")) return true;
	const parts = address.split(".");
	return parts.length === 4 && parts.every(isByte);
}

function isByte(text: string): boolean {
	return String(Number(text)) === text && Number(text) >= 0 && Number(text) <= 255;
}
