// For which devices a reboot may be right: where something happens, or lately did, that a reboot
// can mend, or that looks like it from inside.

import type { VirtualClock } from "../clock.js";
import { kindNamed } from "./catalogue.js";
import type { Fault } from "./fault.js";

/** A device decides by what failed in the last hours. */
const MEMORY_MS = 2 * 3_600_000;

export class RebootCauses {
	readonly #clock: VirtualClock;
	readonly #active = new Map<Fault, readonly number[]>();
	/** When a cause began or ended last, by device. */
	readonly #lastMs = new Map<number, number>();

	constructor(clock: VirtualClock) {
		this.#clock = clock;
	}

	/** `devices`: those that it happens to. */
	began(fault: Fault, devices: readonly number[]): void {
		if (!kindNamed(fault.kind).mayReboot) return;
		if (fault.durationMs > 0) this.#active.set(fault, devices);
		this.#note(devices);
	}

	ended(fault: Fault): void {
		this.#note(this.#active.get(fault) ?? []);
		this.#active.delete(fault);
	}

	mayReboot(device: number): boolean {
		for (const devices of this.#active.values()) if (devices.includes(device)) return true;
		const lastMs = this.#lastMs.get(device) ?? -Infinity;
		return this.#clock.monotonicMs() - lastMs < MEMORY_MS;
	}

	#note(devices: readonly number[]): void {
		for (const device of devices) this.#lastMs.set(device, this.#clock.monotonicMs());
	}
}
