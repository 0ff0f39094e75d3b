// `npm run sim -- --offline`: a day without a broker at a reading a second, and what the shipped
// partition's flash bears at one every ten seconds.

import { readFileSync } from "node:fs";
import { runOffline as live, type OfflineResult } from "../../hosts/simulator/run/offline.js";
import { MQTT_IN_FLIGHT_MAX } from "../../src/limits.js";
import { print, printJSON, printProgress, printTable } from "../command-line.js";
import { nodeParts } from "./node-parts.js";

const HOURS = 24;
/** Erases that a block of NOR flash stands, by the datasheets. */
const ERASES_MAX = 100_000;
const PARTITIONS = "hosts/esp32/partitions.csv";
const BLOCK_BYTES = 4096;
/** By how much the heap of this process may differ between the first and the last quarter. */
const HEAP_GROWTH_BYTES_MAX = 3_000_000;

/** Answers with the exit code. */
export function runOffline(isJSON: boolean): number {
	const outboxBlocks = shippedBlocks();
	const common = { hours: HOURS, outboxBlocks, sha256: nodeParts().sha256, usedBytes: collected };
	printProgress("a day offline at a reading a second");
	const fast = live({ ...common, sampleIntervalMs: 1000 });
	printProgress("a day offline at a reading every ten seconds");
	const slow = live({ ...common, sampleIntervalMs: 10_000 });
	printProgress("a day online at a reading every ten seconds");
	const online = live({ ...common, sampleIntervalMs: 10_000, keepsBroker: true });
	const worst = Math.max(slow.erasesPerDayWorst, online.erasesPerDayWorst);
	const years = ERASES_MAX / worst / 365.25;
	const isOk = [fast, slow, online].every(isSound);
	if (isJSON) printJSON({ ok: isOk, outboxBlocks, fast, slow, online, years });
	else {
		const heading = ["24 simulated hours", "offline, a second", "offline, 10 s", "online, 10 s"];
		printTable(heading, rows([fast, slow, online]));
		print(
			`\n${outboxBlocks} blocks: ${ERASES_MAX} erases of each last ${Math.floor(years)} years ` +
				"at a reading every 10 s",
		);
	}
	return isOk ? 0 : 1;
}

/** Of the outbox partition that the board ships with. */
function shippedBlocks(): number {
	const table = readFileSync(PARTITIONS, "utf8");
	const [, size] = /^outbox,[^,]*,[^,]*,[^,]*,\s*(0x[0-9a-f]+)/im.exec(table) ?? [];
	if (size === undefined) throw new Error(`${PARTITIONS}: no partition for the outbox`);
	return Number(size) / BLOCK_BYTES;
}

function isSound(result: OfflineResult): boolean {
	const { usedBytes, lost, finding } = result;
	const growth = (usedBytes.at(-1) ?? 0) - (usedBytes[0] ?? 0);
	const isFlat = usedBytes.length === 0 || growth < HEAP_GROWTH_BYTES_MAX;
	return finding === undefined && lost === 0 && isAccounted(result) && isFlat;
}

/** Every message that the records count is missing, but for those that were in flight. */
function isAccounted(result: OfflineResult): boolean {
	const came = cameAllTheSame(result);
	return came >= 0 && came <= MQTT_IN_FLIGHT_MAX;
}

/** Counted as dropped while it was on its way. */
function cameAllTheSame({ explained, replaced, counted }: OfflineResult): number {
	return counted - explained - replaced;
}

function rows(results: readonly OfflineResult[]): string[][] {
	const both = (name: string, of: (result: OfflineResult) => string) => [name, ...results.map(of)];
	const megabytes = (bytes: number | undefined) => ((bytes ?? 0) / 1e6).toFixed(1);
	return [
		both("readings accepted", ({ accepted }) => String(accepted)),
		both("  delivered afterwards", ({ delivered }) => String(delivered)),
		both("  dropped, inside signed gap records", ({ explained }) => String(explained)),
		both("  counted by those records", ({ counted }) => String(counted)),
		both("    of which earlier gap records", ({ replaced }) => String(replaced)),
		both("    of which came all the same", (result) => String(cameAllTheSame(result))),
		both("  unaccounted for", ({ lost }) => String(lost)),
		both("most records in the outbox", ({ recordsMax }) => String(recordsMax)),
		both("most timers set", ({ timersMax }) => String(timersMax)),
		both("heap of the process by quarter, MB", ({ usedBytes }) =>
			usedBytes.map(megabytes).join(", "),
		),
		both("flash programs a reading", ({ programsPerReading }) => programsPerReading.toFixed(2)),
		both("erases of a block a day", ({ erasesPerDay }) => erasesPerDay.toFixed(1)),
		both("  of the worst one", ({ erasesPerDayWorst }) => erasesPerDayWorst.toFixed(1)),
	];
}

/** Collected first, where Node was started for it. */
function collected(): number {
	(globalThis as { gc?: () => void }).gc?.();
	return process.memoryUsage().heapUsed;
}
