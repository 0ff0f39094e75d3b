// What a chip's ROM prints on the USB line before any firmware runs: the protocol above must live
// with it.
import type { ResetReason } from "../../src/ports.js";

const ROM_REASONS: Readonly<Record<ResetReason, string>> = {
	"power-on": "0x1 (POWERON)",
	external: "0x1 (POWERON)",
	software: "0xc (RTC_SW_CPU_RST)",
	watchdog: "0x7 (TG0WDT_SYS_RST)",
	panic: "0xc (RTC_SW_CPU_RST)",
	abort: "0xc (RTC_SW_CPU_RST)",
	brownout: "0xf (BROWN_OUT_RST)",
	unknown: "0x0 (UNKNOWN)",
};

export function bootNoise(reason: ResetReason): Uint8Array {
	const lines = [
		"ESP-ROM:esp32c3-api1-20210207",
		"Build:Feb  7 2021",
		`rst:${ROM_REASONS[reason]},boot:0xd (SPI_FAST_FLASH_BOOT)`,
		"SPIWP:0xee",
		"mode:DIO, clock div:1",
		"load:0x3fcd5820,len:0x14d4",
		"load:0x403cc710,len:0x83c",
		"load:0x403ce710,len:0x2a40",
		"entry 0x403cc710",
	];
	return Buffer.from(lines.join("\r\n") + "\r\n", "latin1");
}
