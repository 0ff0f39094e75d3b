// A plan as text, both ways: lines for a person, and the JSON file of a failed life.

import { readFileSync } from "node:fs";
import { kindNamed } from "../../hosts/simulator/run/catalogue.js";
import type { Plan } from "../../hosts/simulator/run/plan.js";
import { simulatedTime } from "../../hosts/simulator/run/trace.js";
import { UsageError } from "../command-line.js";
import { duration } from "./statistics-table.js";

/** The drawn options in one line, then each fault in one. */
export function describePlan({ seed, profile, safetyMs, options, faults }: Plan): string {
	const drawn = Object.entries(options).map(([name, value]) => `${name}=${String(value)}`);
	const lines = faults.map(({ atMs, durationMs, kind, target, parameters }) => {
		const details = Object.entries(parameters).map(([name, value]) => ` ${name}=${value}`);
		const lasts = durationMs === 0 ? "" : ` for ${duration(durationMs)}`;
		const whom = kindNamed(kind).isBrokers === true ? "broker" : "device";
		return `  ${simulatedTime(atMs)}  ${kind}${lasts}, ${whom} ${target + 1}${details.join("")}`;
	});
	return [
		`seed ${seed}, profile ${profile}, ${duration(safetyMs)} until all is healed`,
		`  ${drawn.join(" ")}`,
		...lines,
	].join("\n");
}

/** Reads what {@link reportFailure} wrote. */
export function readPlan(file: string): Plan {
	let plan: Plan;
	try {
		plan = JSON.parse(readFileSync(file, "utf8")) as Plan;
	} catch (error) {
		throw new UsageError(`--plan: ${(error as Error).message}`);
	}
	const isPlan =
		typeof plan.seed === "number" &&
		typeof plan.safetyMs === "number" &&
		typeof plan.options?.devices === "number" &&
		Array.isArray(plan.faults);
	if (!isPlan) throw new UsageError("--plan: the file holds no plan of a life");
	for (const { kind } of plan.faults) kindNamed(kind);
	return plan;
}
