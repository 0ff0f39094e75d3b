// ECMA-419 TCP client socket. On the chip the SDK's class stands in its place.
import type { ByteSource, Socket, TCPOptions } from "../../src/ports.js";

export class TCP extends Native("xs_tcp_destructor") implements Socket {
	constructor(options: TCPOptions) {
		super();
		native("xs_tcp_constructor").call(this, options);
	}

	/** `byteLength` bytes (all that there are without it); more than there are is a mistake. */
	read(byteLength?: number): ArrayBuffer | undefined {
		return native("xs_tcp_read").call(this, byteLength);
	}

	write(bytes: ByteSource): number {
		return native("xs_tcp_write").call(this, bytes);
	}

	close(): void {
		return native("xs_tcp_close").call(this);
	}
}
