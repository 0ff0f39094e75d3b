// What the log needs of the ring that keeps it. The outbox's ring does all of it, on a partition of
// its own: records are found again after any power cut, and the oldest go first.

import type { StorageErrorCode } from "../ports.js";

/** A record of an entry has twice its counter as its number; the checkpoint over it one more. */
export const CHANNEL_ENTRY = 0;
export const CHANNEL_CHECKPOINT = 1;

export type LogStored =
	| { readonly kind: "stored" | "room" }
	| { readonly kind: "full"; readonly victims: readonly { readonly count: number }[] }
	| { readonly kind: "too-large" }
	| { readonly kind: "failed"; readonly code: StorageErrorCode };

export interface LogStore {
	/** The newest number ever stored, whatever became of it. */
	readonly lastSequence: number | undefined;
	/** What {@link store} will say to so many bytes. "full" counts how many must go. */
	room(byteLength: number): LogStored;
	store(record: {
		readonly sequence: number;
		readonly channel: number;
		readonly recordClass: 0;
		readonly bytes: Uint8Array;
	}): LogStored;
	/** Gone at once; on flash after {@link flush}, in the order of the numbers. */
	remove(sequence: number): boolean;
	flush(): unknown;
	/** At most `limit` records after number `after` (from the oldest without it), in order. */
	waiting(
		after: number | undefined,
		limit: number,
	): readonly { readonly sequence: number; readonly channel: number }[];
	read(sequence: number): { readonly bytes: Uint8Array } | undefined;
}
