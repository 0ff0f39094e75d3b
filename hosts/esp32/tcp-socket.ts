// The TCP port over the SDK's ECMA-419 class, whose conduct it straightens: one error, no callback
// after `close`, and a peer that has gone shows in `onError` alone.
import TCP from "embedded:io/socket/tcp";
import type { ByteSource, Socket, TCPOptions } from "../../src/ports.js";

export class TCPSocket implements Socket {
	#socket: TCP | undefined;
	#hasFailed = false;

	constructor(options: TCPOptions) {
		const { address, port, noDelay = false, onReadable, onWritable, onError } = options;
		this.#socket = new TCP({
			address,
			port,
			nodelay: noDelay,
			format: "buffer",
			onReadable: (byteLength: number) => {
				if (this.#socket) onReadable?.(byteLength);
			},
			onWritable: (byteLength: number) => {
				if (this.#socket && !this.#hasFailed) onWritable?.(byteLength);
			},
			onError: () => {
				if (!this.#socket || this.#hasFailed) return;
				this.#hasFailed = true;
				onError?.();
			},
		});
	}

	/** At most as many bytes as were offered: the SDK refuses more. */
	read(byteLength?: number): ArrayBuffer | undefined {
		const socket = this.#checkUsable();
		if (byteLength === 0) return undefined;
		return (byteLength === undefined ? socket.read() : socket.read(byteLength)) as
			ArrayBuffer | undefined;
	}

	write(bytes: ByteSource): number {
		const socket = this.#checkUsable();
		// The typings say void; the class returns the room that is left, and nothing once the peer is
		// gone, for which `onError` is on its way.
		return (socket.write(bytes) as unknown as number | undefined) ?? 0;
	}

	close(): void {
		this.#socket?.close();
		this.#socket = undefined;
	}

	#checkUsable(): TCP {
		if (this.#socket === undefined) throw new Error("TCP: closed");
		return this.#socket;
	}
}
