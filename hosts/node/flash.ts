// NOR flash partitions as files, written in place. What NOR forbids is refused here: a unit that is
// programmed twice between erases, and anything that is not whole, aligned units.
import { closeSync, existsSync, fdatasyncSync, fstatSync, openSync } from "node:fs";
import { readSync, renameSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import type { ByteSource, FlashPartition, FlashStatus, FlashStorage } from "../../src/ports.js";
import { arrayBufferOf, checkInteger, checkOptions, checkString, copyBytes } from "./checks.js";
import { makeFolder } from "./make-folder.js";
import { HostPortError } from "./port-error.js";

const BLOCK_BYTES = 4096;
const UNIT_BYTES = 32;
const ERASED = 0xff;

export interface FlashFilesOptions {
	/** Holds one file per partition. */
	folder: string;
	/** The partition table: name to size in bytes, whole blocks. */
	partitions: Readonly<Record<string, number>>;
	/**
	 * "none" leaves durability to the operating system: it survives a killed process, not a power
	 * cut.
	 */
	sync?: "always" | "none" | undefined;
}

export class FlashFiles implements FlashStorage {
	readonly #options: FlashFilesOptions;

	constructor(options: FlashFilesOptions) {
		const { folder, partitions, sync = "always" } = checkOptions(options);
		checkString(folder, "folder");
		if (sync !== "always" && sync !== "none") throw new TypeError("sync: unknown");
		for (const [name, size] of Object.entries(partitions)) {
			checkInteger(size / BLOCK_BYTES, `partitions.${name} in blocks`, 1, 0x10000);
		}
		this.#options = { folder, partitions: { ...partitions }, sync };
	}

	open(options: { path: string; mode?: "r" | "r+" }): FlashPartition {
		const { path, mode = "r+" } = checkOptions(options);
		checkString(path, "path");
		if (mode !== "r" && mode !== "r+") throw new TypeError('mode: neither "r" nor "r+"');
		const { folder, partitions, sync } = this.#options;
		const size = Object.hasOwn(partitions, path) ? partitions[path] : undefined;
		if (size === undefined) throw new HostPortError("storage-unreadable", "no such partition");
		let descriptor: number;
		try {
			descriptor = openImage(folder, `${path}.flash`, size, mode);
		} catch (error) {
			throw new HostPortError("storage-unreadable", `storage-unreadable: ${String(error)}`);
		}
		if (fstatSync(descriptor).size !== size) {
			closeSync(descriptor);
			throw new HostPortError("storage-unreadable", "the image has another size");
		}
		return new FlashFile(descriptor, size, mode === "r", sync === "always");
	}
}

class FlashFile implements FlashPartition {
	readonly #descriptor: number;
	readonly #size: number;
	readonly #isReadOnly: boolean;
	readonly #isSynced: boolean;
	#isClosed = false;

	constructor(descriptor: number, size: number, isReadOnly: boolean, isSynced: boolean) {
		this.#descriptor = descriptor;
		this.#size = size;
		this.#isReadOnly = isReadOnly;
		this.#isSynced = isSynced;
	}

	read(byteLength: number, byteOffset: number): ArrayBuffer {
		this.#checkOpen(false);
		checkInteger(byteLength, "byteLength", 0, this.#size);
		checkInteger(byteOffset, "byteOffset", 0, this.#size - byteLength);
		return arrayBufferOf(this.#readImage(byteLength, byteOffset));
	}

	write(bytes: ByteSource, byteOffset: number): void {
		this.#checkOpen(true);
		const copy = copyBytes(bytes);
		checkInteger(copy.length / UNIT_BYTES, "bytes in units", 0, this.#size / UNIT_BYTES);
		checkInteger(byteOffset, "byteOffset", 0, this.#size - copy.length);
		checkInteger(byteOffset / UNIT_BYTES, "byteOffset in units", 0, this.#size / UNIT_BYTES);
		if (this.#readImage(copy.length, byteOffset).some((byte) => byte !== ERASED)) {
			throw new RangeError("flash: unit programmed twice");
		}
		this.#program(copy, byteOffset);
	}

	eraseBlock(start: number, end = start + 1): void {
		this.#checkOpen(true);
		const blocks = this.#size / BLOCK_BYTES;
		checkInteger(start, "start", 0, blocks - 1);
		checkInteger(end, "end", start + 1, blocks);
		this.#program(Buffer.alloc((end - start) * BLOCK_BYTES, ERASED), start * BLOCK_BYTES);
	}

	status(): FlashStatus {
		this.#checkOpen(false);
		return {
			size: this.#size,
			blockLength: BLOCK_BYTES,
			blocks: this.#size / BLOCK_BYTES,
			writeAlign: UNIT_BYTES,
			eraseValue: ERASED,
		};
	}

	close(): void {
		if (this.#isClosed) return;
		this.#isClosed = true;
		closeSync(this.#descriptor);
	}

	#checkOpen(forWriting: boolean): void {
		if (this.#isClosed) throw new Error("flash partition: closed");
		if (forWriting && this.#isReadOnly) throw new Error("flash partition: read only");
	}

	#readImage(byteLength: number, byteOffset: number): Buffer {
		const bytes = Buffer.alloc(byteLength);
		let count = 0;
		try {
			count = readSync(this.#descriptor, bytes, 0, byteLength, byteOffset);
		} catch (error) {
			throw new HostPortError("storage-unreadable", `storage-unreadable: ${String(error)}`);
		}
		if (count !== byteLength) throw new HostPortError("storage-unreadable");
		return bytes;
	}

	#program(bytes: Buffer, byteOffset: number): void {
		try {
			let written = 0;
			while (written < bytes.length) {
				written += writeSync(
					this.#descriptor,
					bytes,
					written,
					bytes.length - written,
					byteOffset + written,
				);
			}
			if (this.#isSynced) fdatasyncSync(this.#descriptor);
		} catch (error) {
			throw new HostPortError("storage-worn", `storage-worn: ${String(error)}`);
		}
	}
}

/** Opens the image; a new partition is blank, and appears whole or not at all. */
function openImage(folder: string, name: string, size: number, mode: string): number {
	const file = join(folder, name);
	if (!existsSync(file)) {
		makeFolder(folder);
		writeFileSync(`${file}.temporary`, Buffer.alloc(size, ERASED), { mode: 0o600, flush: true });
		renameSync(`${file}.temporary`, file);
	}
	return openSync(file, mode);
}
