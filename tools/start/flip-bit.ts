// One bit of a genuine message turned over: what an attacker in the middle of the broker would
// deliver.

/** A copy of `bytes` with one bit changed; `fraction` (0 ≤ fraction < 1) chooses which. */
export function flipBit(bytes: Uint8Array, fraction: number): Uint8Array {
	const altered = bytes.slice();
	const bit = Math.floor(fraction * bytes.length * 8);
	altered[bit >> 3] = (altered[bit >> 3] as number) ^ (1 << (bit & 7));
	return altered;
}
