// Reads a log's partition into a verifier. It uses the device's own code for the ring, which writes
// nothing while it finds what is there.
import { Outbox } from "../../../src/outbox/outbox.js";
import type { FlashPartition } from "../../../src/ports.js";
import { CHANNEL_CHECKPOINT, CHANNEL_ENTRY } from "../../../src/security-log/log-store.js";
import type { LogVerifier } from "./log-verifier.js";

/** Slots for every record that the largest partition can hold. */
const SLOTS = 32_768;

export interface PartitionContents {
	readonly kind: "read";
	readonly entries: readonly { readonly counter: number; readonly bytes: Uint8Array }[];
	readonly checkpoints: readonly Uint8Array[];
}

/** What stands on `flash`, or why it is no ring at all. */
export function readLogPartition(
	flash: FlashPartition,
): PartitionContents | { readonly kind: "unusable"; readonly code: string } {
	const mounted = Outbox.mount({ flash, slots: SLOTS });
	if (mounted.kind === "unusable") return mounted;
	const entries: { counter: number; bytes: Uint8Array }[] = [];
	const checkpoints: Uint8Array[] = [];
	for (const { sequence, channel } of mounted.outbox.waiting(undefined, SLOTS)) {
		const bytes = mounted.outbox.read(sequence)?.bytes;
		if (bytes === undefined) continue;
		if (channel === CHANNEL_ENTRY) entries.push({ counter: Math.floor(sequence / 2), bytes });
		if (channel === CHANNEL_CHECKPOINT) checkpoints.push(bytes);
	}
	return { kind: "read", entries, checkpoints };
}

export function addPartition(verifier: LogVerifier, contents: PartitionContents): void {
	verifier.givePartition();
	for (const { counter, bytes } of contents.entries) verifier.addStored(counter, bytes);
	for (const bytes of contents.checkpoints) verifier.addCheckpoint(bytes, "partition");
}
