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
 * - "altered": the same, and an upload that should hold them does not verify.
 * - "unproven": only an entry that nobody signed names them; they may never have been.
 */
export interface MissingEntries {
	readonly first: number;
	readonly last: number;
	readonly cause: "overwritten" | "removed" | "unexplained" | "altered" | "unproven";
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
	/**
	 * Entries before the first one that is here, through this one: "overwritten" where the device
	 * signed that it no longer held them, or "not-given": the first uploads may have been dropped.
	 */
	readonly before?: { readonly through: number; readonly cause: "overwritten" | "not-given" };
	/**
	 * Entries through this one are signed by a key alone whose certificate was revoked: its device
	 * wrote them, or whoever has the key.
	 */
	readonly revoked?: { readonly through: number };
	/**
	 * The partition ends before what was uploaded: it is older, or was put back; at 0 it holds
	 * nothing of the log at all.
	 */
	readonly behind?: { readonly partition: number; readonly upload: number };
	/** The partition that was given holds no entry: it is erased, or not a log. */
	readonly isPartitionEmpty?: true;
	/**
	 * Something is genuine, and by no revoked key; nothing was altered, reordered or removed, and
	 * nothing is missing that should be there.
	 */
	readonly isSound: boolean;
}
