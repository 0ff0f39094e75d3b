// The newest command sequence taken from each operator, in key-value storage. It is written before
// the effect: a power cut in between loses the command and never repeats it.

import { assert } from "../assert.js";
import { uint64Bytes, uint64From } from "../bytes/arrays.js";
import { COMMAND_LEDGER_OPERATORS_MAX, OPERATORS_MAX } from "../limits.js";
import type { KeyValueStore, StorageErrorCode } from "../ports.js";
import { storageCodeOf } from "../storage-code.js";

export type LedgerRecord =
	| "recorded" // durable
	| "replayed" // not above the newest sequence: nothing was written
	| StorageErrorCode;

const KEY_ID_DIGITS = 16;

export class CommandLedger {
	readonly #store: KeyValueStore;
	readonly #operators: readonly string[];

	/**
	 * `store` is the open namespace "hf-cmd", `operators` the key ids (16 hexadecimal digits) of
	 * those whom the device obeys now: their entries are never given up.
	 */
	constructor(store: KeyValueStore, operators: readonly string[]) {
		assert(operators.length <= OPERATORS_MAX, "operators are bounded");
		this.#store = store;
		this.#operators = operators;
	}

	/**
	 * The newest sequence taken from `operator`, or `undefined` where there is none. An entry that
	 * cannot be read counts as the last of all sequences: that operator is refused, not replayed.
	 */
	lastSequence(operator: string): number | undefined {
		try {
			const value = this.#store.read(entryOf(operator));
			if (value === undefined) return undefined;
			return uint64From(new Uint8Array(value)) ?? Number.MAX_SAFE_INTEGER;
		} catch (error) {
			storageCodeOf(error);
			return Number.MAX_SAFE_INTEGER;
		}
	}

	/** Spends `sequence`. It is durable when this returns "recorded". */
	record(operator: string, sequence: number): LedgerRecord {
		assert(Number.isSafeInteger(sequence) && sequence >= 1, "sequences count from one");
		const last = this.lastSequence(operator);
		if (last !== undefined && sequence <= last) return "replayed";
		try {
			if (last === undefined) this.#makeRoom();
			this.#store.write(entryOf(operator), uint64Bytes(sequence));
			return "recorded";
		} catch (error) {
			return storageCodeOf(error); // a store that is worn or full refuses the command
		}
	}

	/**
	 * Gives up the entries of retired operators when there are too many: their commands do not
	 * open.
	 */
	#makeRoom(): void {
		const entries = Array.from(this.#store);
		if (entries.length < COMMAND_LEDGER_OPERATORS_MAX) return;
		const kept = this.#operators.map(entryOf);
		for (const entry of entries) {
			if (!kept.includes(entry)) this.#store.delete(entry);
		}
	}
}

/**
 * A key of 15 characters, all that storage allows: seven bytes of the key id tell operators apart.
 */
function entryOf(operator: string): string {
	assert(operator.length === KEY_ID_DIGITS, "an operator is named by 16 hexadecimal digits");
	return `c${operator.slice(0, 14)}`;
}
