// Sequence numbers that never repeat. Blocks of them are reserved in key-value storage before the
// first of a block is used, so that one write serves SEQUENCE_BLOCK messages and a restart skips
// what is left.

import { crc32 } from "../bytes/crc32.js";
import { concatBytes, uint64Bytes, uint64From } from "../bytes/arrays.js";
import { assert } from "../assert.js";
import { SEQUENCE_BLOCK, SEQUENCE_LEAP } from "../limits.js";
import type { KeyValueStore } from "../ports.js";
import { storageCodeOf } from "../storage-code.js";

/** The one key of the store: the lowest number that is not reserved, 8 bytes, and its CRC-32. */
const KEY = "next";

export class SequenceReservation {
	readonly #store: KeyValueStore;
	#next: number;
	/** The lowest number that is not reserved. */
	#end: number;

	/**
	 * `highestSeen` is the highest sequence that the outbox knows: a second witness for the case
	 * that the stored value is lost or is an old one.
	 *
	 * 1. A number is used only below the reserved end, so the stored end is above every number
	 *    used.
	 * 2. Without it, numbers above `highestSeen` may have been used and not stored: for a will, or
	 *    for an envelope that the outbox refused. Each life that does so reserves a block of its
	 *    own.
	 * 3. So the numbers go on SEQUENCE_LEAP above: as many blocks as that many lives in a row can
	 *    take without storing a single record. The leap costs nothing, for `prev` explains it.
	 */
	constructor(store: KeyValueStore, highestSeen: number | undefined) {
		const stored = readReserved(store);
		const seen = highestSeen ?? 0;
		assert(Number.isSafeInteger(seen) && seen >= 0, "highestSeen is a sequence number");
		const isNew = stored === "nothing" && seen === 0;
		const isTrusted = typeof stored === "number" && stored > seen;
		this.#store = store;
		this.#next = isTrusted ? stored : isNew ? 1 : seen + 1 + SEQUENCE_LEAP;
		this.#end = this.#next; // nothing is reserved until the first number is asked for
	}

	/**
	 * The next number. Durable before it returns; throws the store's {@link PortError} where it
	 * cannot be.
	 */
	next(): number {
		if (this.#next >= this.#end) this.#reserve();
		assert(this.#next < this.#end, "only reserved numbers are used");
		return this.#next++;
	}

	#reserve(): void {
		const end = this.#next + SEQUENCE_BLOCK;
		if (!Number.isSafeInteger(end)) throw new RangeError("sequence numbers are used up");
		const value = uint64Bytes(end);
		this.#store.write(KEY, concatBytes(value, crcBytes(value)));
		this.#end = end;
	}
}

/** The stored end of the reserved numbers. What cannot be read is as good as damaged. */
function readReserved(store: KeyValueStore): number | "nothing" | "damaged" {
	let stored: ArrayBuffer | undefined;
	try {
		stored = store.read(KEY);
	} catch (error) {
		storageCodeOf(error);
		return "damaged";
	}
	if (stored === undefined) return "nothing";
	if (stored.byteLength !== 12) return "damaged";
	const value = new Uint8Array(stored, 0, 8);
	if (new DataView(stored).getUint32(8) !== crc32(value)) return "damaged";
	return uint64From(value) ?? "damaged";
}

function crcBytes(value: Uint8Array): Uint8Array {
	const bytes = new Uint8Array(4);
	new DataView(bytes.buffer).setUint32(0, crc32(value));
	return bytes;
}
