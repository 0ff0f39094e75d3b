// ECMA-419 TCP client socket on node:net, with the buffers of the chip's lwIP and no more: what
// does not fit is refused (sending) or left with the peer (receiving).
import { connect, isIP, type Socket as NetSocket } from "node:net";
import type { ByteSource, Socket, TCPOptions } from "../../src/ports.js";
import { ByteQueue } from "./byte-queue.js";
import { checkCallback, checkInteger, checkOptions, checkString, copyBytes } from "./checks.js";
import type { Network } from "./network.js";

/** Bytes of the send buffer, and of the receive buffer: TCP_SND_BUF and TCP_WND of the firmware. */
export const TCP_BUFFER_BYTES = 8192;

/** Milliseconds for which a closed socket may still deliver what was written. */
const LINGER_MS = 2000;

export interface NodeTCPOptions extends TCPOptions {
	/** The network that carries the socket; always up without it. */
	network?: Network | undefined;
}

type State = "connecting" | "open" | "ended" | "failed" | "closed";

export class TCP implements Socket {
	readonly #options: NodeTCPOptions;
	readonly #socket: NetSocket | undefined;
	readonly #leaveNetwork: (() => void) | undefined;
	readonly #received = new ByteQueue();
	/** Written while the network was cut: on their way for as long as that lasts. */
	#held: Buffer[] = [];
	#unsentBytes = 0;
	#isWritableScheduled = false;
	#state: State = "connecting";

	constructor(options: NodeTCPOptions) {
		const { address, port, noDelay, onReadable, onWritable, onError, network } =
			checkOptions(options);
		if (isIP(checkString(address, "address")) === 0) {
			throw new TypeError("address: not a literal IP address");
		}
		checkInteger(port, "port", 1, 65535);
		checkCallback(onReadable, "onReadable");
		checkCallback(onWritable, "onWritable");
		checkCallback(onError, "onError");
		this.#options = { ...options };
		if (network && !network.isUp) {
			setImmediate(() => this.#end());
			return;
		}
		this.#socket = connect({ host: address, port, noDelay: noDelay === true });
		this.#listen(this.#socket);
		this.#leaveNetwork = network?.join({
			onCut: () => this.#socket?.pause(),
			onRestored: () => this.#resumeAfterCut(),
		});
	}

	read(byteLength?: number): ArrayBuffer | undefined {
		this.#checkOpen();
		const bytes = this.#received.read(byteLength);
		if (this.#received.byteLength < TCP_BUFFER_BYTES && this.#isUp) this.#socket?.resume();
		if (this.#state === "ended") this.#scheduleError();
		return bytes;
	}

	write(bytes: ByteSource): number {
		this.#checkOpen();
		const copy = copyBytes(bytes);
		if (this.#state === "connecting") throw new Error("TCP: not connected");
		if (copy.length > this.#room) throw new RangeError("TCP: no room");
		if (this.#state !== "open") return this.#room; // the peer is gone: onError is on its way
		this.#unsentBytes += copy.length;
		if (this.#isUp) this.#send(copy);
		else this.#held.push(copy);
		return this.#room;
	}

	close(): void {
		if (this.#state === "closed") return;
		const wasOpen = this.#state === "open";
		this.#state = "closed";
		this.#received.clear();
		this.#held = [];
		this.#leaveNetwork?.();
		if (!this.#socket) return;
		if (!wasOpen || !this.#isUp) {
			this.#socket.destroy();
			return;
		}
		this.#socket.destroySoon();
		const linger = setTimeout(() => this.#socket?.destroy(), LINGER_MS);
		linger.unref();
		this.#socket.once("close", () => clearTimeout(linger));
	}

	get #isUp(): boolean {
		return this.#options.network?.isUp ?? true;
	}

	get #room(): number {
		return TCP_BUFFER_BYTES - this.#unsentBytes;
	}

	#checkOpen(): void {
		if (this.#state === "closed") throw new Error("TCP: closed");
		if (this.#state === "failed") throw new Error("TCP: failed");
	}

	#listen(socket: NetSocket): void {
		socket.on("connect", () => {
			if (this.#state !== "connecting") return;
			this.#state = "open";
			if (!this.#isUp) socket.pause();
			this.#scheduleWritable();
		});
		socket.on("data", (chunk) => this.#receive(chunk));
		socket.on("end", () => this.#end());
		socket.on("error", () => this.#end());
		socket.on("close", () => this.#end());
	}

	#receive(chunk: Buffer): void {
		if (this.#state !== "open") return;
		this.#received.push(chunk);
		if (this.#received.byteLength >= TCP_BUFFER_BYTES) this.#socket?.pause();
		this.#options.onReadable?.(this.#received.byteLength);
	}

	#send(bytes: Buffer): void {
		this.#socket?.write(bytes, () => {
			this.#unsentBytes -= bytes.length;
			this.#scheduleWritable();
		});
	}

	/** Several writes that left together are told of once. */
	#scheduleWritable(): void {
		if (this.#isWritableScheduled) return;
		this.#isWritableScheduled = true;
		setImmediate(() => {
			this.#isWritableScheduled = false;
			if (this.#state === "open") this.#options.onWritable?.(this.#room);
		});
	}

	#end(): void {
		if (this.#state !== "connecting" && this.#state !== "open") return;
		this.#state = "ended";
		this.#leaveNetwork?.();
		this.#socket?.destroy();
		this.#scheduleError();
	}

	/** Neither a refused connection nor a reset has a detail, as on the chip. */
	#scheduleError(): void {
		setImmediate(() => {
			if (this.#state !== "ended" || this.#received.byteLength > 0) return;
			this.#state = "failed";
			this.#options.onError?.();
		});
	}

	#resumeAfterCut(): void {
		if (this.#received.byteLength < TCP_BUFFER_BYTES) this.#socket?.resume();
		const held = this.#held;
		this.#held = [];
		for (const bytes of held) this.#send(bytes);
	}
}
