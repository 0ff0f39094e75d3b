// The flash port of one simulated board: its partitions by name.

import type { FlashPartition, FlashStorage } from "../../src/ports.js";
import type { NORFlash } from "./flash.js";
import { StorageError } from "./storage-error.js";

export class VirtualFlashStorage implements FlashStorage {
	readonly #chips: ReadonlyMap<string, NORFlash>;

	constructor(chips: Readonly<Record<string, NORFlash>>) {
		this.#chips = new Map(Object.entries(chips));
	}

	open(options: { path: string; mode?: "r" | "r+" }): FlashPartition {
		const chip = this.#chips.get(options.path);
		if (!chip) throw new StorageError("storage-unreadable", `no partition ${options.path}`);
		return chip.open();
	}
}
