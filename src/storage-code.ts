// Tells a failure of storage, which every stage has to live with, from a bug, which must be heard
// of.

import type { PortError, StorageErrorCode } from "./ports.js";

const CODES: readonly StorageErrorCode[] = Object.freeze([
	"storage-worn",
	"storage-full",
	"storage-unreadable",
]);

/** The code of an error that a storage port threw. Any other error is thrown on. */
export function storageCodeOf(error: unknown): StorageErrorCode {
	const code = (error as Partial<PortError> | null | undefined)?.code;
	const known = CODES.find((candidate) => candidate === code);
	if (known === undefined) throw error;
	return known;
}
