// Whether the device is locked. The lock is durable; an unlock is not: it lasts until the device
// locks again or restarts.

import type { KeyValueStorage, KeyValueStore } from "../ports.js";
import { storageCodeOf } from "../storage-code.js";

const PATH = "hf-lock";
const KEY = "locked";

export class ProvisioningLock {
	readonly #store: KeyValueStore;
	#isUnlocked = false;

	constructor(storage: KeyValueStorage) {
		this.#store = storage.open({ path: PATH, format: "buffer", mode: "r+" });
	}

	/** Any value counts, and one that cannot be read too: damage must not open the device. */
	get isLocked(): boolean {
		if (this.#isUnlocked) return false;
		try {
			return this.#store.read(KEY) !== undefined;
		} catch (error) {
			storageCodeOf(error);
			return true;
		}
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
