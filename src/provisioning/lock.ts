// Whether the device is locked. The lock is durable; an unlock is not: it lasts until the device
// locks again or restarts.

import type { KeyValueStorage, KeyValueStore } from "../ports.js";

const PATH = "hf-lock";
const KEY = "locked";

export class ProvisioningLock {
	readonly #store: KeyValueStore;
	#isUnlocked = false;

	constructor(storage: KeyValueStorage) {
		this.#store = storage.open({ path: PATH, format: "buffer", mode: "r+" });
	}

	/** Any value counts: a damaged one must not open the device. */
	get isLocked(): boolean {
		return !this.#isUnlocked && this.#store.read(KEY) !== undefined;
	}

	lock(): void {
		if (this.#store.read(KEY) === undefined) this.#store.write(KEY, Uint8Array.of(1));
		this.#isUnlocked = false;
	}

	unlock(): void {
		this.#isUnlocked = true;
	}

	/** Factory reset of this part. */
	erase(): void {
		this.#store.delete(KEY);
	}

	close(): void {
		this.#store.close();
	}
}
