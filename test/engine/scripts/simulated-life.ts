// A life of the simulator on the XS engine, from the words of the command line: profile, days and
// seeds. A line of JSON for each of them.

import { program } from "../../../hosts/linux/program.js";
import { drawPlan } from "../../../hosts/simulator/run/plan.js";
import { runLife } from "../../../hosts/simulator/run/life.js";
import type { ProfileName } from "../../../hosts/simulator/run/profiles.js";
import { crypto } from "../../../modules/crypto/crypto.js";

const [profile, days, ...seeds] = program.arguments;
const parts = { sha256: crypto.sha256 };
for (const seed of seeds) {
	const plan = drawPlan({
		seed: Number(seed),
		profile: profile as ProfileName,
		days: Number(days),
	});
	const { digest, finding } = runLife(plan, parts);
	program.print(JSON.stringify({ seed: plan.seed, digest, finding: finding?.what }));
}
program.exit(0);
