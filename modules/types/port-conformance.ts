// Compile-time proof that Moddable's ECMA-419 classes can stand behind the ports of src/ports.ts:
// each function is what a host does with the class. Nothing here is bundled or run; a mismatch is a
// type error.

import type Resolver from "embedded:network/dns/resolver/udp";
import type Serial from "embedded:io/serial";
import type TCP from "embedded:io/socket/tcp";
import type * as ports from "../../src/ports.js";

export function socketOf(io: typeof TCP, options: ports.TCPOptions): ports.Socket {
	const { address, port, noDelay = false, onReadable, onWritable, onError } = options;
	const socket = new io({
		address,
		port,
		nodelay: noDelay,
		format: "buffer",
		...(onReadable && { onReadable }),
		...(onWritable && { onWritable }),
		...(onError && { onError: () => onError() }),
	});
	return {
		read: (byteLength) => socket.read(byteLength) as ArrayBuffer | undefined,
		// The typings say void; the class returns the room that is left, as the standard asks.
		write: (bytes) => socket.write(bytes) as unknown as number,
		close: () => socket.close(),
	};
}

export function serialOf(io: typeof Serial, options: ports.SerialOptions): ports.SerialPort {
	const { onReadable, onWritable } = options;
	const serial = new io({
		port: 0,
		receive: 20,
		transmit: 21,
		baud: 115200,
		format: "buffer",
		...(onReadable && { onReadable }),
		...(onWritable && { onWritable }),
	});
	return {
		read: (byteLength) =>
			byteLength === undefined
				? (serial.read() as ArrayBuffer | undefined)
				: serial.read(byteLength),
		write: (bytes) => serial.write(bytes),
		close: () => serial.close(),
	};
}

export function resolverOf(io: typeof Resolver, options: Record<string, unknown>): ports.Resolver {
	const resolver = new io(options);
	return {
		resolve: ({ host, onResolved, onError }) =>
			resolver.resolve({
				host,
				onResolved: (name, address: string) => (onResolved(name, address), null),
				onError: (name) => (onError(name), null),
			}),
		close: () => resolver.close(),
	};
}
