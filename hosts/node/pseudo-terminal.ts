// The USB side of the board: a pseudo-terminal whose path any serial program can open, closed and
// opened again, for as long as the board has power.
import { execFile } from "node:child_process";
import { closeSync, constants, openSync, writeSync } from "node:fs";
import type { Socket } from "node:net";
import { promisify } from "node:util";
import * as pty from "@lydell/node-pty";

/** Milliseconds between attempts to write to a terminal that nobody reads. */
const RETRY_MS = 5;

/** Bytes that wait for a reader; more are lost, as on a wire that nobody listens to. */
const UNREAD_BYTES_MAX = 8192;

/**
 * What the library gives for a terminal without a process. Its own `destroy` and `kill` must never
 * be called: there is no process, its id is −1, and a signal to −1 goes to every process of the
 * user.
 */
interface OpenTerminal {
	readonly _master: Socket;
	readonly _slave: Socket;
	readonly _pty: string;
	/** The master's descriptor, not blocking. */
	readonly _fd: number;
}

export class PseudoTerminal {
	readonly path: string;
	readonly #master: Socket;
	readonly #keepAlive: number;
	readonly #descriptor: number;
	#unread: Buffer = Buffer.alloc(0);
	#retry: NodeJS.Timeout | undefined;
	#isClosed = false;

	private constructor(terminal: OpenTerminal) {
		this.path = terminal._pty;
		this.#master = terminal._master;
		this.#descriptor = terminal._fd;
		// While a slave is open the master does not see an end when the last reader goes.
		this.#keepAlive = openSync(this.path, constants.O_RDWR | constants.O_NOCTTY);
		// The library's own reader would take what others should read.
		terminal._slave.destroy();
	}

	static async open(options: { onData: (bytes: Uint8Array) => void }): Promise<PseudoTerminal> {
		const opener = pty as unknown as { open(options: { encoding: null }): OpenTerminal };
		const terminal = new PseudoTerminal(opener.open({ encoding: null }));
		try {
			const flag = process.platform === "linux" ? "-F" : "-f";
			await promisify(execFile)("stty", [flag, terminal.path, "raw", "-echo"]);
		} catch (error) {
			terminal.close();
			throw error;
		}
		terminal.#master.on("data", (bytes: Buffer) => {
			if (!terminal.#isClosed) options.onData(bytes);
		});
		return terminal;
	}

	/** Sends to whoever has the path open, now or soon. */
	write(bytes: Uint8Array): void {
		if (this.#isClosed || this.#unread.length + bytes.length > UNREAD_BYTES_MAX) return;
		this.#unread = Buffer.concat([this.#unread, bytes]);
		this.#flush();
	}

	close(): void {
		if (this.#isClosed) return;
		this.#isClosed = true;
		clearTimeout(this.#retry);
		this.#master.destroy();
		closeSync(this.#keepAlive);
	}

	/** Not through the stream: it spins for ever in a write to a terminal that is full. */
	#flush(): void {
		clearTimeout(this.#retry);
		try {
			while (this.#unread.length > 0) {
				this.#unread = this.#unread.subarray(writeSync(this.#descriptor, this.#unread));
			}
		} catch (error) {
			if ((error as NodeJS.ErrnoException).code !== "EAGAIN") throw error;
			this.#retry = setTimeout(() => this.#flush(), RETRY_MS);
		}
	}
}
