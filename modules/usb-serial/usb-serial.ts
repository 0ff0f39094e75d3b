// The serial line over USB as an ECMA-419 port, buffer format. Bytes may be lost: the protocol
// above recovers.

export interface USBSerialOptions {
	onReadable?: (byteLength: number) => void;
	onWritable?: (byteLength: number) => void;
}

export class USBSerial extends Native("xs_usb_serial_destructor") {
	constructor(options: USBSerialOptions) {
		super();
		native("xs_usb_serial_constructor").call(this, options);
	}

	/** Up to `byteLength` bytes (all that there are without it); `undefined` when there are none. */
	read(byteLength?: number): ArrayBuffer | undefined {
		return native("xs_usb_serial_read").call(this, byteLength);
	}

	/** Takes all of `bytes` or throws. */
	write(bytes: ArrayBuffer | Uint8Array): void {
		return native("xs_usb_serial_write").call(this, bytes);
	}

	close(): void {
		return native("xs_usb_serial_close").call(this);
	}
}
