// What many lives came to, as text: the numbers of a device's days, and for each kind of fault how
// long it took to notice it and to come back.

import type { Spread } from "../../hosts/simulator/run/spread.js";
import type { Statistics } from "../../hosts/simulator/run/statistics.js";
import { print, printTable } from "../command-line.js";

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

export function printStatistics(statistics: Statistics): void {
	printTable(["", ""], figureRows(statistics));
	print("");
	const rows = faultRows(statistics);
	if (rows.length === 0) return;
	printTable(
		["fault", "times", "seen alone", "detect: median", "worst", "recover: median", "worst"],
		rows,
	);
}

/** Name and value. */
export function figureRows(statistics: Statistics): (readonly [string, string])[] {
	const { counts, boots, heapHighWaterBytes } = statistics;
	const days = counts.simulatedMs / DAY;
	const perDay = (count: number) => (days > 0 ? (count / days).toFixed(1) : "–");
	const blockDays = counts.blockMs / DAY;
	const longHours = counts.longOutageMs / HOUR;
	const reboots = [...boots].sort(([left], [right]) => (left < right ? -1 : 1));
	return [
		["lives", whole(counts.lives)],
		["simulated hours", whole(counts.simulatedMs / HOUR)],
		["readings accepted", whole(counts.readingsAccepted)],
		["  delivered and verified", whole(counts.readingsDelivered)],
		["  delivered again", whole(counts.readingsDuplicated)],
		[
			"  dropped, in gap records",
			`${whole(counts.readingsDropped)}, in ${whole(counts.gapRecords)}`,
		],
		["  held when the life ended", whole(counts.readingsHeld)],
		["  refused when read", whole(counts.readingsRefused)],
		[
			"commands obeyed, refused",
			`${whole(counts.commandsObeyed)}, ${whole(counts.commandsRefused)}`,
		],
		["sessions a day", perDay(counts.sessions)],
		["attempts a day", perDay(counts.attempts)],
		[
			"attempts an hour, after the first hour of an outage",
			longHours > 0 ? (counts.longOutageAttempts / longHours).toFixed(1) : "–",
		],
		[
			"TLS handshakes full, resumed",
			`${whole(counts.handshakesFull)}, ${whole(counts.handshakesResumed)}`,
		],
		...reboots.map(([reason, count]) => [`boots after: ${reason}`, whole(count)] as const),
		["flash writes a day", perDay(counts.flashPrograms)],
		["flash erases a day", perDay(counts.flashErases)],
		["  of each block", blockDays > 0 ? (counts.flashErases / blockDays).toFixed(2) : "–"],
		["NVS writes a day", perDay(counts.keyValueWrites)],
		["heap high water, bytes", whole(heapHighWaterBytes)],
	];
}

/** Kind, times, times alone, and four durations. */
export function faultRows(statistics: Statistics): string[][] {
	const names = [...statistics.faults.keys()].sort();
	return names.map((name) => {
		const detect = statistics.detect(name);
		const recover = statistics.recover(name);
		return [
			name,
			whole(statistics.faults.get(name) ?? 0),
			whole(recover?.count ?? 0),
			...spreadCells(detect),
			...spreadCells(recover),
		];
	});
}

function spreadCells(spread: Spread | undefined): [string, string] {
	if (spread === undefined || spread.median === undefined) return ["–", "–"];
	return [duration(spread.median), duration(spread.worst)];
}

/** Milliseconds for a person: "340 ms", "12.5 s", "4:05 min". */
export function duration(ms: number): string {
	if (ms < 1000) return `${Math.round(ms)} ms`;
	if (ms < 60_000) return `${(ms / 1000).toFixed(1)} s`;
	const seconds = Math.round(ms / 1000);
	return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")} min`;
}

function whole(value: number): string {
	return String(Math.round(value)).replace(/\B(?=(\d{3})+$)/g, " ");
}
