// `npm run sim -- --herd`: a thousand devices and one broker that restarts, with the backoff's
// jitter and without. Prints both, and draws the figure of hosts/simulator.

import { writeFileSync } from "node:fs";
import { runHerd as live, type HerdResult } from "../../hosts/simulator/run/herd.js";
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
	const common = {
		seed: 1,
		devices: DEVICES,
		awayMs: AWAY_MS,
		watchedMs: WATCHED_MS,
		sha256,
	};
	printProgress(`${DEVICES} devices with full jitter`);
	const jitter = live({ ...common, hasJitter: true });
	printProgress(`${DEVICES} devices without`);
	const none = live({ ...common, hasJitter: false });
	const figure = herdFigure(
		[
			{ name: "full jitter", color: "#0a7d4f", ...jitter },
			{ name: "no jitter", color: "#c43b1d", ...none },
		],
		DEVICES,
	);
	writeFileSync(FIGURE, figure);
	if (isJSON) printJSON({ devices: DEVICES, awayMs: AWAY_MS, jitter, none });
	else {
		print(`${DEVICES} devices, the broker away for ${duration(AWAY_MS)}`);
		printTable(["", "full jitter", "no jitter"], rows(jitter, none));
		print(`\ndrawn in ${FIGURE}`);
	}
	return jitter.allBackMs === undefined ? 1 : 0;
}

function rows(jitter: HerdResult, none: HerdResult): string[][] {
	const both = (name: string, of: (result: HerdResult) => string) => [name, of(jitter), of(none)];
	const time = (ms: number | undefined) =>
		ms === undefined ? `not within ${duration(WATCHED_MS)}` : duration(ms);
	return [
		both("most attempts in a second", ({ peakAttempts }) => String(peakAttempts)),
		both("half of them back after", ({ halfBackMs }) => time(halfBackMs)),
		both("all of them back after", ({ allBackMs }) => time(allBackMs)),
		both("connections refused by a full backlog", ({ refused }) => String(refused)),
		both("handshakes wasted", ({ wasted }) => String(wasted)),
	];
}
