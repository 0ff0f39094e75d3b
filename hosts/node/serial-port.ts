// ECMA-419 serial port of the device: its wire is the IPC channel to the board, which owns the USB
// side. As on the chip nothing waits for a reader: bytes that find the receive buffer full are
// lost.
import { SERIAL_WRITE_BYTES } from "../../src/limits.js";
import type { ByteSource, SerialOptions, SerialPort } from "../../src/ports.js";
import { ByteQueue } from "./byte-queue.js";
import { checkCallback, checkOptions, copyBytes } from "./checks.js";

/**
 * Bytes of the receive buffer: more than a FIFO, because a pseudo-terminal delivers without pause.
 */
const SERIAL_RECEIVE_BYTES = 8192;

/** What carries the bytes. One port at a time. */
export interface SerialWire {
	send(bytes: Uint8Array): void;
	/** Called with received bytes and with counts of sent ones; `undefined` ends it. */
	listener: { onReceived(bytes: Uint8Array): void; onSent(byteLength: number): void } | undefined;
}

export class NodeSerialPort implements SerialPort {
	readonly #options: SerialOptions;
	readonly #wire: SerialWire;
	readonly #received = new ByteQueue();
	#room = SERIAL_WRITE_BYTES;
	#isClosed = false;

	constructor(options: SerialOptions & { wire: SerialWire }) {
		const { wire, onReadable, onWritable } = checkOptions(options);
		if (typeof wire !== "object" || wire === null) throw new TypeError("wire: not an object");
		checkCallback(onReadable, "onReadable");
		checkCallback(onWritable, "onWritable");
		if (wire.listener) throw new Error("serial port: in use");
		this.#options = { ...options };
		this.#wire = wire;
		wire.listener = {
			onReceived: (bytes) => this.#receive(bytes),
			onSent: (byteLength) => this.#sent(byteLength),
		};
		setImmediate(() => {
			if (!this.#isClosed) this.#options.onWritable?.(this.#room);
		});
	}

	read(byteLength?: number): ArrayBuffer | undefined {
		this.#checkOpen();
		return this.#received.read(byteLength);
	}

	write(bytes: ByteSource): void {
		this.#checkOpen();
		const copy = copyBytes(bytes);
		if (copy.length > this.#room) throw new RangeError("serial port: no room");
		this.#room -= copy.length;
		if (copy.length > 0) this.#wire.send(copy);
	}

	close(): void {
		if (this.#isClosed) return;
		this.#isClosed = true;
		this.#received.clear();
		this.#wire.listener = undefined;
	}

	#checkOpen(): void {
		if (this.#isClosed) throw new Error("serial port: closed");
	}

	#receive(bytes: Uint8Array): void {
		if (this.#isClosed) return;
		const room = SERIAL_RECEIVE_BYTES - this.#received.byteLength;
		if (room <= 0) return;
		this.#received.push(bytes.subarray(0, room));
		this.#options.onReadable?.(this.#received.byteLength);
	}

	#sent(byteLength: number): void {
		if (this.#isClosed) return;
		this.#room = Math.min(SERIAL_WRITE_BYTES, this.#room + byteLength);
		this.#options.onWritable?.(this.#room);
	}
}
