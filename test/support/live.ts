// Lives of the simulator for tests: each must end without a finding, and says how to replay it
// where it does not.

import { drawPlan, type PlanRequest } from "../../hosts/simulator/run/plan.js";
import { runLife, type LifeParts, type LifeResult } from "../../hosts/simulator/run/life.js";
import { nodeParts } from "../../tools/sim/node-parts.js";

/** The finding in one line with the command that replays it, or `undefined`. */
export function failureOf(request: PlanRequest): string | undefined {
	const { finding } = live(request);
	if (finding === undefined) return undefined;
	const { seed, profile, days, changes } = request;
	const devices = changes?.devices === undefined ? "" : ` --devices ${changes.devices}`;
	return (
		`${finding.checker}: ${finding.what}; npm run sim -- --seed ${seed} --profile ${profile} ` +
		`--days ${days}${devices} --trace`
	);
}

export function live(request: PlanRequest, parts: Partial<LifeParts> = {}): LifeResult {
	return runLife(drawPlan(request), nodeParts(parts));
}
