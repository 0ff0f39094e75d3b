// A socket whose other end is the test: it records every write, hands out what the test feeds, and
// keeps the conduct of ECMA-419 (no callback from inside a method, none after `close`, all or
// nothing).

import type {
	ByteSource,
	PortError,
	Socket,
	SocketCallbacks,
	SocketErrorCode,
} from "../../src/ports.js";
import type { VirtualClock } from "../../hosts/simulator/clock.js";

/** Where the test holds the other end: given to the socket as its option `script`. */
export class SocketScript {
	readonly clock: VirtualClock;
	/** Every socket made with this script, the newest last. */
	readonly sockets: ScriptedSocket[] = [];
	/** Bytes that a new socket can take. */
	roomBytes: number;

	constructor(clock: VirtualClock, roomBytes = 4096) {
		this.clock = clock;
		this.roomBytes = roomBytes;
	}

	get socket(): ScriptedSocket {
		return this.sockets[this.sockets.length - 1] as ScriptedSocket;
	}
}

export interface ScriptedSocketOptions extends SocketCallbacks {
	script: SocketScript;
}

export class ScriptedSocket implements Socket {
	readonly options: ScriptedSocketOptions;
	/** One element per write. */
	readonly writes: Uint8Array[] = [];
	#incoming: number[] = [];
	#roomBytes: number;
	isClosed = false;
	closeCount = 0;
	/** Set: the next write throws it. */
	writeError: Error | undefined;

	constructor(options: ScriptedSocketOptions) {
		this.options = options;
		this.#roomBytes = options.script.roomBytes;
		options.script.sockets.push(this);
	}

	read(byteLength = Infinity): ArrayBuffer | undefined {
		if (this.isClosed) throw new Error("closed");
		if (this.#incoming.length === 0) return undefined;
		const bytes = Uint8Array.from(this.#incoming.slice(0, byteLength));
		this.#incoming = this.#incoming.slice(bytes.length);
		return bytes.buffer;
	}

	write(bytes: ByteSource): number {
		if (this.isClosed) throw new Error("closed");
		if (this.writeError) throw this.writeError;
		if (bytes.byteLength > this.#roomBytes) throw new Error("no room");
		this.writes.push(new Uint8Array(bytes).slice());
		this.#roomBytes -= bytes.byteLength;
		return this.#roomBytes;
	}

	close(): void {
		this.isClosed = true;
		this.closeCount++;
	}

	// ------------------------------------------------------------ the other end

	/** Bytes that were fed and not read. */
	get unreadBytes(): number {
		return this.#incoming.length;
	}

	/** Connected, or room again. */
	giveRoom(roomBytes: number): void {
		this.#roomBytes = roomBytes;
		this.#later(() => this.options.onWritable?.(this.#roomBytes));
	}

	/** Bytes arrive, in one piece. */
	feed(...pieces: readonly Uint8Array[]): void {
		// Not by spreading: thousands of arguments are more than the stack of an engine takes.
		for (const piece of pieces) for (const byte of piece) this.#incoming.push(byte);
		this.#later(() => this.options.onReadable?.(this.#incoming.length));
	}

	fail(code?: SocketErrorCode): void {
		const error = code && (Object.assign(new Error(code), { code }) as PortError);
		this.#later(() => this.options.onError?.(error));
	}

	#later(callback: () => void): void {
		this.options.script.clock.schedule(() => {
			if (!this.isClosed) callback();
		}, 0);
		this.options.script.clock.advance(0);
	}
}
