// Every private key of the device, in C: JavaScript names a key and gets a signature.
import type { ByteSource, KeyAlgorithm, KeyStore as Port } from "../../src/ports.js";

/** The key store port. All instances share the keys of the device. */
export class KeyStore extends Native("xs_key_store_destructor") implements Port {
	constructor() {
		super();
		native("xs_key_store_constructor").call(this);
	}
	generate(name: string, algorithm: KeyAlgorithm): void {
		return native("xs_key_store_generate").call(this, name, algorithm);
	}
	publicKey(name: string): ArrayBuffer | undefined {
		return native("xs_key_store_public_key").call(this, name);
	}
	sign(name: string, message: ByteSource): ArrayBuffer {
		return native("xs_key_store_sign").call(this, name, message);
	}
	certificateRequest(name: string, commonName: string): ArrayBuffer {
		return native("xs_key_store_certificate_request").call(this, name, commonName);
	}
	erase(name: string): void {
		return native("xs_key_store_erase").call(this, name);
	}
	close(): void {
		return native("xs_key_store_close").call(this);
	}
}
