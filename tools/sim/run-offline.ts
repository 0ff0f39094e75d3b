// `npm run sim -- --offline`: a day without a broker at a reading a second, and what the shipped
// partition's flash bears at one every ten seconds.

import { readFileSync } from "node:fs";
import {
	isAccounted,
	runOffline as live,
	type OfflineResult,
} from "../../hosts/simulator/run/offline.js";
import { print, printJSON, printProgress, printTable, UsageError } from "../command-line.js";
import { collectedHeap, HEAP_GROWTH_BYTES_MAX, heapGrowth } from "./heap-growth.js";
import { nodeParts } from "./node-parts.js";

const HOURS = 24;
/** Erases that a block of NOR flash stands, by the datasheets. */
const ERASES_MAX = 100_000;
const PARTITIONS = "hosts/esp32/partitions.csv";
const BLOCK_BYTES = 4096;

/** Answers with the exit code. */
export function runOffline(isJSON: boolean): number {
	const usedBytes = () => {
		const bytes = collectedHeap();
		if (bytes === undefined)
			throw new UsageError("--offline: node --expose-gc, as npm run sim has it");
		return bytes;
	};
	usedBytes();
	const outboxBlocks = shippedBlocks();
	const common = { hours: HOURS, outboxBlocks, sha256: nodeParts().sha256 };
	printProgress("a day offline at a reading a second");
	const fast = live({ ...common, sampleIntervalMs: 1000, usedBytes });
	printProgress("a day offline at a reading every ten seconds");
	const slow = live({ ...common, sampleIntervalMs: 10_000 });
	printProgress("a day online at a reading every ten seconds");
	const online = live({ ...common, sampleIntervalMs: 10_000, keepsBroker: true });
	printProgress("the same at QoS 2");
	const twice = live({ ...common, sampleIntervalMs: 10_000, keepsBroker: true, publishQoS: 2 });
	const worst = Math.max(slow.erasesPerDayWorst, online.erasesPerDayWorst);
	const years = ERASES_MAX / worst / 365.25;
	const growthBytes = Math.round(heapGrowth(fast));
	const isFlat = growthBytes < HEAP_GROWTH_BYTES_MAX;
	const isOk = isFlat && [fast, slow, online, twice].every(isSound);
	if (isJSON) {
		printJSON({ ok: isOk, outboxBlocks, fast, slow, online, twice, growthBytes, years });
		return isOk ? 0 : 1;
	}
	printTable(
		["24 simulated hours", "offline, 1 s", "offline, 10 s", "online, 10 s", "the same, QoS 2"],
		rows([fast, slow, online, twice]),
	);
	print(
		`\nheap: ${growthBytes} bytes in 10 000 readings offline, from the middle of the day to its ` +
			`end; below ${HEAP_GROWTH_BYTES_MAX} it counts as flat\n${outboxBlocks} blocks: ` +
			`${ERASES_MAX} erases of each last ${Math.floor(years)} years at a reading every 10 s, QoS 1`,
	);
	if (!isOk) print("\nFailed: a sum is wrong, a promise broken, or the heap grows");
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
	return result.finding === undefined && isAccounted(result);
}

function rows(results: readonly OfflineResult[]): string[][] {
	const both = (name: string, of: (result: OfflineResult) => string) => [name, ...results.map(of)];
	const megabytes = (bytes: number | undefined) => ((bytes ?? 0) / 1e6).toFixed(2);
	return [
		both("readings accepted", ({ accepted }) => String(accepted)),
		both("  delivered before the 24 hours", ({ deliveredBefore }) => String(deliveredBefore)),
		both("  delivered in them", ({ deliveredDuring }) => String(deliveredDuring)),
		both("  delivered after them", ({ deliveredAfter }) => String(deliveredAfter)),
		both("  lost", ({ lost }) => String(lost)),
		both("    in no signed gap record", ({ unnamed }) => String(unnamed)),
		both("messages that the signed gap records count", ({ counted }) => String(counted)),
		both("  less gap records that were replaced", ({ replaced }) => String(replaced)),
		both("  less what came all the same", ({ cameAllTheSame }) => String(cameAllTheSame)),
		both("  leaves", ({ counted, replaced, cameAllTheSame }) =>
			String(counted - replaced - cameAllTheSame),
		),
		both("sequences between them that carried no message", ({ uncounted }) => String(uncounted)),
		both("most records in the outbox", ({ recordsMax }) => String(recordsMax)),
		both("most timers set", ({ timersMax }) => String(timersMax)),
		both(
			"heap of the process by quarter, MB",
			({ usedBytes }) => usedBytes.map(megabytes).join(", ") || "–",
		),
		both("flash programs a reading", ({ programsPerReading }) => programsPerReading.toFixed(2)),
		both("outbox: erases of a block a day", ({ erasesPerDay }) => erasesPerDay.toFixed(1)),
		both("  of the worst one", ({ erasesPerDayWorst }) => erasesPerDayWorst.toFixed(1)),
		both("log: erases of the worst block a day", ({ logErasesPerDayWorst }) =>
			logErasesPerDayWorst.toFixed(1),
		),
		both("key-value writes a day", ({ keyValueWritesPerDay }) => keyValueWritesPerDay.toFixed(0)),
	];
}
