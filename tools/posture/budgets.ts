// Sizes against their limits: what an image may have, and what it has.
import { BOOTLOADER_OFFSET } from "./chips.js";
import { creationBytes, XS_BYTES_MAX } from "./memory-rules.js";
import { APP_ALIGNMENT_BYTES, FLASH_BLOCK_BYTES } from "./partition-table.js";
import { FLASH_BYTES } from "./partition-rules.js";
import type { Build } from "./rule.js";

/** Bytes that secure boot v2 adds to an image: one block of signatures. */
const SIGNATURE_BYTES = 0x1000;

/** Bytes of what was built; `undefined` for what was not. */
export interface ImageSizes {
	readonly application: number | undefined;
	readonly bootloader: number | undefined;
}

export interface Budget {
	readonly what: string;
	readonly bytes: number;
	readonly limit: number;
}

/** Every size that is known, with the limit that counts for it. */
export function budgetsOf(build: Build, images: ImageSizes): Budget[] {
	const { chip, settings, partitions, manifest } = build;
	const isSigned = settings.get("SECURE_BOOT") === "y";
	const budgets: Budget[] = [
		{
			what: "XS, its stack included",
			bytes: creationBytes(manifest.creation),
			limit: XS_BYTES_MAX,
		},
		{
			what: "flash, to the last partition",
			bytes: Math.max(...partitions.map(({ offset, size }) => offset + size)),
			limit: FLASH_BYTES,
		},
	];
	const slot = Math.min(...partitions.filter(({ type }) => type === "app").map(({ size }) => size));
	if (images.application !== undefined && Number.isFinite(slot)) {
		const bytes = isSigned ? signed(images.application, APP_ALIGNMENT_BYTES) : images.application;
		budgets.push({ what: "image in its slot", bytes, limit: slot });
	}
	if (images.bootloader !== undefined) {
		const bytes = isSigned ? signed(images.bootloader, FLASH_BLOCK_BYTES) : images.bootloader;
		const table = settings.number("PARTITION_TABLE_OFFSET") ?? 0;
		budgets.push({ what: "bootloader", bytes, limit: table - BOOTLOADER_OFFSET[chip] });
	}
	return budgets;
}

export function isKept({ bytes, limit }: Budget): boolean {
	return bytes <= limit;
}

function signed(bytes: number, alignment: number): number {
	return Math.ceil((bytes + SIGNATURE_BYTES) / alignment) * alignment;
}
