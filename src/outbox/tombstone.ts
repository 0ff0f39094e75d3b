// Which tombstones bury a set of sequence numbers: neighbours share one.

import { TOMBSTONE_SPAN } from "./unit.js";

export interface Tombstone {
	readonly base: number;
	readonly bitmap: Uint8Array;
}

/** Tombstones that name exactly `sequences`. */
export function tombstonesFor(sequences: readonly number[]): Tombstone[] {
	const list: Tombstone[] = [];
	for (const sequence of [...sequences].sort((a, b) => a - b)) {
		let tombstone = list.at(-1);
		if (!tombstone || sequence >= tombstone.base + TOMBSTONE_SPAN) {
			tombstone = { base: sequence, bitmap: new Uint8Array(TOMBSTONE_SPAN / 8) };
			list.push(tombstone);
		}
		const bit = sequence - tombstone.base;
		const byte = tombstone.bitmap[bit >> 3] as number;
		tombstone.bitmap[bit >> 3] = byte | (1 << (bit & 7));
	}
	return list;
}
