// `npm run sim`: lives the lives that were asked for, prints what they came to, and for a failed
// one what replays it.

import { writeFileSync } from "node:fs";
import { runLife } from "../../hosts/simulator/run/life.js";
import { drawPlan, type Plan } from "../../hosts/simulator/run/plan.js";
import { Statistics } from "../../hosts/simulator/run/statistics.js";
import {
	counted,
	describeFailure,
	EXIT_FAILURE,
	EXIT_USAGE,
	print,
	printJSON,
	printProgress,
	UsageError,
} from "../command-line.js";
import { findingLine, reportFailure, type Failure } from "./failure-report.js";
import { LifePool } from "./life-pool.js";
import { nodeParts } from "./node-parts.js";
import { describePlan, readPlan } from "./plan-text.js";
import { ProgressLine } from "./progress-line.js";
import { runHerd } from "./run-herd.js";
import { runOffline } from "./run-offline.js";
import { parseSimArguments, requestOf, type SimArguments } from "./sim-arguments.js";
import { printStatistics } from "./statistics-table.js";

/** Failed lives, each of another checker, for which a shorter one is searched. */
const REPORTS_MAX = 3;

async function main(): Promise<number> {
	const given = parseSimArguments(process.argv.slice(2));
	if (typeof given === "number") return given;
	switch (given.mode) {
		case "herd":
			return runHerd(given.json);
		case "offline":
			return runOffline(given.json);
		case "plan":
			return runOne(readPlan(given.planFile as string), given);
		case "lives": {
			const { first, last } = given.seeds;
			if (first === last) return runOne(drawPlan(requestOf(given, first)), given);
			return runMany(given);
		}
	}
}

/** One life in this process: the plan first, then the trace where it is wanted. */
async function runOne(plan: Plan, given: SimArguments): Promise<number> {
	if (!given.json) print(`${describePlan(plan)}\n`);
	const result = runLife(plan, nodeParts({ keepsTrace: given.trace }));
	const { statistics, finding, digest } = result;
	if (given.json) {
		const { trace } = result;
		printJSON({ ok: !finding, plan, finding, digest, statistics, ...(given.trace && { trace }) });
		return finding ? EXIT_FAILURE : 0;
	}
	for (const line of result.trace) print(line);
	if (given.trace) print("");
	printStatistics(statistics);
	print(`\ndigest ${digest}`);
	if (!finding) return 0;
	if (given.trace || given.mode === "plan") print(`\nFailed: ${findingLine(finding)}`);
	else await reportAll([{ plan, finding }], new LifePool(1), given.shrinkS);
	return EXIT_FAILURE;
}

async function runMany(given: SimArguments): Promise<number> {
	const { first, last } = given.seeds;
	const statistics = new Statistics();
	const failures: Failure[] = [];
	const progress = new ProgressLine(last - first + 1, "lives");
	const pool = new LifePool(given.jobs);
	const startedMs = performance.now();
	if (!given.json) {
		print(
			`profile ${given.profile}, seeds ${first} to ${last}, ${given.days} days each; ` +
				`the drawn options of one: --seed N`,
		);
	}
	function* jobs() {
		for (let seed = first; seed <= last; seed++) {
			yield { kind: "live", request: requestOf(given, seed) } as const;
		}
	}
	try {
		await pool.liveAll(jobs(), (lived) => {
			statistics.merge(lived.statistics);
			const { finding, seed } = lived;
			if (finding) {
				failures.push({ plan: drawPlan(requestOf(given, seed)), finding });
				progress.tell(`seed ${seed}: ${findingLine(finding)}`);
			}
			progress.step(finding !== undefined);
			return true;
		});
		progress.end();
		failures.sort((left, right) => left.plan.seed - right.plan.seed);
		const seconds = Math.round((performance.now() - startedMs) / 1000);
		writeSummary(given, statistics, failures, seconds);
		if (given.json) printJSON(summaryOf(given, statistics, failures, seconds));
		else printMany(statistics, failures, seconds);
		if (!given.json) await reportAll(failures, pool, given.shrinkS);
	} finally {
		await pool.close();
	}
	return failures.length === 0 ? 0 : EXIT_FAILURE;
}

function printMany(statistics: Statistics, failures: readonly Failure[], seconds: number): void {
	printStatistics(statistics);
	const lives = counted(statistics.counts.lives, "life").replace("lifes", "lives");
	if (failures.length === 0) return print(`\n${lives} in ${seconds} s, none failed`);
	print(`\n${lives} in ${seconds} s, ${failures.length} failed:`);
	for (const { plan, finding } of failures) print(`  seed ${plan.seed}: ${findingLine(finding)}`);
}

/** One of each sort: a hundred lives that fail alike are one bug. */
async function reportAll(
	failures: readonly Failure[],
	pool: LifePool,
	shrinkS: number,
): Promise<void> {
	const reported = new Set<string>();
	try {
		for (const failure of failures) {
			const { checker } = failure.finding;
			if (reported.has(checker) || reported.size === REPORTS_MAX) continue;
			reported.add(checker);
			await reportFailure(failure, pool, shrinkS);
		}
	} finally {
		await pool.close();
	}
}

function summaryOf(
	given: SimArguments,
	statistics: Statistics,
	failures: readonly Failure[],
	seconds: number,
) {
	const { profile, days, seeds } = given;
	return {
		ok: failures.length === 0,
		profile,
		days,
		seeds,
		seconds,
		failures: failures.map(({ plan, finding }) => ({ seed: plan.seed, ...finding })),
		statistics,
	};
}

function writeSummary(
	given: SimArguments,
	statistics: Statistics,
	failures: readonly Failure[],
	seconds: number,
): void {
	if (given.summaryFile === undefined) return;
	const summary = summaryOf(given, statistics, failures, seconds);
	writeFileSync(given.summaryFile, `${JSON.stringify(summary, undefined, "\t")}\n`);
	printProgress(`summary written to ${given.summaryFile}`);
}

try {
	process.exitCode = await main();
} catch (error) {
	printProgress(describeFailure(error));
	process.exitCode = error instanceof UsageError ? EXIT_USAGE : EXIT_FAILURE;
}
