// What comes out of the board by wires, and what can be attached to it.
import { HMAC_CHIPS } from "./chips.js";
import { setting, type Rule } from "./rule.js";

const LEVELS = ["ERROR", "WARN", "INFO", "DEBUG", "VERBOSE"];

export const EXPOSURE_RULES: readonly Rule[] = [
	setting({
		id: "jtag",
		subject: "debugPort",
		name: "SECURE_BOOT_ALLOW_JTAG",
		value: "n",
		reason: "JTAG reads every key in memory",
	}),
	setting({
		id: "debugger-aware-panic",
		subject: "debugPort",
		name: "ESP_DEBUG_OCDAWARE",
		value: "n",
		reason: "a crash would wait for a debugger instead of restarting",
	}),
	setting({
		id: "panic-debugger",
		subject: "debugPort",
		everyProfile: true,
		name: "ESP_SYSTEM_PANIC_GDBSTUB",
		value: "n",
		reason:
			"a crash would open a debugger on the serial port, and never restart (the SDK's esp32s3)",
	}),
	setting({
		id: "runtime-debugger",
		subject: "debugPort",
		name: "ESP_SYSTEM_GDBSTUB_RUNTIME",
		value: "n",
		reason: "two characters on the serial port would open a debugger",
	}),
	setting({
		id: "debug-stubs",
		subject: "debugPort",
		name: "ESP_DEBUG_STUBS_ENABLE",
		value: "n",
		reason: "entry points for a debugger have no place in what ships",
	}),
	setting({
		id: "no-trace",
		subject: "debugPort",
		name: "ESP_TRACE_TRANSPORT_APPTRACE",
		value: "n",
		reason: "application tracing copies data to JTAG or a serial port",
	}),
	setting({
		id: "rom-basic",
		subject: "debugPort",
		chips: ["esp32"],
		name: "ESP32_DISABLE_BASIC_ROM_CONSOLE",
		value: "y",
		reason: "without a valid image the ROM would start a BASIC interpreter",
	}),
	setting({
		id: "console",
		subject: "console",
		everyProfile: true,
		name: "ESP_CONSOLE_NONE",
		rivals: ["UART_DEFAULT", "UART_CUSTOM", "USB_CDC", "USB_SERIAL_JTAG"].map(
			(wire) => `ESP_CONSOLE_${wire}`,
		),
		value: "y",
		reason: "logs would go to the wire of provisioning, whoever listens there",
	}),
	setting({
		id: "console-secondary",
		subject: "console",
		everyProfile: true,
		chips: HMAC_CHIPS,
		name: "ESP_CONSOLE_SECONDARY_NONE",
		rivals: ["ESP_CONSOLE_SECONDARY_USB_SERIAL_JTAG"],
		value: "y",
		reason: "logs would go to USB as well: that is this chip's default",
	}),
	setting({
		id: "bootloader-log",
		subject: "console",
		name: "BOOTLOADER_LOG_LEVEL_NONE",
		rivals: LEVELS.map((level) => `BOOTLOADER_LOG_LEVEL_${level}`),
		value: "y",
		reason: "the bootloader would print the layout of flash and what is secured",
	}),
	setting({
		id: "log-level",
		subject: "console",
		name: "LOG_DEFAULT_LEVEL_NONE",
		rivals: LEVELS.map((level) => `LOG_DEFAULT_LEVEL_${level}`),
		value: "y",
		reason: "log texts would be in the image, for a later console to print",
	}),
	setting({
		id: "silent-panic",
		subject: "console",
		name: "ESP_SYSTEM_PANIC_SILENT_REBOOT",
		rivals: ["ESP_SYSTEM_PANIC_PRINT_REBOOT", "ESP_SYSTEM_PANIC_PRINT_HALT"],
		value: "y",
		reason: "a panic would print registers and stack, on which keys may lie",
	}),
	setting({
		id: "core-dump",
		subject: "coreDump",
		everyProfile: true,
		name: "ESP_COREDUMP_ENABLE_TO_NONE",
		rivals: ["ESP_COREDUMP_ENABLE_TO_UART", "ESP_COREDUMP_ENABLE_TO_FLASH"],
		value: "y",
		reason: "a core dump holds the keys in memory, and the SDK's template sends it to the UART",
	}),
];
