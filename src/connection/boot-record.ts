// What has to be remembered about boots: failed ones, and the reboots spent. It decides the mode of
// this boot and whether a reboot may be had; it restarts nothing. Its bytes and rules are in
// DESIGN.md.

import { assert } from "../assert.js";
import { uint64Bytes, uint64From } from "../bytes/arrays.js";
import { crc32 } from "../bytes/crc32.js";
import { REBOOTS_PER_DAY_MAX, SAFE_MODE_FAILED_BOOTS } from "../limits.js";
import type { Clock, KeyValueStore, ResetReason } from "../ports.js";
import { storageCodeOf } from "../storage-code.js";
import type { Timings } from "./timings.js";

/** "safe": provisioning and supervisor only, nothing that could have ended the boots before. */
export type BootMode = "normal" | "safe";

export interface BootReport {
	readonly mode: BootMode;
	/** Boots in a row that ended by watchdog, panic or abort before a stable session. */
	readonly failedBoots: number;
	/**
	 * What was stored was damaged, or could not be read: counted anew, with no reboot left for a day,
	 * or until it can be read.
	 */
	readonly wasCorrupt: boolean;
	/** In safe mode, and not for the first time in this row of failed boots. */
	readonly wasSafe?: boolean;
}

export type RebootDecision =
	| { readonly kind: "granted" }
	/** "budget": spent for now. "storage": it could not be written down, so it is not done. */
	| { readonly kind: "denied"; readonly reason: "budget" | "storage" };

export interface BootRecordOptions {
	/** Opened at path "hf-boot". */
	readonly store: KeyValueStore;
	readonly clock: Clock;
	readonly timings: Timings;
}

const KEY = "record";
const VERSION = 1;
const FLAG_UNPROVEN = 1;
const HEADER_BYTES = 4;
const STAMP_BYTES = 8;
const CRC_BYTES = 4;
const RECORD_BYTES = HEADER_BYTES + STAMP_BYTES * (1 + REBOOTS_PER_DAY_MAX) + CRC_BYTES;

interface Stored {
	failedBoots: number;
	/** A boot is under way, or has ended, without a stable session. */
	isUnproven: boolean;
	/** Milliseconds of running time over all boots, as of the last write. */
	uptimeMs: number;
	/** The uptime at which each reboot was spent, oldest first; at most REBOOTS_PER_DAY_MAX. */
	reboots: number[];
}

export class BootRecord {
	readonly #store: KeyValueStore;
	readonly #clock: Clock;
	readonly #timings: Timings;
	/** Monotonic time to which `uptimeMs` of the record belongs. */
	#savedAtMs: number;
	#record: Stored = fresh();
	#report: BootReport | undefined;
	#lastReset: ResetReason = "unknown";
	/** The store did not answer so far: what it holds still counts, and is not overwritten. */
	#isUnread = false;

	constructor(options: BootRecordOptions) {
		this.#store = options.store;
		this.#clock = options.clock;
		this.#timings = options.timings;
		this.#savedAtMs = options.clock.monotonicMs();
	}

	/** Once per boot, before anything that could fail. */
	begin(lastReset: ResetReason): BootReport {
		assert(!this.#report, "a boot begins once");
		const loaded = this.#load();
		this.#isUnread = loaded === "unreadable";
		this.#lastReset = lastReset;
		const isWhole = typeof loaded === "object";
		const record = isWhole ? loaded : exhausted();
		this.#record = record;
		const failedBefore = record.failedBoots;
		const isChanged = countBoot(record, lastReset);
		if (isChanged || !isWhole) this.#save();
		const { failedBoots } = record;
		const mode = failedBoots >= SAFE_MODE_FAILED_BOOTS ? "safe" : "normal";
		const wasSafe = mode === "safe" && failedBefore >= SAFE_MODE_FAILED_BOOTS;
		this.#report = { mode, failedBoots, wasCorrupt: !isWhole, ...(wasSafe && { wasSafe }) };
		return this.#report;
	}

	get mode(): BootMode {
		assert(this.#report !== undefined, "the boot has begun");
		return this.#report.mode;
	}

	/**
	 * The first stable session of this boot. In safe mode it proves nothing about the normal mode, so
	 * the failed boots stay.
	 */
	stable(): void {
		if (!this.#record.isUnproven || this.mode === "safe") return;
		this.#record.isUnproven = false;
		this.#record.failedBoots = 0;
		this.#save();
	}

	/**
	 * A cause of the failed boots was taken away on purpose: a configuration was committed, or the
	 * operator ordered a restart. The next boot is in normal mode.
	 */
	forgive(): void {
		if (this.#record.failedBoots === 0) return;
		this.#record.failedBoots = 0;
		this.#save();
	}

	/** Reboots spent in the last REBOOT_DAY_MS of running time. */
	get rebootsSpent(): number {
		this.#readAgain();
		const since = this.#uptimeMs() - this.#timings.rebootDayMs;
		return this.#record.reboots.filter((atMs) => atMs > since).length;
	}

	/** Takes one reboot out of the budget, durably, before it is done. */
	spendReboot(): RebootDecision {
		const { failedBoots } = this.#record;
		return this.#spend(failedBoots);
	}

	/** Leaves safe mode for one try in normal mode, at the cost of one reboot. */
	spendRetry(): RebootDecision {
		assert(this.mode === "safe", "only safe mode is left by a retry");
		return this.#spend(SAFE_MODE_FAILED_BOOTS - 1);
	}

	/**
	 * Saves the running time when that is due: only while a spent reboot waits to be forgiven. Called
	 * often, writes at most every uptimeSaveMs.
	 */
	saveUptime(): void {
		this.#readAgain();
		const elapsedMs = this.#clock.monotonicMs() - this.#savedAtMs;
		if (elapsedMs < this.#timings.uptimeSaveMs || this.#record.reboots.length === 0) return;
		this.#save();
	}

	#spend(failedBoots: number): RebootDecision {
		if (this.rebootsSpent >= REBOOTS_PER_DAY_MAX) return { kind: "denied", reason: "budget" };
		const before = { ...this.#record };
		this.#record.failedBoots = failedBoots;
		this.#record.reboots = [...before.reboots, this.#uptimeMs()].slice(-REBOOTS_PER_DAY_MAX);
		if (this.#save()) return { kind: "granted" };
		this.#record.failedBoots = before.failedBoots;
		this.#record.reboots = before.reboots;
		return { kind: "denied", reason: "storage" };
	}

	#uptimeMs(): number {
		return this.#record.uptimeMs + Math.floor(this.#clock.monotonicMs() - this.#savedAtMs);
	}

	/** The record of before, once it can be read, and what this boot adds to it. */
	#readAgain(): void {
		if (!this.#isUnread) return;
		const loaded = this.#load();
		if (loaded === "unreadable") return;
		this.#isUnread = false;
		const record = loaded === "damaged" ? exhausted() : loaded;
		countBoot(record, this.#lastReset);
		if (!this.#record.isUnproven) Object.assign(record, { isUnproven: false, failedBoots: 0 });
		this.#record = record;
		this.#save();
	}

	/** Whether it is durable. A worn flash must not keep the device from starting. */
	#save(): boolean {
		if (this.#isUnread) return false;
		const uptimeMs = this.#uptimeMs();
		this.#savedAtMs = this.#clock.monotonicMs();
		this.#record.uptimeMs = uptimeMs;
		const since = uptimeMs - this.#timings.rebootDayMs;
		this.#record.reboots = this.#record.reboots.filter((atMs) => atMs > since);
		try {
			this.#store.write(KEY, encodeRecord(this.#record));
			return true;
		} catch (error) {
			storageCodeOf(error);
			return false;
		}
	}

	/** A fresh record where none was ever written. */
	#load(): Stored | "damaged" | "unreadable" {
		let bytes: ArrayBuffer | undefined;
		try {
			bytes = this.#store.read(KEY);
		} catch (error) {
			storageCodeOf(error);
			return "unreadable";
		}
		return bytes ? (decodeRecord(new Uint8Array(bytes)) ?? "damaged") : fresh();
	}
}

/** What a boot after `reason` makes of the record. Whether that is to be written. */
function countBoot(record: Stored, reason: ResetReason): boolean {
	const { isUnproven: wasUnproven, failedBoots: failedBefore } = record;
	if (wasUnproven && isFailure(reason)) {
		record.failedBoots = Math.min(record.failedBoots + 1, SAFE_MODE_FAILED_BOOTS);
	}
	// Somebody is at the device: one try in normal mode, and one failure leads back.
	if (isByHand(reason) && record.failedBoots >= SAFE_MODE_FAILED_BOOTS) {
		record.failedBoots = SAFE_MODE_FAILED_BOOTS - 1;
	}
	record.isUnproven = true;
	return !wasUnproven || record.failedBoots !== failedBefore;
}

function isFailure(reason: ResetReason): boolean {
	return reason === "watchdog" || reason === "panic" || reason === "abort";
}

function isByHand(reason: ResetReason): boolean {
	return reason === "power-on" || reason === "external";
}

function fresh(): Stored {
	return { failedBoots: 0, isUnproven: false, uptimeMs: 0, reboots: [] };
}

/** Nobody knows what was spent: nothing is left until a day has been run. */
function exhausted(): Stored {
	return { ...fresh(), reboots: new Array<number>(REBOOTS_PER_DAY_MAX).fill(0) };
}

function encodeRecord(record: Stored): Uint8Array {
	assert(record.reboots.length <= REBOOTS_PER_DAY_MAX, "reboots fit the record");
	const bytes = new Uint8Array(RECORD_BYTES);
	const flags = record.isUnproven ? FLAG_UNPROVEN : 0;
	bytes.set([VERSION, record.failedBoots, flags, record.reboots.length]);
	bytes.set(uint64Bytes(record.uptimeMs), HEADER_BYTES);
	record.reboots.forEach((atMs, index) => {
		bytes.set(uint64Bytes(atMs), HEADER_BYTES + STAMP_BYTES * (1 + index));
	});
	const crcOffset = RECORD_BYTES - CRC_BYTES;
	new DataView(bytes.buffer).setUint32(crcOffset, crc32(bytes.subarray(0, crcOffset)));
	return bytes;
}

function decodeRecord(bytes: Uint8Array): Stored | undefined {
	const crcOffset = RECORD_BYTES - CRC_BYTES;
	if (bytes.length !== RECORD_BYTES || bytes[0] !== VERSION) return undefined;
	const view = new DataView(bytes.buffer, bytes.byteOffset, RECORD_BYTES);
	if (view.getUint32(crcOffset) !== crc32(bytes.subarray(0, crcOffset))) return undefined;
	const [, failedBoots, flags, count] = bytes as unknown as [number, number, number, number];
	if (failedBoots > SAFE_MODE_FAILED_BOOTS || flags > FLAG_UNPROVEN) return undefined;
	if (count > REBOOTS_PER_DAY_MAX) return undefined;
	const stamps: number[] = [];
	for (let index = 0; index <= count; index++) {
		const offset = HEADER_BYTES + STAMP_BYTES * index;
		const stamp = uint64From(bytes.subarray(offset, offset + STAMP_BYTES));
		if (stamp === undefined) return undefined;
		stamps.push(stamp);
	}
	const [uptimeMs, ...reboots] = stamps as [number, ...number[]];
	if (reboots.some((atMs) => atMs > uptimeMs)) return undefined;
	return { failedBoots, isUnproven: flags === FLAG_UNPROVEN, uptimeMs, reboots };
}
