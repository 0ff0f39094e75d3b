// An ECMA-419 TCP socket as a Node stream, so that node:tls can run over any TCP class. It passes
// bytes and backpressure, and holds the end of the transport back until everything before it was
// processed.
import { Duplex } from "node:stream";
import type { Socket, TCPConstructor, TCPOptions } from "../../src/ports.js";
import { TCP_BUFFER_BYTES } from "./tcp.js";

export class TransportStream extends Duplex {
	readonly #socket: Socket;
	readonly #onEnd: () => void;
	#room = 0;
	#readable = 0;
	#isWanted = false;
	#isOver = false;
	#waiting: { chunk: Buffer; callback: (error?: Error | null) => void } | undefined;

	/** `onEnd` is called once when the transport failed or was closed by the peer. */
	constructor(TCP: TCPConstructor, options: TCPOptions, onEnd: () => void) {
		super({ autoDestroy: false, emitClose: false });
		this.#onEnd = onEnd;
		const { address, port } = options;
		this.#socket = new TCP({
			...{ address, port, noDelay: options.noDelay ?? true },
			onReadable: (byteLength) => {
				this.#readable = byteLength;
				this.#offer();
			},
			onWritable: (byteLength) => {
				this.#room = byteLength;
				this.#continue();
			},
			onError: () => this.#fail(),
		});
	}

	/** The TCP connection once stood. */
	hasConnected = false;

	/** Ends the readable side, after what was received. */
	endTransport(): void {
		this.push(null);
	}

	closeTransport(): void {
		this.#isOver = true;
		this.#waiting = undefined;
		this.#socket.close();
	}

	override _read(): void {
		this.#isWanted = true;
		// Never from inside a call of the consumer: reading may lead to its callbacks.
		setImmediate(() => this.#offer());
	}

	override _write(
		chunk: Buffer,
		_encoding: string,
		callback: (error?: Error | null) => void,
	): void {
		this.#waiting = { chunk, callback };
		this.#continue();
	}

	override _final(callback: (error?: Error | null) => void): void {
		this.closeTransport();
		callback();
	}

	#offer(): void {
		if (this.#isOver || !this.#isWanted || this.#readable === 0) return;
		const bytes = this.#socket.read();
		this.#readable = 0;
		if (!bytes) return;
		this.#isWanted = this.push(Buffer.from(bytes));
	}

	/** Writes as much of the waiting chunk as the socket takes; the rest waits for `onWritable`. */
	#continue(): void {
		if (this.#room > 0) this.hasConnected = true;
		while (this.#waiting && this.#room > 0 && !this.#isOver) {
			const { chunk, callback } = this.#waiting;
			const part = chunk.subarray(0, Math.min(this.#room, TCP_BUFFER_BYTES));
			this.#room = this.#socket.write(new Uint8Array(part));
			this.#waiting = { chunk: chunk.subarray(part.length), callback };
			if (part.length < chunk.length) continue;
			this.#waiting = undefined;
			callback();
		}
	}

	#fail(): void {
		if (this.#isOver) return;
		this.#isOver = true;
		this.#onEnd();
	}
}
