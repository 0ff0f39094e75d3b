// What a production image and its first start do to a chip for ever, and the commands that lead
// there. Nothing here runs them.
import { join } from "node:path";
import { BOOTLOADER_OFFSET, HMAC_CHIPS, type Chip } from "../posture/chips.js";
import type { Partition } from "../posture/partition-table.js";

export interface FlashImage {
	readonly offset: number;
	readonly file: string;
	/** What was signed, where that is so. */
	readonly built?: string;
}

/** Names of the images that a person has signed, in a folder of their own. */
export const SIGNED_NAMES = { bootloader: "bootloader.bin", application: "xs_esp32.bin" };

/** What is burnt into eFuses when an image of production starts for the first time. */
export function burntAtFirstStart(chip: Chip): string[] {
	const hasHmac = HMAC_CHIPS.includes(chip);
	return [
		"secure boot v2: the digest of the signing key; from then on only images of that key start",
		"flash encryption: a key that the chip makes and that cannot be read; plain flashing ends",
		"JTAG: off for good",
		hasHmac
			? "download mode: the ROM's secure one, which reads nothing"
			: "download mode: off for good; no serial flashing ever again",
		"unused digest slots: revoked, so that no second signing key can be added",
	];
}

/** Where the key of NVS is burnt: NVS_SEC_HMAC_EFUSE_KEY_ID of the production profile. */
export const HMAC_KEY_BLOCK = 5;
export const HMAC_KEY_BYTES = 32;

/**
 * Words for espefuse, or none where the chip has no HMAC hardware. Before the first start: secure
 * boot then takes away the right to hide a key from reading, and the firmware could make none.
 */
export function burnHmacKeyWords(chip: Chip, port: string, file: string): string[] {
	if (!HMAC_CHIPS.includes(chip)) return [];
	const words = ["--chip", chip, "--port", port, "--do-not-confirm"];
	return [...words, "burn-key", `BLOCK_KEY${HMAC_KEY_BLOCK}`, file, "HMAC_UP"];
}

/** Words for espefuse that print what that block is used for, and how its answer ends. */
export function readPurposeWords(chip: Chip, port: string): string[] {
	const name = `KEY_PURPOSE_${HMAC_KEY_BLOCK}`;
	return ["--chip", chip, "--port", port, "summary", "--format", "value_only", name];
}

export function readPurpose(output: string): string | undefined {
	return /(?:^|\s)([A-Z][A-Z0-9_]+)\s*$/.exec(output)?.[1];
}

/** Signing is done where the key is, which is not here. */
export function signingCommands(images: string): string[] {
	const { bootloader, application } = builtIn(images);
	const files = [
		[bootloader, SIGNED_NAMES.bootloader],
		[application, SIGNED_NAMES.application],
	];
	return files.map(([from, to]) => {
		return `espsecure sign-data --version 2 --keyfile KEY.pem --output SIGNED/${to} ${from}`;
	});
}

function builtIn(images: string): typeof SIGNED_NAMES {
	return {
		bootloader: join(images, "bootloader", "bootloader.bin"),
		application: join(images, "xs_esp32.bin"),
	};
}

/** What goes where: signed images, and from the build what needs no signature. */
export function imagesToFlash(
	chip: Chip,
	partitions: readonly Partition[],
	tableOffset: number,
	folders: { readonly images: string; readonly signed: string },
): FlashImage[] {
	const offsetOf = (name: string) => {
		const found = partitions.find((partition) => partition.name === name);
		if (!found) throw new Error(`partitions.csv: no ${name}`);
		return found.offset;
	};
	const { images, signed } = folders;
	const built = builtIn(images);
	const signedImage = (offset: number, name: keyof typeof SIGNED_NAMES) => {
		return { offset, file: join(signed, SIGNED_NAMES[name]), built: built[name] };
	};
	return [
		signedImage(BOOTLOADER_OFFSET[chip], "bootloader"),
		{ offset: tableOffset, file: join(images, "partition_table", "partition-table.bin") },
		{ offset: offsetOf("otadata"), file: join(images, "ota_data_initial.bin") },
		signedImage(offsetOf("ota_0"), "application"),
	];
}

/** Words for esptool, from `write-flash` on. */
export function writeFlashWords(images: readonly FlashImage[]): string[] {
	const pairs = images.flatMap(({ offset, file }) => [`0x${offset.toString(16)}`, file]);
	return ["write-flash", "--flash-size", "keep", ...pairs];
}

/** The address of a chip as esptool prints it, in lower case; `undefined` if it is not there. */
export function readMac(output: string): string | undefined {
	return /\bMAC:\s*((?:[0-9a-f]{2}:){5}[0-9a-f]{2})\b/i.exec(output)?.[1]?.toLowerCase();
}
