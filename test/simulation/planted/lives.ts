// A program that lives lives until one fails, for the planted bugs: its bundle is patched before it
// runs. It prints one line of JSON.

import { drawPlan, type PlanRequest } from "../../../hosts/simulator/run/plan.js";
import { runLife } from "../../../hosts/simulator/run/life.js";
import { nodeParts } from "../../../tools/sim/node-parts.js";

export interface LivesRequest extends Omit<PlanRequest, "seed"> {
	readonly first: number;
	readonly last: number;
}

const { first, last, ...request } = JSON.parse(process.argv[2] as string) as LivesRequest;
let lives = 0;
let found: object | undefined;
let newest = "";
for (let seed = first; seed <= last && found === undefined; seed++) {
	lives++;
	const { finding, digest } = runLife(drawPlan({ ...request, seed }), nodeParts());
	newest = digest;
	if (finding) found = { seed, ...finding };
}
process.stdout.write(`${JSON.stringify({ lives, digest: newest, finding: found })}\n`);
