// Key-value storage with the limits of NVS, in memory. Each write is atomic: a power cut leaves the
// old value or the new one, never a mixture. Contents survive `PowerSupply.restore`.

import { KEY_VALUE_BYTES_MAX, KEY_VALUE_NAME_MAX } from "../../src/limits.js";
import type {
	ByteSource,
	KeyValueStorage,
	KeyValueStore,
	StorageErrorCode,
} from "../../src/ports.js";
import { copyOf } from "./byte-queue.js";
import { PowerSupply } from "./power.js";
import { StorageError } from "./storage-error.js";

/** A usual NVS partition is 24 KB, of which about two thirds can hold values. */
const CAPACITY_BYTES = 64 * 1024;
/** NVS spends an entry of 32 bytes on each key besides its value. */
const ENTRY_BYTES = 32;

export interface VirtualKeyValueOptions {
	readonly power?: PowerSupply;
	readonly capacityBytes?: number;
}

export class VirtualKeyValue implements KeyValueStorage {
	readonly #paths = new Map<string, Map<string, Uint8Array>>();
	readonly #power: PowerSupply;
	readonly #capacityBytes: number;
	/** From now on writes fail so; reading goes on. Clears like any field. */
	writeFault: StorageErrorCode | undefined;
	/** From now on neither opening nor reading succeeds. */
	isUnreadable = false;
	#writes = 0;

	constructor(options: VirtualKeyValueOptions = {}) {
		this.#power = options.power ?? new PowerSupply();
		this.#capacityBytes = options.capacityBytes ?? CAPACITY_BYTES;
	}

	/** Writes and deletions ever performed: what wears the flash. */
	get writes(): number {
		return this.#writes;
	}

	/** Another storage with the same contents, on another power supply. */
	copy(power: PowerSupply): VirtualKeyValue {
		const storage = new VirtualKeyValue({ power, capacityBytes: this.#capacityBytes });
		for (const [path, entries] of this.#paths) {
			for (const [key, value] of entries) storage.plant(path, key, value);
		}
		storage.#writes = this.#writes;
		return storage;
	}

	open(options: { path: string; format: "buffer"; mode?: "r" | "r+" }): KeyValueStore {
		checkName(options.path, "path");
		if (options.format !== "buffer") throw new TypeError("format: not buffer");
		this.#requireReadable();
		const canWrite = options.mode !== "r";
		return new VirtualKeyValueStore(this, options.path, canWrite);
	}

	/** Puts a value there as if it always had been: for tests of corrupt and foreign contents. */
	plant(path: string, key: string, value: Uint8Array | undefined): void {
		const entries = this.#entries(path);
		if (value) entries.set(key, value.slice());
		else entries.delete(key);
	}

	/** A copy of the value, whether or not there is power. */
	peek(path: string, key: string): Uint8Array | undefined {
		return this.#paths.get(path)?.get(key)?.slice();
	}

	/** Everything stored, as `path/key` and a copy of the value. */
	contents(): [string, Uint8Array][] {
		const list: [string, Uint8Array][] = [];
		for (const [path, entries] of this.#paths) {
			for (const [key, value] of entries) list.push([`${path}/${key}`, value.slice()]);
		}
		return list;
	}

	/** For {@link VirtualKeyValueStore} alone. */
	keys(path: string): string[] {
		this.#power.require();
		this.#requireReadable();
		return [...this.#entries(path).keys()];
	}

	/** For {@link VirtualKeyValueStore} alone. */
	get(path: string, key: string): Uint8Array | undefined {
		this.#power.require();
		this.#requireReadable();
		return this.#entries(path).get(key);
	}

	/** For {@link VirtualKeyValueStore} alone. `undefined` deletes. */
	put(path: string, key: string, value: Uint8Array | undefined): void {
		this.#power.require();
		if (this.writeFault) throw new StorageError(this.writeFault, "write failed");
		const entries = this.#entries(path);
		if (value) this.#requireRoom(entries.get(key), value);
		else if (!entries.has(key)) return;
		const apply = (): void => {
			this.#writes++;
			if (value) entries.set(key, value);
			else entries.delete(key);
		};
		this.#power.perform("key-value", apply, (random) => {
			if (random.oneIn(2)) apply(); // atomic: the old value or the new one
		});
	}

	#requireReadable(): void {
		if (this.isUnreadable) throw new StorageError("storage-unreadable", "read failed");
	}

	#requireRoom(old: Uint8Array | undefined, value: Uint8Array): void {
		let used = ENTRY_BYTES + value.length - (old ? ENTRY_BYTES + old.length : 0);
		for (const entries of this.#paths.values()) {
			for (const stored of entries.values()) used += ENTRY_BYTES + stored.length;
		}
		if (used > this.#capacityBytes) throw new StorageError("storage-full", "no room");
	}

	#entries(path: string): Map<string, Uint8Array> {
		let entries = this.#paths.get(path);
		if (!entries) this.#paths.set(path, (entries = new Map()));
		return entries;
	}
}

class VirtualKeyValueStore implements KeyValueStore {
	#storage: VirtualKeyValue | undefined;
	readonly #path: string;
	readonly #canWrite: boolean;

	constructor(storage: VirtualKeyValue, path: string, canWrite: boolean) {
		this.#storage = storage;
		this.#path = path;
		this.#canWrite = canWrite;
	}

	read(key: string): ArrayBuffer | undefined {
		checkName(key, "key");
		const value = this.#opened().get(this.#path, key);
		return value && (value.slice().buffer as ArrayBuffer);
	}

	write(key: string, value: ByteSource): void {
		checkName(key, "key");
		const bytes = copyOf(value);
		if (bytes.length > KEY_VALUE_BYTES_MAX) throw new RangeError("value: too long");
		this.#writable().put(this.#path, key, bytes);
	}

	delete(key: string): void {
		checkName(key, "key");
		this.#writable().put(this.#path, key, undefined);
	}

	close(): void {
		this.#storage = undefined;
	}

	[Symbol.iterator](): IterableIterator<string> {
		return this.#opened().keys(this.#path)[Symbol.iterator]();
	}

	#opened(): VirtualKeyValue {
		if (!this.#storage) throw new Error("closed");
		return this.#storage;
	}

	#writable(): VirtualKeyValue {
		const storage = this.#opened();
		if (!this.#canWrite) throw new Error("opened for reading");
		return storage;
	}
}

function checkName(name: string, argument: string): void {
	if (typeof name !== "string" || name.length === 0 || name.length > KEY_VALUE_NAME_MAX) {
		throw new RangeError(`${argument}: 1 to ${KEY_VALUE_NAME_MAX} characters`);
	}
	for (let index = 0; index < name.length; index++) {
		const code = name.charCodeAt(index);
		if (code < 0x20 || code > 0x7e) throw new RangeError(`${argument}: not ASCII`);
	}
}
