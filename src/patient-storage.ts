// Key-value storage whose namespaces are opened when they are first needed, and tried anew each
// time until they open: one that is unreadable at boot must not keep the device from booting. What
// is done without it is for its owner to decide.

import type { ByteSource, KeyValueStorage, KeyValueStore } from "./ports.js";

type OpenOptions = Parameters<KeyValueStorage["open"]>[0];

export class PatientStorage implements KeyValueStorage {
	readonly #storage: KeyValueStorage;

	constructor(storage: KeyValueStorage) {
		this.#storage = storage;
	}

	/** Never fails. Every method of the store throws what opening it would have thrown. */
	open(options: OpenOptions): KeyValueStore {
		return new PatientStore(() => this.#storage.open(options));
	}
}

class PatientStore implements KeyValueStore {
	readonly #open: () => KeyValueStore;
	#opened: KeyValueStore | undefined;
	#isClosed = false;

	constructor(open: () => KeyValueStore) {
		this.#open = open;
	}

	read(key: string): ArrayBuffer | undefined {
		return this.#store().read(key);
	}

	write(key: string, value: ByteSource): void {
		this.#store().write(key, value);
	}

	delete(key: string): void {
		this.#store().delete(key);
	}

	close(): void {
		this.#isClosed = true;
		this.#opened?.close();
		this.#opened = undefined;
	}

	[Symbol.iterator](): IterableIterator<string> {
		return this.#store()[Symbol.iterator]();
	}

	#store(): KeyValueStore {
		if (this.#isClosed) throw new Error("closed");
		this.#opened ??= this.#open();
		return this.#opened;
	}
}
