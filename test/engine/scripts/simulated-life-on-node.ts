// The program of simulated-life.ts on Node: each word of the command line asks for a life, as JSON.
// A line of JSON for each of them.

import { drawPlan, type PlanRequest } from "../../../hosts/simulator/run/plan.js";
import { runLife } from "../../../hosts/simulator/run/life.js";
import { nodeParts } from "../../../tools/sim/node-parts.js";

const { sha256 } = nodeParts();
for (const word of process.argv.slice(2)) {
	const plan = drawPlan(JSON.parse(word) as PlanRequest);
	const { digest, statistics, finding } = runLife(plan, { sha256 });
	process.stdout.write(`${JSON.stringify({ digest, statistics, finding: finding?.what })}\n`);
}
