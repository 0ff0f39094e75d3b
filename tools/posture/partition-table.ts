// A partition table as CSV, in the form of ESP-IDF's gen_esp32part.py, as far as our tables use it.
import { quote } from "../command-line.js";

export interface Partition {
	readonly name: string;
	/** `app`, `data` or a number. */
	readonly type: string;
	readonly subtype: string;
	readonly offset: number;
	readonly size: number;
	readonly isEncrypted: boolean;
}

/** Bytes of an erasable block of flash; every data partition begins at one. */
export const FLASH_BLOCK_BYTES = 0x1000;
/** App partitions begin at such a boundary: flash is mapped in pages of 64 KB. */
export const APP_ALIGNMENT_BYTES = 0x10000;

const NAME_CHARACTERS_MAX = 15;
const PARTITIONS_MAX = 95;
const FLAGS = ["encrypted", "readonly"];
const SIZE = /^(0x[0-9a-fA-F]+|[0-9]+)([kKmM]?)$/;
const UNIT: Readonly<Record<string, number>> = { "": 1, k: 1024, m: 1024 * 1024 };

/**
 * Reads a table. Partitions without an offset follow the one before them; the first follows
 * `start`. Throws an Error with file and line for what gen_esp32part.py would refuse.
 */
export function parsePartitions(text: string, file: string, start: number): Partition[] {
	const partitions: Partition[] = [];
	let next = start;
	for (const [index, line] of text.split(/\r?\n/).entries()) {
		if (line.trim() === "" || line.trim().startsWith("#")) continue;
		const at = `${file}:${index + 1}`;
		const partition = parseLine(line, at, next);
		if (partitions.some(({ name }) => name === partition.name)) {
			throw new Error(`${at}: a second partition ${quote(partition.name)}`);
		}
		partitions.push(partition);
		next = partition.offset + partition.size;
	}
	if (partitions.length === 0) throw new Error(`${file}: no partitions`);
	if (partitions.length > PARTITIONS_MAX) throw new Error(`${file}: more than ${PARTITIONS_MAX}`);
	return partitions;
}

function parseLine(line: string, at: string, next: number): Partition {
	const [name = "", type = "", subtype = "", offset = "", size = "", flags = "", ...rest] = line
		.split(",")
		.map((field) => field.trim());
	if (rest.length > 0) throw new Error(`${at}: more than six fields`);
	if (name === "" || name.length > NAME_CHARACTERS_MAX) {
		throw new Error(`${at}: a name of 1 to ${NAME_CHARACTERS_MAX} characters, not ${quote(name)}`);
	}
	if (type === "" || subtype === "") throw new Error(`${at}: type or subtype is missing`);
	const alignment = type === "app" ? APP_ALIGNMENT_BYTES : FLASH_BLOCK_BYTES;
	const from = offset === "" ? Math.ceil(next / alignment) * alignment : parseSize(offset, at);
	if (from % alignment !== 0) throw new Error(`${at}: ${quote(name)} is not aligned`);
	const isEncrypted = parseFlags(flags, at).includes("encrypted");
	return { name, type, subtype, offset: from, size: parseSize(size, at), isEncrypted };
}

function parseSize(text: string, at: string): number {
	const [, digits, unit = ""] = SIZE.exec(text) ?? [];
	if (digits === undefined) throw new Error(`${at}: not a size: ${quote(text)}`);
	return Number(digits) * (UNIT[unit.toLowerCase()] as number);
}

function parseFlags(text: string, at: string): string[] {
	const flags = text.split(":").filter((flag) => flag !== "");
	const unknown = flags.find((flag) => !FLAGS.includes(flag));
	if (unknown !== undefined) throw new Error(`${at}: no such flag: ${quote(unknown)}`);
	return flags;
}
