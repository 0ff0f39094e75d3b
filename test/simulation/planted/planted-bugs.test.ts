// Proof that the checkers of a life can fail: each planted bug is caught within its first 200
// seeds, and the tree as it is passes the same seeds. HOLDFAST_BUG names one of them, to look at it
// alone.

import { readFileSync, writeFileSync } from "node:fs";
import { buildLives, live, type Outcome } from "../../support/lives-program.js";
import { PatchedBundle } from "../../support/patched-bundle.js";
import { PLANTED_BUGS, type PlantedBug } from "./planted-bugs.js";
import { PLANTED_PROMISES } from "./planted-promises.js";

const SEEDS = 200;

/** Two at a time: as many as there are cores where it matters. */
async function inPairs<T>(items: readonly T[], act: (item: T, index: number) => Promise<void>) {
	const waiting = [...items.entries()];
	const turn = async (): Promise<void> => {
		for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
			await act(next[1], next[0]);
		}
	};
	await Promise.all([turn(), turn()]);
}

describe("a planted bug", () => {
	const file = buildLives("planted");
	const bundle = new PatchedBundle(readFileSync(file, "utf8"));
	const chosen = process.env.HOLDFAST_BUG;
	const all = [...PLANTED_BUGS, ...PLANTED_PROMISES];
	const bugs = all.filter(({ name }) => chosen === undefined || name.includes(chosen));
	const outcomes = new Map<PlantedBug, Outcome>();
	/** By the lives that were lived: the most of them, and what the tree as it is made of them. */
	const sound = new Map<string, Outcome>();

	/** A patch that does not apply fails its own test, and leaves the others alone. */
	const patched = new Map<PlantedBug, string | Error>();
	for (const bug of bugs) {
		try {
			patched.set(bug, bundle.patched(bug.where, bug.patch));
		} catch (error) {
			patched.set(bug, error as Error);
		}
	}

	beforeAll(async () => {
		await inPairs(bugs, async (bug, index) => {
			const text = patched.get(bug);
			if (typeof text !== "string") return;
			const program = file.replace(".js", `-${index}.js`);
			writeFileSync(program, text);
			outcomes.set(bug, await live(program, { ...bug.lives, first: 1, last: SEEDS }));
		});
		const most = new Map<string, number>();
		for (const [{ lives }, outcome] of outcomes) {
			const key = JSON.stringify(lives);
			most.set(key, Math.max(most.get(key) ?? 0, outcome.lives));
		}
		await inPairs([...most], async ([key, count]) => {
			const lives = JSON.parse(key) as PlantedBug["lives"];
			sound.set(key, await live(file, { ...lives, first: 1, last: count }));
		});
	}, 600_000);

	for (const bug of bugs) {
		it(`is caught: ${bug.name}`, () => {
			if (patched.get(bug) instanceof Error) throw patched.get(bug) as Error;
			const finding = outcomes.get(bug)?.finding;
			expect(bug.caughtBy).toContain(finding?.checker);
			expect(sound.get(JSON.stringify(bug.lives))?.finding).toBe(undefined);
		});
	}

	it("that no longer applies fails the run", () => {
		const patch = { find: "no such text", replace: "" };
		expect(() => bundle.patched("Uplink.offer", patch)).toThrow("0 times");
		expect(() => bundle.patched("Uplink.noSuch", { begin: "" })).toThrow("found 0 times");
		expect(() => bundle.patched("noSuchFunction", { begin: "" })).toThrow("found 0 times");
	});
});
