// Sequence numbers that never repeat. Blocks of them are reserved in key-value storage before the first of
// a block is used, so that one write serves SEQUENCE_BLOCK messages and a restart skips what is left.

import { crc32 } from "../bytes/crc32.js";
import { concatBytes, uint64Bytes, uint64From } from "../bytes/arrays.js";
import { assert } from "../assert.js";
import { SEQUENCE_BLOCK } from "../limits.js";
import type { KeyValueStore } from "../ports.js";

/** The one key of the store: the lowest number that is not reserved, 8 bytes, and its CRC-32. */
const KEY = "next";

export class SequenceReservation {
	readonly #store: KeyValueStore;
	#next: number;
	/** The lowest number that is not reserved. */
	#end: number;

	/**
	 * `highestSeen` is the highest sequence that the outbox knows. It is a second witness: where the stored
	 * value is lost, every number that may have been used lies within one block above it.
	 *
	 * 1. Numbers are used only below the reserved end, which moves by one block at a time.
	 * 2. Every number is stored in the outbox as it is used, or its envelope was refused and never sent.
	 *    (A will is sent without being stored: its number lies in the same reserved block.)
	 * 3. So the highest number sent is below (highest stored) + 2 blocks: one for the block in which the
	 *    highest stored number lies, one for a further block that was reserved and not stored from.
	 */
	constructor(store: KeyValueStore, highestSeen: number | undefined) {
		const reserved = readReserved(store);
		const seen = highestSeen ?? 0;
		assert(Number.isSafeInteger(seen) && seen >= 0, "highestSeen is a sequence number");
		this.#store = store;
		if (reserved !== undefined && reserved > seen) this.#next = reserved;
		else this.#next = seen === 0 ? 1 : seen + 1 + 2 * SEQUENCE_BLOCK;
		this.#end = this.#next; // nothing is reserved until the first number is asked for
	}

	/** The next number. Durable before it returns; throws the store's {@link PortError} where it cannot be. */
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

/** The stored end of the reserved numbers, or `undefined` where it is missing or damaged. */
function readReserved(store: KeyValueStore): number | undefined {
	const stored = store.read(KEY);
	if (stored === undefined || stored.byteLength !== 12) return undefined;
	const bytes = new Uint8Array(stored);
	const value = bytes.subarray(0, 8);
	const view = new DataView(stored, 8);
	if (view.getUint32(0) !== crc32(value)) return undefined;
	return uint64From(value);
}

function crcBytes(value: Uint8Array): Uint8Array {
	const bytes = new Uint8Array(4);
	new DataView(bytes.buffer).setUint32(0, crc32(value));
	return bytes;
}
