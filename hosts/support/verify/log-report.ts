// What the log verifier says: of each entry, of what is missing, and of the log as a whole.
import type { LogEntry } from "../../../src/security-log/entry.js";

/** Stable names: output and tests use them. */
export type EntryStatus =
	| "genuine" // its device vouches for it: by an envelope, or by a checkpoint over what follows it
	| "unsigned" // nothing contradicts it and nothing vouches for it: a checkpoint may follow
	| "altered" // not what its device wrote, or not an entry at all
	| "reordered" // an entry of this log in the place of another
	| "conflicting"; // its device signed two with this counter: its storage was put back

export type EntrySource = "partition" | "upload";

export interface JudgedEntry {
	readonly counter: number;
	readonly status: EntryStatus;
	readonly sources: readonly EntrySource[];
	/** Why it is not genuine, in words. */
	readonly why?: string;
	/** With "reordered": in whose place it stood. */
	readonly foundAt?: number;
	/** What it says; not there where it is no entry. */
	readonly entry?: LogEntry;
}

/**
 * Entries that are nowhere in what was given.
 * - "overwritten": older than the oldest entry that the device still held when it signed last.
 * - "removed": not on the partition, where they should be; their uploaded copies are genuine.
 * - "unexplained": the device held them when it signed last.
 */
export interface MissingEntries {
	readonly first: number;
	readonly last: number;
	readonly cause: "overwritten" | "removed" | "unexplained";
}

export interface LogReport {
	/** In order of their counters. */
	readonly entries: readonly JudgedEntry[];
	readonly missing: readonly MissingEntries[];
	/** Checkpoints that verify, and that do not. */
	readonly checkpoints: number;
	readonly checkpointsRefused: number;
	/** The newest entry that a checkpoint signs. */
	readonly signedThrough?: number;
	/** The partition ends before what was uploaded: it is older, or was put back. */
	readonly behind?: { readonly partition: number; readonly upload: number };
	/** Nothing was altered, reordered or removed, and nothing is missing that should be there. */
	readonly isSound: boolean;
}
