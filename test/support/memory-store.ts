// A store of the MQTT session in memory.

import type { SessionStore } from "../../src/mqtt/session.js";

/** Keeps what is saved, and each state that power could be cut in. */
export class MemoryStore implements SessionStore {
	saved: Uint8Array[] = [];
	/** Nothing is saved any more. */
	isWorn = false;

	load(): Uint8Array | undefined {
		return this.saved[this.saved.length - 1];
	}

	save(bytes: Uint8Array): boolean {
		if (!this.isWorn) this.saved.push(bytes);
		return !this.isWorn;
	}
}
