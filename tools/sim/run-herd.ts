// `npm run sim -- --herd`: a thousand devices and one broker that restarts, with the backoff's
// jitter and without, at two sorts of servers. Prints all, and draws the figure of hosts/simulator.

import { writeFileSync } from "node:fs";
import {
	PATIENT_SERVER,
	QUICK_SERVER,
	runHerd as live,
	type HerdResult,
} from "../../hosts/simulator/run/herd.js";
import { print, printJSON, printProgress, printTable } from "../command-line.js";
import { herdFigure } from "./herd-figure.js";
import { nodeParts } from "./node-parts.js";
import { duration } from "./statistics-table.js";

const DEVICES = 1000;
const AWAY_MS = 30_000;
const WATCHED_MS = 600_000;
const FIGURE = "hosts/simulator/herd.svg";

/** Answers with the exit code. */
export function runHerd(isJSON: boolean): number {
	const { sha256 } = nodeParts();
	const common = { seed: 1, devices: DEVICES, awayMs: AWAY_MS, watchedMs: WATCHED_MS, sha256 };
	const both = (name: string, server: typeof QUICK_SERVER) => {
		printProgress(`${DEVICES} devices at a ${name} server`);
		const jitter = live({ ...common, server, hasJitter: true });
		return { server, jitter, none: live({ ...common, server, hasJitter: false }) };
	};
	const quick = both("quick", QUICK_SERVER);
	const patient = both("slow and patient", PATIENT_SERVER);
	const figure = herdFigure(
		[
			{ name: "full jitter", color: "#0a7d4f", ...quick.jitter },
			{ name: "no jitter", color: "#c43b1d", ...quick.none },
		],
		DEVICES,
	);
	writeFileSync(FIGURE, figure);
	if (isJSON) printJSON({ devices: DEVICES, awayMs: AWAY_MS, quick, patient });
	else {
		print(`${DEVICES} devices, the broker away for ${duration(AWAY_MS)}`);
		printTable(HEADINGS, [quick, patient].flatMap(rows));
		print(`\ndrawn in ${FIGURE}`);
	}
	return [quick, patient].every(({ jitter }) => jitter.allBackMs !== undefined) ? 0 : 1;
}

const HEADINGS = [
	"handshakes a second, waiting",
	"",
	"most attempts in a second",
	"half back after",
	"all back after",
	"connections refused",
	"handshakes wasted",
];

interface Pair {
	readonly server: typeof QUICK_SERVER;
	readonly jitter: HerdResult;
	readonly none: HerdResult;
}

function rows({ server, jitter, none }: Pair): string[][] {
	const name = `${server.handshakesPerSecond}, ${server.waitingMax}`;
	return [
		[name, "full jitter", ...cells(jitter)],
		["", "no jitter", ...cells(none)],
	];
}

function cells({ peakAttempts, halfBackMs, allBackMs, refused, wasted }: HerdResult): string[] {
	const time = (ms: number | undefined) =>
		ms === undefined ? `not within ${duration(WATCHED_MS)}` : duration(ms);
	return [String(peakAttempts), time(halfBackMs), time(allBackMs), String(refused), String(wasted)];
}
