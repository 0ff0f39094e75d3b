// What an upload says of itself that was refused. It can be read where the signature is all that is
// wrong; nobody vouches for it.
import { decodeSign1 } from "../../src/cbor/cose-sign1.js";
import { decodeBatch } from "../../src/security-log/batch.js";
import { decodeEntry } from "../../src/security-log/entry.js";

/** Counters of the entries in `bytes`, as far as there are any. */
export function claimedCounters(bytes: Uint8Array): number[] {
	const message = decodeSign1(bytes);
	if (message.kind === "rejected") return [];
	const batch = decodeBatch(message.sign1.payload);
	if (batch.kind === "invalid") return [];
	return batch.value.entries.flatMap((entry) => {
		const read = decodeEntry(entry);
		return read.kind === "valid" ? [read.value.counter] : [];
	});
}
