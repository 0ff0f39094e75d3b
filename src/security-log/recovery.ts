// Where the chain goes on after a boot: what the ring holds, compared with the head that is kept
// outside of it.

import { equalBytes } from "../bytes/arrays.js";
import type { Crypto, DeviceEvent, KeyValueStore, StorageErrorCode } from "../ports.js";
import { storageCodeOf } from "../storage-code.js";
import { HASH_BYTES } from "./entry.js";
import { loadHead, noHead, type Head } from "./head.js";
import { CHANNEL_CHECKPOINT, CHANNEL_ENTRY, type LogStore } from "./log-store.js";

export interface RecoveredLog {
	/** The counter that was used last, and the hash that the next entry names. */
	readonly counter: number;
	readonly hash: Uint8Array;
	readonly head: Head;
	/** The ring is not what the head says that it was. */
	readonly finding?: DeviceEvent;
}

/** Records looked at together: each costs an object in memory. */
const RECORDS_AT_ONCE = 16;

export function recoverLog(
	store: LogStore,
	headStore: KeyValueStore,
	crypto: Pick<Crypto, "sha256">,
	onFailed: (code: StorageErrorCode) => void,
): RecoveredLog {
	const hashAt = (counter: number): Uint8Array | undefined => {
		const bytes = entryAt(store, counter);
		return bytes && new Uint8Array(crypto.sha256(bytes));
	};
	const known = readHead(headStore, onFailed);
	const held = newest(store);
	const used = Math.floor((store.lastSequence ?? 0) / 2);
	const counter = Math.max(used, known.counter, known.uploaded);
	const inRing = counter === 0 ? undefined : hashAt(counter);
	const hash = inRing ?? (counter === known.counter ? known.hash : new Uint8Array(HASH_BYTES));
	const finding = judge(known, held.entry, hashAt);
	// A checkpoint that power kept from being written down in the head.
	const signedHash = held.checkpoint > known.counter ? hashAt(held.checkpoint) : undefined;
	const head =
		signedHash === undefined ? known : { ...known, counter: held.checkpoint, hash: signedHash };
	return { counter, hash, head, ...(finding !== undefined && { finding }) };
}

/** The bytes of an entry, or `undefined` where the ring does not hold it. */
export function entryAt(store: LogStore, counter: number): Uint8Array | undefined {
	return store.read(counter * 2)?.bytes;
}

/** The bytes of the checkpoint over an entry. */
export function checkpointAt(store: LogStore, counter: number): Uint8Array | undefined {
	return store.read(counter * 2 + 1)?.bytes;
}

function judge(
	known: Head,
	newestEntry: number,
	hashAt: (counter: number) => Uint8Array | undefined,
): DeviceEvent | undefined {
	if (known.counter === 0) return undefined;
	if (newestEntry < known.counter) {
		return { name: "log-shortened", expected: known.counter, found: newestEntry };
	}
	const found = hashAt(known.counter);
	if (found === undefined || equalBytes(found, known.hash)) return undefined;
	return { name: "log-altered", counter: known.counter };
}

/** The newest entry and the newest checkpoint that are held; 0 for none. */
function newest(store: LogStore): { readonly entry: number; readonly checkpoint: number } {
	let entry = 0;
	let checkpoint = 0;
	let after: number | undefined;
	for (;;) {
		const found = store.waiting(after, RECORDS_AT_ONCE);
		for (const { sequence, channel } of found) {
			if (channel === CHANNEL_ENTRY) entry = Math.floor(sequence / 2);
			if (channel === CHANNEL_CHECKPOINT) checkpoint = Math.floor(sequence / 2);
		}
		after = found.at(-1)?.sequence;
		if (found.length < RECORDS_AT_ONCE) return { entry, checkpoint };
	}
}

function readHead(store: KeyValueStore, onFailed: (code: StorageErrorCode) => void): Head {
	try {
		return loadHead(store);
	} catch (error) {
		onFailed(storageCodeOf(error));
		return noHead();
	}
}
