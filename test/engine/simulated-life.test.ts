// The same seed is the same life on the engine that ships: every event of it, to the last digit of
// its digest.

import { engine } from "../support/engine.js";
import { buildLives, live } from "../support/lives-program.js";

const SEEDS = [1, 2, 7];
const LIFE = { profile: "storm", days: 0.05 } as const;

describe("a simulated life on XS", () => {
	engine.it(
		"is the life that it is on Node",
		async () => {
			const bundle = engine.script("simulated-life", "test/engine/scripts/simulated-life.ts");
			const words = [LIFE.profile, String(LIFE.days), ...SEEDS.map(String)];
			const { lines, code, errors } = await engine.run(bundle, words);
			expect(errors).toBe("");
			const file = buildLives("on-node");
			for (const [index, seed] of SEEDS.entries()) {
				const { digest, finding } = await live(file, { ...LIFE, first: seed, last: seed });
				expect(finding).toBe(undefined);
				expect(JSON.parse(lines[index] as string)).toEqual({ seed, digest });
			}
			expect(code).toBe(0);
		},
		180_000,
	);
});
