// The clock port: the process's monotonic clock, and the host's wall time, shifted or withheld for
// tests.
import { performance } from "node:perf_hooks";
import type { Clock, WallQuality } from "../../src/ports.js";

/**
 * The wall time that the device sees: none at all, the host's, or the host's shifted by seconds.
 */
export type WallSetting = "none" | "host" | number;

export class NodeClock implements Clock {
	readonly #wall: WallSetting;

	constructor(options: { wall?: WallSetting } = {}) {
		const wall = options.wall ?? "host";
		if (wall !== "none" && wall !== "host" && !Number.isFinite(wall)) {
			throw new TypeError('wall: neither "none", "host" nor seconds');
		}
		this.#wall = wall;
	}

	monotonicMs(): number {
		return performance.now();
	}

	wallTime(): { readonly unixSeconds: number; readonly quality: WallQuality } {
		const offset = typeof this.#wall === "number" ? this.#wall : 0;
		// Without any time a chip's clock counts from 1970.
		if (this.#wall === "none") {
			return { unixSeconds: Math.floor(performance.now() / 1000), quality: "none" };
		}
		return { unixSeconds: Math.floor(Date.now() / 1000) + offset, quality: "sntp" };
	}
}
