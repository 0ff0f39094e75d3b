// Lives of every profile, and every seed that ever failed.

import { readFileSync } from "node:fs";
import type { PlanRequest } from "../../hosts/simulator/run/plan.js";
import { PROFILE_NAMES } from "../../hosts/simulator/run/profiles.js";
import { failureOf } from "../support/live.js";

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
