// Lives of the simulator on the XS engine: each word of the command line asks for one, as JSON. A
// line of JSON for each of them.

import { program } from "../../../hosts/linux/program.js";
import { drawPlan, type PlanRequest } from "../../../hosts/simulator/run/plan.js";
import { runLife } from "../../../hosts/simulator/run/life.js";
import { crypto } from "../../../modules/crypto/crypto.js";

for (const word of program.arguments) {
	const plan = drawPlan(JSON.parse(word) as PlanRequest);
	const { digest, statistics, finding } = runLife(plan, { sha256: crypto.sha256 });
	program.print(JSON.stringify({ digest, statistics, finding: finding?.what }));
}
program.exit(0);
