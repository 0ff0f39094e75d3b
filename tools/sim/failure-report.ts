// What a failed life leaves for the person who mends it: the finding, the shortest life that still
// fails and its trace, and the commands that replay both.

import { mkdirSync, writeFileSync } from "node:fs";
import type { Fault } from "../../hosts/simulator/run/fault.js";
import type { Finding } from "../../hosts/simulator/run/finding.js";
import { runLife } from "../../hosts/simulator/run/life.js";
import { drawPlan, type Plan } from "../../hosts/simulator/run/plan.js";
import { simulatedTime } from "../../hosts/simulator/run/trace.js";
import { counted, print, printProgress } from "../command-line.js";
import type { LifePool } from "./life-pool.js";
import { nodeParts } from "./node-parts.js";
import { describePlan } from "./plan-text.js";

const FOLDER = "build/sim";
/** Lines of the trace before the finding: a person reads from the end. */
const TRACE_LINES_SHOWN = 60;

export interface Failure {
	readonly plan: Plan;
	readonly finding: Finding;
}

/** "checker at time: what". */
export function findingLine({ checker, atMs, device, what }: Finding): string {
	const where = device === undefined ? "" : `, ${device}`;
	return `${checker} at ${simulatedTime(atMs)}${where}: ${what}`;
}

/** Searches, writes the plan to a file and prints everything. */
export async function reportFailure(
	failure: Failure,
	pool: LifePool,
	shrinkS: number,
): Promise<void> {
	const { plan, finding } = failure;
	print(`\nseed ${plan.seed}, profile ${plan.profile}: ${findingLine(finding)}`);
	print(`the whole life:    ${commandFor(plan)}`);
	if (shrinkS === 0) return;
	printProgress(`looking for a shorter life, at most ${shrinkS} s`);
	const budgetMs = shrinkS * 1000;
	const shrunk = await pool.shrink({ kind: "shrink", plan, finding, budgetMs });
	const file = writePlan(shrunk.plan);
	const end = shrunk.isFinished ? "" : ", until time ran out";
	print(`the shortest life: npm run sim -- --plan ${file} --trace`);
	print(`found in ${counted(shrunk.runs, "life")}${end}:\n`);
	print(describePlan(shrunk.plan));
	const { trace } = runLife(shrunk.plan, nodeParts({ keepsTrace: true }));
	print("");
	for (const line of trace.slice(-TRACE_LINES_SHOWN)) print(line);
}

/** The command that replays the life of `plan` from its seed. */
export function commandFor({ seed, profile, safetyMs, options }: Plan): string {
	const days = Number((safetyMs / 86_400_000).toFixed(6));
	const words = [`--seed ${seed}`];
	if (profile !== "storm") words.push(`--profile ${profile}`);
	if (days !== 1) words.push(`--days ${days}`);
	const { devices } = options;
	if (devices !== drawPlan({ seed, profile, days }).options.devices) {
		words.push(`--devices ${devices}`);
	}
	return `npm run sim -- ${words.join(" ")} --trace`;
}

function writePlan(plan: Plan): string {
	mkdirSync(FOLDER, { recursive: true });
	const file = `${FOLDER}/${plan.profile}-${plan.seed}.json`;
	const faults: readonly Fault[] = plan.faults;
	writeFileSync(file, `${JSON.stringify({ ...plan, faults }, undefined, "\t")}\n`);
	return file;
}
