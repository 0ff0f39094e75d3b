// The partition table: what must be there, where, and under which protection.
import { CONFIGURATION_BYTES_MAX, OUTBOX_BLOCKS_MIN, OUTBOX_UNITS_MAX } from "../../src/limits.js";
import { APP_ALIGNMENT_BYTES, FLASH_BLOCK_BYTES, type Partition } from "./partition-table.js";
import { range, setting, type Build, type Rule } from "./rule.js";

/** Bytes of flash of the smallest board. */
export const FLASH_BYTES = 4 * 1024 * 1024;
/** Least place of the table: secure boot's bootloader has up to 44 KB in front of it. */
const TABLE_OFFSET_MIN = 0xc000;
/** ota data: two blocks, written in turn. */
const OTA_DATA_BYTES = 0x2000;
/** NVS keys take one block. */
const NVS_KEYS_BYTES = 0x1000;
/** NVS for two configurations, one of them being rewritten, and everything else of ours. */
const STORAGE_BYTES_MIN = 0x10000;
/** The SDK's own NVS: ESP-IDF wants three blocks at least. */
const SDK_STORAGE_BYTES_MIN = 3 * FLASH_BLOCK_BYTES;
/** Bytes of a unit of the outbox's ring. */
const RING_UNIT_BYTES = 32;

/** The table that a build takes, and ESP-IDF's own that it could take instead. */
const TABLE_FILE = "partitions.csv";
const TABLES = ["SINGLE_APP", "SINGLE_APP_LARGE", "TWO_OTA", "TWO_OTA_LARGE"];

type Find = (partitions: readonly Partition[], build: Build) => string | undefined;

function layout(rule: Omit<Rule, "subject" | "find"> & Partial<Pick<Rule, "subject">>, find: Find) {
	return {
		subject: "partitions",
		...rule,
		find: (build: Build) => find(build.partitions, build),
	} satisfies Rule;
}

function named(partitions: readonly Partition[], name: string): Partition | undefined {
	return partitions.find((partition) => partition.name === name);
}

export const PARTITION_RULES: readonly Rule[] = [
	{
		id: "our-table",
		subject: "partitions",
		everyProfile: true,
		reason: "the image would have another table than the one that is judged here",
		mend: "CONFIG_PARTITION_TABLE_CUSTOM=y, its file as mcconfig names it",
		rivals: TABLES.map((table) => `PARTITION_TABLE_${table}`),
		find({ settings }) {
			if (settings.get("PARTITION_TABLE_CUSTOM") !== "y") return "not partitions.csv";
			const rival = this.rivals?.find((name) => settings.get(name) === "y");
			if (rival !== undefined) return `CONFIG_${rival} is y as well`;
			const file = settings.get("PARTITION_TABLE_CUSTOM_FILENAME") ?? TABLE_FILE;
			return file === TABLE_FILE ? undefined : `the file is ${file}`;
		},
	},
	setting({
		id: "flash-size",
		subject: "partitions",
		everyProfile: true,
		name: "ESPTOOLPY_FLASHSIZE_4MB",
		value: "y",
		rivals: ["1MB", "2MB", "8MB", "16MB"].map((size) => `ESPTOOLPY_FLASHSIZE_${size}`),
		reason: "the table fills 4 MB, and that is what every board has",
	}),
	setting({
		id: "table-checksum",
		subject: "partitions",
		everyProfile: true,
		name: "PARTITION_TABLE_MD5",
		value: "y",
		reason: "a damaged table would be believed",
	}),
	range({
		id: "table-offset",
		subject: "partitions",
		everyProfile: true,
		name: "PARTITION_TABLE_OFFSET",
		least: TABLE_OFFSET_MIN,
		most: TABLE_OFFSET_MIN,
		reason: "the table of partitions.csv begins behind it, and a signed bootloader needs the room",
	}),
	layout(
		{
			id: "flash-layout",
			everyProfile: true,
			reason: "partitions that overlap or leave the flash destroy each other",
			mend: "offsets and sizes one after the other, up to 4 MB",
		},
		(partitions, { settings }) => {
			let free =
				(settings.number("PARTITION_TABLE_OFFSET") ?? TABLE_OFFSET_MIN) + FLASH_BLOCK_BYTES;
			for (const { name, offset, size } of [...partitions].sort((a, b) => a.offset - b.offset)) {
				if (offset < free) return `${name} begins inside what lies before it`;
				free = offset + size;
				if (size === 0 || size % FLASH_BLOCK_BYTES !== 0) return `${name} is not made of blocks`;
				if (free > FLASH_BYTES) return `${name} ends beyond the flash`;
			}
			return undefined;
		},
	),
	layout(
		{
			id: "two-slots",
			subject: "rollback",
			everyProfile: true,
			reason: "rollback needs a second slot, as large as the first",
			mend: "ota_0 and ota_1, app, the same size in whole 64 KB, and no factory slot",
		},
		(partitions) => {
			const slots = partitions.filter(({ type }) => type === "app");
			const isPair =
				slots.length === 2 && slots.every(({ subtype }, at) => subtype === `ota_${at}`);
			if (!isPair) return `app slots: ${slots.map(({ subtype }) => subtype).join(", ") || "none"}`;
			const sizes = slots.map(({ size }) => size);
			const isEven = sizes[0] === sizes[1] && (sizes[0] as number) % APP_ALIGNMENT_BYTES === 0;
			return isEven ? undefined : `app slots of ${sizes.join(" and ")} bytes`;
		},
	),
	layout(
		{
			id: "ota-data",
			subject: "rollback",
			everyProfile: true,
			reason: "the bootloader keeps there which slot is on probation",
			mend: "otadata, data, ota, 0x2000",
		},
		(partitions) => {
			const found = partitions.find(({ type, subtype }) => type === "data" && subtype === "ota");
			return found?.size === OTA_DATA_BYTES ? undefined : "no otadata of 0x2000 bytes";
		},
	),
	layout(
		{
			id: "sdk-storage",
			everyProfile: true,
			reason: "the SDK's start-up aborts, and restarts for ever, without a default nvs",
			mend: "nvs, data, nvs, 0x6000",
		},
		(partitions) => {
			const found = named(partitions, "nvs");
			const isFit = found?.subtype === "nvs" && found.size >= SDK_STORAGE_BYTES_MIN;
			return isFit ? undefined : "no nvs of three blocks";
		},
	),
	layout(
		{
			id: "storage",
			everyProfile: true,
			reason: `two configurations of ${CONFIGURATION_BYTES_MAX} bytes and every key live there`,
			mend: "hf-nvs, data, nvs, 0x10000",
		},
		(partitions) => {
			const found = named(partitions, "hf-nvs");
			const isFit = found?.subtype === "nvs" && found.size >= STORAGE_BYTES_MIN;
			return isFit ? undefined : "no hf-nvs of 64 KB";
		},
	),
	layout(
		{
			id: "storage-flags",
			subject: "storageEncryption",
			everyProfile: true,
			reason: "NVS encrypts itself; under the flag ESP-IDF refuses to open it",
			mend: "no `encrypted` on data partitions of subtype nvs",
		},
		(partitions) => {
			const found = partitions.find(({ subtype, isEncrypted }) => subtype === "nvs" && isEncrypted);
			return found && `${found.name} bears the flag encrypted`;
		},
	),
	layout(
		{
			id: "storage-keys",
			subject: "storageEncryption",
			chips: ["esp32"],
			everyProfile: false,
			reason: "the keys of NVS lie there, and must lie there encrypted",
			mend: "nvs_keys, data, nvs_keys, 0x1000, encrypted",
		},
		(partitions) => {
			const found = partitions.find(({ subtype }) => subtype === "nvs_keys");
			if (!found || found.size < NVS_KEYS_BYTES) return "no nvs_keys of 0x1000 bytes";
			return found.isEncrypted ? undefined : "nvs_keys does not bear the flag encrypted";
		},
	),
	...["outbox", "log"].map((name) =>
		layout(
			{
				id: `${name}-size`,
				everyProfile: true,
				reason: "readings and security events wait there, in a ring of blocks",
				mend: `${name}, data, a subtype from 0x40, at least ${OUTBOX_BLOCKS_MIN} blocks`,
			},
			(partitions) => {
				const { type, size = 0 } = named(partitions, name) ?? {};
				const isFit = size >= OUTBOX_BLOCKS_MIN * FLASH_BLOCK_BYTES;
				const isIndexed = size <= OUTBOX_UNITS_MAX * RING_UNIT_BYTES;
				return type === "data" && isFit && isIndexed ? undefined : `${name} has ${size} bytes`;
			},
		),
	),
	...["outbox", "log"].map((name) =>
		layout(
			{
				id: `${name}-encrypted`,
				subject: "flashEncryption",
				everyProfile: false,
				reason: "what waits for the broker could be read from the flash chip",
				mend: `the flag encrypted on ${name}`,
			},
			(partitions) => {
				const found = named(partitions, name);
				return found && !found.isEncrypted ? `${name} does not bear it` : undefined;
			},
		),
	),
	layout(
		{
			id: "no-core-dump-partition",
			subject: "coreDump",
			everyProfile: true,
			reason: "a dump of memory in flash holds keys",
			mend: "no partition of subtype coredump",
		},
		(partitions) => {
			const found = partitions.find(({ subtype }) => subtype === "coredump");
			return found && `${found.name} is one`;
		},
	),
];
