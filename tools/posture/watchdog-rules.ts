// What restarts a board that hangs.
import { WATCHDOG_MS } from "../../src/limits.js";
import { range, setting, type Rule } from "./rule.js";

/** Seconds: a handshake with RSA-4096 takes several, in one turn of the loop. */
const TASK_WATCHDOG_S_MIN = 10;

export const WATCHDOG_RULES: readonly Rule[] = [
	...["ESP_INT_WDT", "ESP_TASK_WDT_EN", "ESP_TASK_WDT_INIT", "BOOTLOADER_WDT_ENABLE"].map((name) =>
		setting({
			id: name.toLowerCase().replaceAll("_", "-").replaceAll("wdt", "watchdog"),
			subject: "watchdog",
			everyProfile: true,
			name,
			value: "y",
			reason: "a hang would last until somebody pulls the plug (the SDK's templates switch it off)",
		}),
	),
	setting({
		id: "task-watchdog-panic",
		subject: "watchdog",
		everyProfile: true,
		name: "ESP_TASK_WDT_PANIC",
		value: "y",
		reason: "the watchdog would print a warning, to no console, and let the hang go on",
	}),
	range({
		id: "task-watchdog-time",
		subject: "watchdog",
		everyProfile: true,
		name: "ESP_TASK_WDT_TIMEOUT_S",
		least: TASK_WATCHDOG_S_MIN,
		most: WATCHDOG_MS / 1000,
		reason: "shorter, and a slow handshake resets the board; longer, and WATCHDOG_MS is not kept",
	}),
	setting({
		id: "bootloader-watchdog-ends",
		subject: "watchdog",
		everyProfile: true,
		name: "BOOTLOADER_WDT_DISABLE_IN_USER_CODE",
		value: "n",
		reason: "the bootloader's watchdog would run on, with nobody to feed it",
	}),
	setting({
		id: "brown-out",
		subject: "watchdog",
		everyProfile: true,
		name: "ESP_BROWNOUT_DET",
		value: "y",
		reason: "at low voltage flash is written wrongly before the chip stops",
	}),
];
