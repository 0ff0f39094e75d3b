// The device's end of the serial line: frames in, one answer at a time out. A port without room is
// tried again from a timer, for its notice of room can be lost.

import { SERIAL_READ_BYTES, SERIAL_RETRIES_MAX, SERIAL_RETRY_MS } from "../limits.js";
import type { SerialConstructor, SerialPort, Timer, TimerHandle } from "../ports.js";
import { FrameReader, encodeFrame } from "./frame.js";

export interface SerialLineOptions {
	readonly serial: { readonly io: SerialConstructor };
	readonly timer: Timer;
	readonly onMessage: (message: Uint8Array) => void;
}

export class SerialLine {
	readonly #timer: Timer;
	readonly #port: SerialPort;
	readonly #reader: FrameReader;
	#waiting: Uint8Array | undefined;
	#attempts = 0;
	#retry: TimerHandle | undefined;
	#isClosed = false;

	constructor(options: SerialLineOptions) {
		this.#timer = options.timer;
		this.#reader = new FrameReader(options.onMessage);
		const { io: Serial, ...rest } = options.serial;
		this.#port = new Serial({
			...rest,
			onReadable: () => this.#readAll(),
			onWritable: () => this.#write(),
		});
	}

	/** Sends `message`, in place of one that still waits: the station has asked again since. */
	send(message: Uint8Array): void {
		if (this.#isClosed) return;
		this.#waiting = encodeFrame(message);
		this.#attempts = 0;
		this.#write();
	}

	close(): void {
		if (this.#isClosed) return;
		this.#isClosed = true;
		this.#stopRetrying();
		this.#port.close();
	}

	#readAll(): void {
		while (!this.#isClosed) {
			const bytes = this.#port.read(SERIAL_READ_BYTES);
			if (bytes === undefined || bytes.byteLength === 0) return;
			this.#reader.feed(new Uint8Array(bytes));
		}
	}

	#write(): void {
		if (this.#isClosed || this.#waiting === undefined) return;
		this.#stopRetrying();
		try {
			this.#port.write(this.#waiting);
			this.#waiting = undefined;
		} catch {
			// No room, or nobody there. Written later or dropped: the station asks again.
			if (++this.#attempts >= SERIAL_RETRIES_MAX) this.#waiting = undefined;
			else this.#retry = this.#timer.set(() => this.#write(), SERIAL_RETRY_MS);
		}
	}

	#stopRetrying(): void {
		if (this.#retry !== undefined) this.#timer.clear(this.#retry);
		this.#retry = undefined;
	}
}
