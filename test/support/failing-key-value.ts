// Key-value storage of which a test makes single namespaces fail.

import { StorageError } from "../../hosts/simulator/storage-error.js";
import type { KeyValueStorage, KeyValueStore } from "../../src/ports.js";

type OpenOptions = Parameters<KeyValueStorage["open"]>[0];

export class FailingKeyValue implements KeyValueStorage {
	readonly #storage: KeyValueStorage;
	readonly #worn: string[] = [];
	readonly #unreadable: string[] = [];
	readonly #unopened: string[] = [];

	constructor(storage: KeyValueStorage) {
		this.#storage = storage;
	}

	/** From now on no write to the namespace `path` succeeds. */
	failWrites(path: string): void {
		this.#worn.push(path);
	}

	/** The same for reading. */
	failReads(...paths: string[]): void {
		this.#unreadable.push(...paths);
	}

	/** From now on these namespaces cannot even be opened; without any: the fault is over. */
	failOpens(...paths: string[]): void {
		if (paths.length === 0) this.#unopened.length = 0;
		this.#unopened.push(...paths);
	}

	open(options: OpenOptions): KeyValueStore {
		if (this.#unopened.includes(options.path)) {
			throw new StorageError("storage-unreadable", "open failed");
		}
		const store = this.#storage.open(options);
		const write = store.write.bind(store);
		store.write = (key, value) => {
			if (!this.#worn.includes(options.path)) return write(key, value);
			throw new StorageError("storage-worn", "write failed");
		};
		const read = store.read.bind(store);
		store.read = (key) => {
			if (!this.#unreadable.includes(options.path)) return read(key);
			throw new StorageError("storage-unreadable", "read failed");
		};
		return store;
	}
}
