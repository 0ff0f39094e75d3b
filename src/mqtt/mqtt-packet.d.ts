// The one file of mqtt-packet that the firmware bundles, typed for MQTT 3.1.1 and plain Uint8Array.

declare module "mqtt-packet/writeToStream.js" {
	/**
	 * Where the packet goes, piece by piece. `destroy` is called for a packet that cannot be written.
	 */
	interface Sink {
		write(piece: string | Uint8Array): boolean;
		destroy(error: Error): void;
	}

	interface WriteToStream {
		(packet: { readonly cmd: string; readonly [field: string]: unknown }, sink: Sink): boolean;
		/** True (the default) builds 65 536 buffers at the first packet. */
		cacheNumbers: boolean;
	}

	const writeToStream: WriteToStream;
	export default writeToStream;
}
