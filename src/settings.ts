// What an operator's commands have set, kept over restarts (key-value "hf-set"). A new
// configuration from the station puts it out of force.

import { uint64Bytes, uint64From } from "./bytes/arrays.js";
import { SAMPLE_INTERVAL_MS_MAX, SAMPLE_INTERVAL_MS_MIN } from "./limits.js";
import type { DeviceEvent, KeyValueStore } from "./ports.js";
import { storageCodeOf } from "./storage-code.js";

const INTERVAL_KEY = "interval";

export class Settings {
	readonly #store: KeyValueStore;
	readonly #report: (event: DeviceEvent) => void;

	/** `store` is the open namespace "hf-set". */
	constructor(store: KeyValueStore, report: (event: DeviceEvent) => void) {
		this.#store = store;
		this.#report = report;
	}

	/** Milliseconds between samples as an operator set them; `undefined` where none did. */
	get sampleIntervalMs(): number | undefined {
		let stored: ArrayBuffer | undefined;
		this.#attempt(() => (stored = this.#store.read(INTERVAL_KEY)));
		const value = stored && uint64From(new Uint8Array(stored));
		const isValid =
			value !== undefined && value >= SAMPLE_INTERVAL_MS_MIN && value <= SAMPLE_INTERVAL_MS_MAX;
		return isValid ? value : undefined;
	}

	/** Where storage fails the interval holds until the next restart, and that is reported. */
	setSampleInterval(intervalMs: number): void {
		if (this.sampleIntervalMs === intervalMs) return;
		this.#attempt(() => this.#store.write(INTERVAL_KEY, uint64Bytes(intervalMs)));
	}

	forget(): void {
		this.#attempt(() => this.#store.delete(INTERVAL_KEY));
	}

	#attempt(access: () => void): void {
		try {
			access();
		} catch (error) {
			this.#report({ name: "storage-failed", path: "hf-set", code: storageCodeOf(error) });
		}
	}
}
