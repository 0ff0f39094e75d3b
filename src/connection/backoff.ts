// Full-jitter exponential backoff. Pure: the caller supplies the random number, so that a run can
// be replayed.

import { assert } from "../assert.js";
import type { Entropy } from "../ports.js";

/**
 * Doublings after which every window is the widest, whatever the base: 2 ** 30 ms are twelve days.
 */
const DOUBLINGS_MAX = 30;

/**
 * Anywhere between nothing and the window of `attempt`, which doubles from `baseMs` up to `maxMs`.
 */
export function backoffDelayMs(
	attempt: number,
	random: number,
	baseMs: number,
	maxMs: number,
): number {
	assert(Number.isInteger(attempt) && attempt >= 0, "attempt counts from zero");
	assert(random >= 0 && random < 1, "random is a fraction");
	const window = Math.min(maxMs, baseMs * 2 ** Math.min(attempt, DOUBLINGS_MAX));
	return Math.floor(random * (window + 1));
}

/**
 * A delay that is never below `floorMs`. Above the floor it still spreads, over at least half the
 * floor: a fleet that was refused at one moment must not come back at one moment.
 */
export function delayAboveFloorMs(delayMs: number, floorMs: number, random: number): number {
	return floorMs + Math.max(delayMs, Math.floor((random * floorMs) / 2));
}

/** A fraction in [0, 1) with 32 random bits. */
export function randomFraction(entropy: Entropy): number {
	const bytes = new Uint8Array(4);
	entropy.fill(bytes);
	return new DataView(bytes.buffer).getUint32(0) / 0x1_0000_0000;
}
