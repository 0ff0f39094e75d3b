// Two slots for configurations and the record that says which one counts. A new configuration is on
// trial until it has connected; the old one waits in its slot and returns by itself. What a
// configuration means is not known here beyond its being valid and for this device.

import { deepFreeze } from "../deep-freeze.js";
import { assert } from "../assert.js";
import { equalBytes } from "../bytes/arrays.js";
import { Secret } from "../bytes/secret.js";
import { CANDIDATE_FAILURES_MAX, CANDIDATE_STARTS_MAX } from "../limits.js";
import type { DeviceEvent, KeyValueStorage, KeyValueStore, StorageErrorCode } from "../ports.js";
import { storageCodeOf } from "../storage-code.js";
import {
	TLS_KEY_NAMES,
	decodeConfiguration,
	type Configuration,
	type TLSKeyName,
} from "./configuration.js";
import {
	decodeDeviceId,
	decodeRecord,
	decodeSlot,
	encodeDeviceId,
	encodeRecord,
	encodeSlot,
	generationAfter,
	type ActiveRecord,
	type SlotIndex,
	type SlotReference,
} from "./slot-entry.js";

export interface SlotContents extends SlotReference {
	readonly configuration: Configuration;
	/** The bytes that were installed: passwords are in them. */
	readonly installed: Secret;
}

/** What to connect with. */
export interface Chosen extends SlotContents {
	/** On trial: call `promote` once the connection is stable, `failed` when it is refused. */
	readonly isCandidate: boolean;
}

export type Staged =
	/** Committed: as the active configuration on a device that had none, else as the candidate. */
	| { readonly kind: "active" | "candidate"; readonly slot: SlotIndex }
	| { readonly kind: "invalid"; readonly path: string; readonly expected: string }
	/** Storage failed, or gave back other bytes than were written. Nothing has changed. */
	| { readonly kind: "failed"; readonly code: StorageErrorCode };

export type ConfigurationJudge = (
	configuration: Configuration,
) => { readonly path: string; readonly expected: string } | undefined;

const PATH = "hf-cred";
const SLOT_KEYS = deepFreeze(["slot-0", "slot-1"]);
const RECORD_KEY = "active";
const DEVICE_KEY = "device";
const NOTHING: ActiveRecord = deepFreeze({
	active: undefined,
	candidate: undefined,
	startsLeft: 0,
});

/**
 * Every change of state is one atomic write of the active record; the writes around it only prepare
 * or tidy up, so a power cut anywhere leaves the state before or after.
 */
export class CredentialSlots {
	readonly #store: KeyValueStore;
	readonly #findings: DeviceEvent[] = [];
	#record: ActiveRecord = NOTHING;
	#deviceId: string | undefined;
	#failures = 0;
	/** What kept the store from being read; nothing is known then, and nothing is written. */
	#fault: unknown;

	/**
	 * Reads what is stored, and repairs what a power cut or a fault left. See {@link takeFindings}.
	 * A store that cannot be read is {@link isUnreadable}, and never taken for an empty one.
	 */
	constructor(storage: KeyValueStorage) {
		this.#store = storage.open({ path: PATH, format: "buffer", mode: "r+" });
		this.#mount();
	}

	/** Until `begin` finds otherwise. All but `begin`, `failed` and `holds` throw the port error. */
	get isUnreadable(): boolean {
		return this.#fault !== undefined;
	}

	/** What was found wrong and repaired since the last call; the caller reports it. */
	takeFindings(): DeviceEvent[] {
		return this.#findings.splice(0);
	}

	/** The device's name: permanent from the first commit until `erase`. */
	get deviceId(): string | undefined {
		return this.#deviceId;
	}

	/** The configuration that has been proved, or the first one. */
	active(): SlotContents | undefined {
		this.#requireReadable();
		return this.#load(this.#record.active);
	}

	/** The configuration on trial. */
	candidate(): SlotContents | undefined {
		this.#requireReadable();
		return this.#load(this.#record.candidate);
	}

	/**
	 * What to connect with, once per start of the device: the candidate while it has starts left.
	 * The start is counted durably before it is granted, so a candidate that crashes the device
	 * runs out as well.
	 */
	begin(): Chosen | undefined {
		this.#failures = 0;
		if (this.isUnreadable) this.#mount();
		return this.isUnreadable ? undefined : this.#unlessUnreadable(() => this.#choose());
	}

	#choose(): Chosen | undefined {
		const candidate = this.candidate();
		if (candidate !== undefined && this.#countStart()) return { ...candidate, isCandidate: true };
		if (this.#record.candidate !== undefined) this.revert();
		const active = this.active();
		return active === undefined ? undefined : { ...active, isCandidate: false };
	}

	/**
	 * A connection with the candidate failed for a reason that speaks against it (not: no network).
	 * After CANDIDATE_FAILURES_MAX of them the old configuration is back; the caller then calls
	 * `begin` again.
	 */
	failed(): "kept" | "reverted" {
		if (this.#record.candidate === undefined) return "kept";
		if (++this.#failures < CANDIDATE_FAILURES_MAX) return "kept";
		this.revert();
		return "reverted";
	}

	/**
	 * The candidate is proved: it is the active one from now on. `false` where it is the candidate
	 * no more.
	 */
	promote(proved: SlotReference): boolean {
		const candidate = this.#record.candidate;
		if (candidate === undefined || !isSame(candidate, proved)) return false;
		const isWritten = this.#commit({ ...NOTHING, active: candidate });
		if (isWritten) this.#find("credential-promoted", candidate.slot);
		return isWritten;
	}

	/** Whether `reference` is the active configuration or the one on trial, as of now. */
	holds(reference: SlotReference): boolean {
		const { active, candidate } = this.#record;
		return [active, candidate].some((held) => held !== undefined && isSame(held, reference));
	}

	/** Gives the candidate up. The old configuration is the one in use, as it was. */
	revert(): void {
		const candidate = this.#record.candidate;
		if (candidate === undefined) return;
		if (this.#commit({ ...NOTHING, active: this.#record.active })) {
			this.#find("credential-reverted", candidate.slot);
		}
	}

	/** The name for a new TLS key: never that of the key in use. */
	get freeKeyName(): TLSKeyName {
		const used = this.active()?.configuration.keyName;
		return used === TLS_KEY_NAMES[0] ? TLS_KEY_NAMES[1] : TLS_KEY_NAMES[0];
	}

	/** Before the key `freeKeyName` is replaced: whatever depended on the old one is given up. */
	release(): void {
		this.#requireReadable();
		this.revert();
		if (this.#record.candidate === undefined) this.#store.delete(SLOT_KEYS[this.#freeSlot()]);
	}

	/**
	 * Stores a configuration in the free slot, reads it back, and commits it. Repeating it changes
	 * nothing. `judge` may refuse what is not known here: the policy, or a key that is not there.
	 */
	stage(bytes: Uint8Array, judge?: ConfigurationJudge): Staged {
		const decoded = decodeConfiguration(bytes);
		if (decoded.kind === "invalid") return decoded;
		const problem = judge?.(decoded.value);
		if (problem !== undefined) return { kind: "invalid", ...problem };
		const { deviceId } = decoded.value;
		if (this.#deviceId !== undefined && this.#deviceId !== deviceId) {
			return { kind: "invalid", path: "deviceId", expected: `${this.#deviceId}: it is permanent` };
		}
		for (const [kind, contents] of [
			["active", this.active()],
			["candidate", this.candidate()],
		] as const) {
			// An active one is only a repetition where no candidate would take its place.
			if (kind === "active" && this.#record.candidate !== undefined) continue;
			if (contents !== undefined && equalBytes(contents.installed.reveal(), bytes)) {
				return { kind, slot: contents.slot };
			}
		}
		return this.#stageNew(bytes, deviceId);
	}

	/**
	 * Factory reset of this part: afterwards the device is new and has no name. Keys are not
	 * touched.
	 */
	erase(): void {
		// In this order: until the record is gone, mounting would restore what is missing.
		this.#store.delete(DEVICE_KEY);
		this.#store.delete(RECORD_KEY);
		for (const key of SLOT_KEYS) this.#store.delete(key);
		this.#record = NOTHING;
		this.#deviceId = undefined;
	}

	close(): void {
		this.#store.close();
	}

	#stageNew(bytes: Uint8Array, deviceId: string): Staged {
		// A candidate would be overwritten: it stops being one before its slot changes.
		this.revert();
		if (this.#record.candidate !== undefined) return { kind: "failed", code: "storage-worn" };
		const slot = this.#freeSlot();
		const newest = Math.max(...SLOT_INDEXES.map((each) => this.#stored(each)?.generation ?? 0));
		const reference = { slot, generation: generationAfter(newest) };
		const code = this.#write(SLOT_KEYS[slot], encodeSlot(reference.generation, bytes));
		if (code !== undefined) return { kind: "failed", code };
		const stored = this.#load(reference);
		if (stored === undefined || !equalBytes(stored.installed.reveal(), bytes)) {
			return { kind: "failed", code: "storage-unreadable" };
		}
		const isFirst = this.#record.active === undefined;
		const record: ActiveRecord = isFirst
			? { ...NOTHING, active: reference }
			: {
					active: this.#record.active,
					candidate: reference,
					startsLeft: CANDIDATE_STARTS_MAX,
				};
		if (!this.#commit(record)) return { kind: "failed", code: "storage-worn" };
		if (this.#deviceId === undefined) this.#nameDevice(deviceId);
		return { kind: isFirst ? "active" : "candidate", slot };
	}

	#mount(): void {
		this.#fault = undefined;
		this.#unlessUnreadable(() => this.#readAll());
	}

	/** Nothing is repaired on hearsay: whatever cannot be read leaves everything as it is. */
	#unlessUnreadable<Result>(access: () => Result): Result | undefined {
		try {
			return access();
		} catch (error) {
			const code = storageCodeOf(error);
			this.#fault = error;
			this.#findings.push({ name: "storage-failed", path: PATH, code });
			return undefined;
		}
	}

	#readAll(): void {
		const device = this.#store.read(DEVICE_KEY);
		this.#deviceId = device && decodeDeviceId(new Uint8Array(device));
		const bytes = this.#store.read(RECORD_KEY);
		const record = bytes && decodeRecord(new Uint8Array(bytes));
		if (record !== undefined) this.#record = record;
		// The name is written after the first commit: where it is, there was a record.
		else if (bytes !== undefined || device !== undefined) this.#rebuildRecord();
		else this.#dropUncommitted();
		this.#checkActive();
		this.#checkCandidate();
		const active = this.active();
		if (active !== undefined && this.#deviceId === undefined) {
			this.#nameDevice(active.configuration.deviceId);
		}
	}

	/** A slot without any record was staged and never committed, or is the rest of an erase. */
	#dropUncommitted(): void {
		for (const key of SLOT_KEYS) {
			if (this.#store.read(key) !== undefined) this.#store.delete(key);
		}
	}

	/**
	 * The record is lost: the older configuration is taken for the proved one, the newer goes on
	 * trial.
	 */
	#rebuildRecord(): void {
		this.#findings.push({ name: "credential-record-corrupt" });
		const found = SLOT_INDEXES.flatMap((slot) => {
			const generation = this.#stored(slot)?.generation;
			return generation !== undefined && this.#load({ slot, generation }) !== undefined
				? [{ slot, generation }]
				: [];
		}).sort((left, right) => left.generation - right.generation);
		const [active, candidate] = found;
		this.#commit({
			active,
			candidate,
			startsLeft: candidate === undefined ? 0 : CANDIDATE_STARTS_MAX,
		});
	}

	#checkActive(): void {
		const active = this.#record.active;
		if (active === undefined || this.#load(active) !== undefined) return;
		this.#find("credential-slot-corrupt", active.slot);
		// The other slot holds the candidate, or the configuration that was in use before this one.
		const slot: SlotIndex = active.slot === 0 ? 1 : 0;
		const generation = this.#stored(slot)?.generation;
		const other = generation === undefined ? undefined : { slot, generation };
		this.#commit({ ...NOTHING, active: this.#load(other) === undefined ? undefined : other });
	}

	#checkCandidate(): void {
		const candidate = this.#record.candidate;
		if (candidate === undefined || this.#load(candidate) !== undefined) return;
		this.#find("credential-slot-corrupt", candidate.slot);
		this.revert();
	}

	#load(reference: SlotReference | undefined): SlotContents | undefined {
		if (reference === undefined) return undefined;
		const stored = this.#stored(reference.slot);
		if (stored === undefined || stored.generation !== reference.generation) return undefined;
		const decoded = decodeConfiguration(stored.configuration);
		if (decoded.kind === "invalid") return undefined;
		const { slot, generation } = reference;
		const installed = new Secret(stored.configuration);
		return { slot, generation, configuration: decoded.value, installed };
	}

	#stored(slot: SlotIndex): ReturnType<typeof decodeSlot> {
		this.#requireReadable();
		const bytes = this.#store.read(SLOT_KEYS[slot]);
		return bytes && decodeSlot(new Uint8Array(bytes));
	}

	#requireReadable(): void {
		if (this.#fault !== undefined) throw this.#fault;
	}

	#freeSlot(): SlotIndex {
		return this.#record.active?.slot === 0 ? 1 : 0;
	}

	#countStart(): boolean {
		const { startsLeft } = this.#record;
		return startsLeft > 0 && this.#commit({ ...this.#record, startsLeft: startsLeft - 1 });
	}

	#nameDevice(deviceId: string): void {
		this.#deviceId = deviceId;
		// Where this write fails the next start repeats it.
		this.#write(DEVICE_KEY, encodeDeviceId(deviceId));
	}

	/** The one write that counts. Where storage fails nothing has changed. */
	#commit(record: ActiveRecord): boolean {
		assert(
			record.candidate === undefined || record.candidate.slot !== record.active?.slot,
			"the candidate is not in the active slot",
		);
		if (this.#write(RECORD_KEY, encodeRecord(record)) !== undefined) return false;
		this.#record = record;
		return true;
	}

	#write(key: string, bytes: Uint8Array): StorageErrorCode | undefined {
		try {
			this.#store.write(key, bytes);
			return undefined;
		} catch (error) {
			const code = storageCodeOf(error);
			this.#findings.push({ name: "storage-failed", path: PATH, code });
			return code;
		}
	}

	#find(name: string, slot: SlotIndex): void {
		this.#findings.push({ name, slot });
	}
}

const SLOT_INDEXES: readonly SlotIndex[] = deepFreeze([0, 1]);

function isSame(left: SlotReference, right: SlotReference): boolean {
	return left.slot === right.slot && left.generation === right.generation;
}
