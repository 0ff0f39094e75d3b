// Proof that the checkers of a life can fail: each planted bug is caught within its first 200 seeds,
// and the tree as it is passes the same seeds. HOLDFAST_BUG names one of them, to look at it alone.

import { execFile, execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { promisify } from "node:util";
import type { Finding } from "../../../hosts/simulator/run/finding.js";
import { PatchedBundle } from "../../support/patched-bundle.js";
import { PLANTED_BUGS, type PlantedBug } from "./planted-bugs.js";

const SEEDS = 200;
const FOLDER = "build/simulation";
const BUNDLE = `${FOLDER}/lives.js`;

interface Outcome {
	readonly lives: number;
	readonly finding?: Finding & { readonly seed: number };
}

async function live(bundle: string, bug: PlantedBug, last: number): Promise<Outcome> {
	const request = JSON.stringify({ ...bug.lives, first: 1, last });
	const { stdout } = await promisify(execFile)(process.execPath, [bundle, request]);
	return JSON.parse(stdout) as Outcome;
}

describe("a planted bug", () => {
	mkdirSync(FOLDER, { recursive: true });
	execFileSync(process.execPath, [
		"test/support/lives-bundle.js",
		"test/simulation/planted/lives.ts",
		BUNDLE,
	]);
	const bundle = new PatchedBundle(readFileSync(BUNDLE, "utf8"));
	const chosen = process.env.HOLDFAST_BUG;
	const bugs = PLANTED_BUGS.filter(({ name }) => chosen === undefined || name.includes(chosen));

	for (const [index, bug] of bugs.entries()) {
		it(`is caught: ${bug.name}`, async () => {
			const file = `${FOLDER}/planted-${index}.js`;
			writeFileSync(file, bundle.patched(bug.where, bug.patch));
			const { lives, finding } = await live(file, bug, SEEDS);
			expect([bug.name, finding?.checker]).toEqual([bug.name, expect.any(String)]);
			expect(bug.caughtBy).toContain(finding?.checker);
			const sound = await live(BUNDLE, bug, lives);
			expect(sound).toEqual({ lives });
		});
	}

	it("that no longer applies fails the run", () => {
		const patch = { find: "no such text", replace: "" };
		expect(() => bundle.patched("Uplink.offer", patch)).toThrow("0 times");
		expect(() => bundle.patched("Uplink.noSuch", { begin: "" })).toThrow("found 0 times");
		expect(() => bundle.patched("noSuchFunction", { begin: "" })).toThrow("found 0 times");
	});
});
