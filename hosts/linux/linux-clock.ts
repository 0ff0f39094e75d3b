// The clock port: the machine's monotonic clock, and its wall time, shifted or withheld for tests.
import type { Clock, WallQuality } from "../../src/ports.js";
import { program } from "./program.js";

/** Wall time of the device: none at all, the host's, or the host's shifted by seconds. */
export type WallSetting = "none" | "host" | number;

export class LinuxClock implements Clock {
	readonly #wall: WallSetting;

	constructor(options: { wall: WallSetting }) {
		this.#wall = options.wall;
	}

	monotonicMs(): number {
		return program.monotonicMs();
	}

	wallTime(): { readonly unixSeconds: number; readonly quality: WallQuality } {
		// Without any time a chip's clock counts from 1970.
		if (this.#wall === "none") {
			return { unixSeconds: Math.floor(program.monotonicMs() / 1000), quality: "none" };
		}
		const offset = this.#wall === "host" ? 0 : this.#wall;
		return { unixSeconds: Math.floor(Date.now() / 1000) + offset, quality: "sntp" };
	}
}
