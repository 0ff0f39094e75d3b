// The chips that the firmware is built for, and what `--target` may name.
import { UsageError, quote } from "../command-line.js";

/** As ESP-IDF names them. */
export const CHIPS = ["esp32", "esp32c3", "esp32s3"] as const;
export type Chip = (typeof CHIPS)[number];

/** `qemu` is an esp32c3 in the emulator. */
export const TARGETS = [...CHIPS, "qemu"] as const;
export type Target = (typeof TARGETS)[number];

/** Chips whose HMAC hardware can keep the key of the encrypted NVS. */
export const HMAC_CHIPS: readonly Chip[] = ["esp32c3", "esp32s3"];

/** Where the ROM expects the bootloader. */
export const BOOTLOADER_OFFSET: Readonly<Record<Chip, number>> = {
	esp32: 0x1000,
	esp32c3: 0,
	esp32s3: 0,
};

export function isChip(name: string): name is Chip {
	return CHIPS.some((chip) => chip === name);
}

export function chipOf(target: Target): Chip {
	return target === "qemu" ? "esp32c3" : target;
}

/** commander's parser of `--target`. */
export function parseTarget(text: string): Target {
	const found = TARGETS.find((target) => target === text);
	if (found) return found;
	throw new UsageError(`--target: one of ${TARGETS.join(", ")}, not ${quote(text)}`);
}
