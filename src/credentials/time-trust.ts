// How far the time can be believed: none < build time < stored floor < SNTP < signed time. SNTP
// moves the estimate and never the floor, or one lie would brick the device. It asks no server and
// sets no clock.

import { assert } from "../assert.js";
import { concatBytes, uint64Bytes, uint64From } from "../bytes/arrays.js";
import { crc32 } from "../bytes/crc32.js";
import { SIGNED_TIME_DELAY_S_MAX, TIME_FLOOR_STEP_S_MIN, TIME_SPAN_S_MAX } from "../limits.js";
import type { Clock, JudgingTime, KeyValueStore } from "../ports.js";
import { storageCodeOf } from "../storage-code.js";

/** As the envelope's claim −65537 has them. */
export type TimeQuality = 0 | 1 | 2 | 3 | 4;
export const TIME_BUILD = 1;
export const TIME_FLOOR = 2;
export const TIME_SNTP = 3;
export const TIME_SIGNED = 4;

export interface TrustedTime {
	/** Whole seconds. */
	readonly unixSeconds: number;
	readonly quality: TimeQuality;
}

export type SignedTimeOutcome =
	| { readonly kind: "taken" }
	/**
	 * "stale": not later than what is known to have passed. "implausible": decades after the build.
	 */
	| { readonly kind: "ignored"; readonly reason: "stale" | "implausible" };

export interface TimeTrustOptions {
	readonly clock: Clock;
	/** Opened at path "hf-time". */
	readonly store: KeyValueStore;
	/** Unix seconds of the image's build; 0 where nobody knows. */
	readonly buildTime: number;
	/** The stored floor was raised. */
	readonly onRaised?: (raised: { readonly unixSeconds: number; readonly by: FloorSource }) => void;
}

/** Who has raised the floor. */
export type FloorSource = "signed" | "certificate";

const KEY = "floor";
const FLOOR_BYTES = 12;
/**
 * Share of the elapsed time that is certain: the quartz may run fast by 1000 ppm, which is ample.
 */
const ELAPSED_SHARE = 0.999;

interface Moment {
	readonly unixSeconds: number;
	readonly atMs: number;
}

export class TimeTrust {
	readonly #clock: Clock;
	readonly #store: KeyValueStore;
	readonly #latest: number;
	readonly #onRaised: TimeTrustOptions["onRaised"];
	/** What the store holds; 0 for nothing, `undefined` as long as it cannot be read. */
	#storedFloor: number | undefined;
	/** It is certainly not earlier than this, plus ELAPSED_SHARE of what has passed since. */
	#floor: Moment;
	#floorQuality: 0 | 1 | 2;
	/** The last signed time of this boot. */
	#anchor: Moment | undefined;

	constructor(options: TimeTrustOptions) {
		const { clock, store, buildTime } = options;
		assert(Number.isSafeInteger(buildTime) && buildTime >= 0, "build time is in Unix seconds");
		this.#clock = clock;
		this.#store = store;
		this.#onRaised = options.onRaised;
		this.#latest = buildTime + TIME_SPAN_S_MAX;
		this.#storedFloor = this.#load();
		const stored = this.#storedFloor ?? 0;
		this.#floor = { unixSeconds: Math.max(buildTime, stored), atMs: clock.monotonicMs() };
		this.#floorQuality = stored > buildTime ? TIME_FLOOR : buildTime > 0 ? TIME_BUILD : 0;
	}

	/**
	 * The best estimate, with what it rests on. Qualities 1 and 2 are lower bounds and may be years
	 * behind. `undefined` where nothing is known.
	 */
	now(): TrustedTime | undefined {
		const least = this.#leastSeconds();
		const wall = this.#wallSeconds(least);
		if (this.#anchor) {
			const { unixSeconds, atMs } = this.#anchor;
			const signed = unixSeconds + (this.#clock.monotonicMs() - atMs) / 1000;
			// A signed time may have waited on its way: SNTP refines it, within that delay and no
			// further.
			const isRefined = wall !== undefined && wall <= signed + SIGNED_TIME_DELAY_S_MAX;
			const best = Math.max(least, isRefined ? wall : signed);
			return { unixSeconds: Math.floor(best), quality: TIME_SIGNED };
		}
		if (wall !== undefined) return { unixSeconds: Math.floor(wall), quality: TIME_SNTP };
		if (this.#floorQuality === 0) return undefined;
		return { unixSeconds: Math.floor(least), quality: this.#floorQuality };
	}

	/** Good enough to say that something has not expired: SNTP or signed. */
	get isTrusted(): boolean {
		const now = this.now();
		return now !== undefined && now.quality >= TIME_SNTP;
	}

	/** The time by which certificate dates are judged: always one, with the best floor known. */
	judging(): JudgingTime {
		this.#readAgain();
		const now = this.now();
		if (!now) return { unixSeconds: 0, isLowerBound: true };
		return { unixSeconds: now.unixSeconds, isLowerBound: now.quality < TIME_SNTP };
	}

	/**
	 * A time that was signed just now by someone we trust: a verified command that is fresh by its
	 * own terms, or the station. It raises the floor and anchors the time of this boot.
	 */
	signedTime(unixSeconds: number): SignedTimeOutcome {
		assert(Number.isSafeInteger(unixSeconds) && unixSeconds >= 0, "a time in Unix seconds");
		if (unixSeconds > this.#latest) return { kind: "ignored", reason: "implausible" };
		if (unixSeconds <= this.#leastSeconds()) return { kind: "ignored", reason: "stale" };
		this.#anchor = { unixSeconds, atMs: this.#clock.monotonicMs() };
		this.#raise(unixSeconds, "signed");
		return { kind: "taken" };
	}

	/**
	 * It is later than `unixSeconds`: notBefore of a broker certificate that verified, or a signed
	 * time of unknown age. It raises the floor and says nothing about now.
	 */
	certificateNotBefore(unixSeconds: number): void {
		assert(Number.isSafeInteger(unixSeconds), "a time in Unix seconds");
		if (unixSeconds > this.#latest || unixSeconds <= this.#leastSeconds()) return;
		this.#raise(unixSeconds, "certificate");
	}

	#leastSeconds(): number {
		const { unixSeconds, atMs } = this.#floor;
		return unixSeconds + ((this.#clock.monotonicMs() - atMs) / 1000) * ELAPSED_SHARE;
	}

	/** The host's wall time where it may be believed at all: from SNTP, and possible. */
	#wallSeconds(least: number): number | undefined {
		const { unixSeconds, quality } = this.#clock.wallTime();
		if (quality === "none" || !(unixSeconds >= Math.floor(least))) return undefined;
		return unixSeconds <= this.#latest ? unixSeconds : undefined;
	}

	/** Written only when it has risen by TIME_FLOOR_STEP_S_MIN: the rest is known again soon. */
	#raise(unixSeconds: number, by: FloorSource): void {
		this.#floor = { unixSeconds, atMs: this.#clock.monotonicMs() };
		this.#floorQuality = TIME_FLOOR;
		this.#readAgain();
		const stored = this.#storedFloor;
		// What cannot be read may be later than this.
		if (stored === undefined || unixSeconds - stored < TIME_FLOOR_STEP_S_MIN) return;
		const bytes = uint64Bytes(unixSeconds);
		const check = new Uint8Array(FLOOR_BYTES - bytes.length);
		new DataView(check.buffer).setUint32(0, crc32(bytes));
		try {
			this.#store.write(KEY, concatBytes(bytes, check));
		} catch (error) {
			storageCodeOf(error);
			return; // Full or worn: the floor holds for this boot, and the next rise tries again.
		}
		this.#storedFloor = unixSeconds;
		this.#onRaised?.({ unixSeconds, by });
	}

	/** A floor that could not be read at boot counts from when it can. */
	#readAgain(): void {
		if (this.#storedFloor !== undefined) return;
		const stored = this.#load();
		this.#storedFloor = stored;
		if (stored === undefined || stored <= this.#leastSeconds()) return;
		this.#floor = { unixSeconds: stored, atMs: this.#clock.monotonicMs() };
		this.#floorQuality = TIME_FLOOR;
	}

	/** 0 where there is none, or none that can be believed; `undefined` where it cannot be read. */
	#load(): number | undefined {
		let stored: ArrayBuffer | undefined;
		try {
			stored = this.#store.read(KEY);
		} catch (error) {
			storageCodeOf(error);
			return undefined;
		}
		if (stored?.byteLength !== FLOOR_BYTES) return 0;
		const bytes = new Uint8Array(stored);
		const view = new DataView(stored);
		if (view.getUint32(FLOOR_BYTES - 4) !== crc32(bytes.subarray(0, FLOOR_BYTES - 4))) return 0;
		const unixSeconds = uint64From(bytes.subarray(0, FLOOR_BYTES - 4));
		return unixSeconds !== undefined && unixSeconds <= this.#latest ? unixSeconds : 0;
	}
}
