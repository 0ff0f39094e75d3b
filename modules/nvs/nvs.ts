// Key-value storage on NVS: the flash of the chip through ESP-IDF, or a file that behaves alike.
// The rules are in C; this class only carries calls there.
import type { ByteSource, KeyValueStorage, KeyValueStore } from "../../src/ports.js";

interface NVSOptions {
	path: string;
	format: "buffer";
	mode?: "r" | "r+";
}

class NVSDomain extends Native("xs_nvs_destructor") implements KeyValueStore {
	constructor(options: NVSOptions) {
		super();
		native("xs_nvs_constructor").call(this, options);
	}
	read(key: string): ArrayBuffer | undefined {
		return native("xs_nvs_read").call(this, key);
	}
	write(key: string, value: ByteSource): void {
		return native("xs_nvs_write").call(this, key, value);
	}
	delete(key: string): void {
		return native("xs_nvs_delete").call(this, key);
	}
	close(): void {
		return native("xs_nvs_close").call(this);
	}
	[Symbol.iterator](): IterableIterator<string> {
		return keysOf(this).values();
	}
}

function keysOf(domain: NVSDomain): string[] {
	return native("xs_nvs_keys").call(domain);
}

/** The key-value port. */
export const nvs: KeyValueStorage = Object.freeze({
	open(options: NVSOptions): KeyValueStore {
		return new NVSDomain(options);
	},
});
