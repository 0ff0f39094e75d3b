// Lives of every profile, and every seed that ever failed. A seed draws another life when the
// catalogue of faults has grown: the shortest failing life of some is kept as a plan beside it.

import { readdirSync, readFileSync } from "node:fs";
import { runLife } from "../../hosts/simulator/run/life.js";
import type { PlanRequest } from "../../hosts/simulator/run/plan.js";
import { PROFILE_NAMES } from "../../hosts/simulator/run/profiles.js";
import { nodeParts } from "../../tools/sim/node-parts.js";
import { readPlan } from "../../tools/sim/plan-text.js";
import { failureOf } from "../support/live.js";

const PLANS = "test/simulation/plans";

interface FailedSeed extends PlanRequest {
	readonly found: string;
}

describe("a life of the profile", () => {
	for (const profile of PROFILE_NAMES) {
		it(`${profile} breaks no promise`, () => {
			const seeds = [1, 2, 3, 4];
			const failures = seeds.map((seed) => failureOf({ seed, profile, days: 0.1 }));
			expect(failures.filter((failure) => failure !== undefined)).toEqual([]);
		}, 120_000);
	}
});

describe("a seed that once failed", () => {
	const text = readFileSync("test/simulation/seeds.json", "utf8");
	for (const { found, ...request } of JSON.parse(text) as readonly FailedSeed[]) {
		it(`${request.profile} ${request.seed}: ${found}`, () => {
			expect(failureOf(request)).toBe(undefined);
		}, 60_000);
	}
});

describe("a plan that once failed", () => {
	for (const name of readdirSync(PLANS)) {
		it(`${name}: npm run sim -- --plan ${PLANS}/${name} --trace`, () => {
			expect(runLife(readPlan(`${PLANS}/${name}`), nodeParts()).finding).toBe(undefined);
		}, 60_000);
	}
});
