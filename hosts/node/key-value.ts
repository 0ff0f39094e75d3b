// Key-value storage as files, one per entry, with the rules of ESP-IDF's NVS: short names, one
// partition of bounded size, each write atomic and durable when it returns.
import { closeSync, fsyncSync, openSync } from "node:fs";
import { readdirSync, readFileSync, renameSync, rmSync, statSync, writeSync } from "node:fs";
import { join } from "node:path";
import { KEY_VALUE_BYTES_MAX, KEY_VALUE_NAME_MAX } from "../../src/limits.js";
import type { ByteSource, KeyValueStorage, KeyValueStore } from "../../src/ports.js";
import { arrayBufferOf, checkOptions, copyBytes } from "./checks.js";
import { makeFolder } from "./make-folder.js";
import { HostPortError } from "./port-error.js";

/** NVS keeps entries of 32 bytes, 126 to a page of 4096, and one page free. */
const ENTRY_BYTES = 32;
const PAGE_BYTES = 4096;
const PAGE_ENTRIES = 126;

/** Bytes of the partition: that of the ESP32 host. */
export const KEY_VALUE_PARTITION_BYTES = 0x10000;

const VALUE_SUFFIX = ".value";
const TEMPORARY_SUFFIX = ".temporary";

export interface KeyValueFilesOptions {
	/** Holds one folder per path. */
	folder: string;
	partitionBytes?: number;
	/**
	 * "none" leaves durability to the operating system: it survives a killed process, not a power
	 * cut.
	 */
	sync?: "always" | "none" | undefined;
}

/** What the stores of one partition share. */
interface Partition {
	readonly isSynced: boolean;
	readonly entriesMax: number;
	/** Units of ENTRY_BYTES in use. */
	entries: number;
}

export class KeyValueFiles implements KeyValueStorage {
	readonly #folder: string;
	readonly #partition: Partition;

	constructor(options: KeyValueFilesOptions) {
		const { folder, partitionBytes = KEY_VALUE_PARTITION_BYTES, sync } = checkOptions(options);
		this.#folder = folder;
		this.#partition = {
			isSynced: sync !== "none",
			entriesMax: (Math.floor(partitionBytes / PAGE_BYTES) - 1) * PAGE_ENTRIES,
			entries: 0,
		};
		readable(() => {
			makeFolder(folder);
			for (const path of readdirSync(folder)) {
				this.#partition.entries += adopt(join(folder, path));
			}
		});
	}

	open(options: { path: string; format: "buffer"; mode?: "r" | "r+" }): KeyValueStore {
		const { path, format, mode = "r+" } = checkOptions(options);
		checkName(path, "path");
		if (format !== "buffer") throw new TypeError('format: only "buffer" is known');
		if (mode !== "r" && mode !== "r+") throw new TypeError('mode: neither "r" nor "r+"');
		const folder = join(this.#folder, fileNameOf(path));
		readable(() => {
			if (mode === "r") statSync(folder);
			else if (makeFolder(folder) && this.#partition.isSynced) {
				syncFolder(this.#folder);
			}
		});
		return new KeyValueFolder(folder, this.#partition, mode === "r");
	}
}

class KeyValueFolder implements KeyValueStore {
	readonly #folder: string;
	readonly #partition: Partition;
	readonly #isReadOnly: boolean;
	#isClosed = false;

	constructor(folder: string, partition: Partition, isReadOnly: boolean) {
		this.#folder = folder;
		this.#partition = partition;
		this.#isReadOnly = isReadOnly;
	}

	read(key: string): ArrayBuffer | undefined {
		this.#checkOpen(false);
		const bytes = readIfThere(this.#fileOf(key, VALUE_SUFFIX));
		return bytes && arrayBufferOf(bytes);
	}

	write(key: string, value: ByteSource): void {
		this.#checkOpen(true);
		const file = this.#fileOf(key, VALUE_SUFFIX);
		const bytes = copyBytes(value, "value");
		if (bytes.length > KEY_VALUE_BYTES_MAX) throw new RangeError("value: too long");
		const before = entriesOf(readIfThere(file)?.length);
		const after = entriesOf(bytes.length);
		// The new value is written before the old one goes: both need room for a moment.
		if (this.#partition.entries + after > this.#partition.entriesMax) {
			throw new HostPortError("storage-full");
		}
		this.#replace(file, this.#fileOf(key, TEMPORARY_SUFFIX), bytes);
		this.#partition.entries += after - before;
	}

	delete(key: string): void {
		this.#checkOpen(true);
		const file = this.#fileOf(key, VALUE_SUFFIX);
		const before = readIfThere(file)?.length;
		if (before === undefined) return;
		writable(() => {
			rmSync(file);
			if (this.#partition.isSynced) syncFolder(this.#folder);
		});
		this.#partition.entries -= entriesOf(before);
	}

	close(): void {
		this.#isClosed = true;
	}

	[Symbol.iterator](): IterableIterator<string> {
		this.#checkOpen(false);
		const names = readable(() => readdirSync(this.#folder));
		const values = names.filter((name) => name.endsWith(VALUE_SUFFIX));
		return values.map((name) => decodeURIComponent(name.slice(0, -VALUE_SUFFIX.length))).values();
	}

	/** The old value or the new one is there at every moment, whole. */
	#replace(file: string, temporary: string, bytes: Uint8Array): void {
		writable(() => {
			const descriptor = openSync(temporary, "w", 0o600);
			try {
				writeSync(descriptor, bytes);
				if (this.#partition.isSynced) fsyncSync(descriptor);
			} finally {
				closeSync(descriptor);
			}
			renameSync(temporary, file);
			if (this.#partition.isSynced) syncFolder(this.#folder);
		});
	}

	#fileOf(key: string, suffix: string): string {
		checkName(key, "key");
		return join(this.#folder, fileNameOf(key) + suffix);
	}

	#checkOpen(forWriting: boolean): void {
		if (this.#isClosed) throw new Error("key-value store: closed");
		if (forWriting && this.#isReadOnly) throw new Error("key-value store: read only");
	}
}

function checkName(name: string, what: string): void {
	if (typeof name !== "string") throw new TypeError(`${what}: not a string`);
	if (!/^[ -~]+$/.test(name)) throw new TypeError(`${what}: not printable ASCII`);
	if (name.length > KEY_VALUE_NAME_MAX) throw new RangeError(`${what}: too long`);
}

/** Upper case is escaped too: some file systems do not tell it from lower case, NVS does. */
function fileNameOf(name: string): string {
	return name.replace(/[^a-z0-9_-]/g, (character) => {
		return `%${character.charCodeAt(0).toString(16).padStart(2, "0")}`;
	});
}

/** Removes what an interrupted write left in `folder`; returns the entries in use there. */
function adopt(folder: string): number {
	let entries = 0;
	for (const name of readdirSync(folder)) {
		if (name.endsWith(TEMPORARY_SUFFIX)) rmSync(join(folder, name));
		else entries += entriesOf(statSync(join(folder, name)).size);
	}
	return entries;
}

/** A buffer costs an index entry, a chunk header and its bytes. */
function entriesOf(byteLength: number | undefined): number {
	return byteLength === undefined ? 0 : 2 + Math.ceil(byteLength / ENTRY_BYTES);
}

function readIfThere(file: string): Buffer | undefined {
	try {
		return readFileSync(file);
	} catch (error) {
		if (codeOf(error) === "ENOENT") return undefined;
		throw new HostPortError("storage-unreadable", `storage-unreadable: ${codeOf(error)}`);
	}
}

function syncFolder(folder: string): void {
	const descriptor = openSync(folder, "r");
	try {
		fsyncSync(descriptor);
	} finally {
		closeSync(descriptor);
	}
}

function readable<T>(action: () => T): T {
	try {
		return action();
	} catch (error) {
		throw new HostPortError("storage-unreadable", `storage-unreadable: ${codeOf(error)}`);
	}
}

function writable(action: () => void): void {
	try {
		action();
	} catch (error) {
		const code = codeOf(error);
		const isFull = code === "ENOSPC" || code === "EDQUOT";
		throw new HostPortError(isFull ? "storage-full" : "storage-worn", `storage: ${code}`);
	}
}

function codeOf(error: unknown): string {
	return String((error as NodeJS.ErrnoException).code ?? error);
}
