// The unit tests of src once more, on the engine that ships.
import { readdirSync } from "node:fs";
import { engine } from "../support/engine.js";

function unitTests(): string[] {
	const files = readdirSync("test/unit", { recursive: true, encoding: "utf8" });
	const chosen = files.filter((file) => /(?<!\.node)\.test\.ts$/.test(file));
	return chosen.sort().map((file) => `test/unit/${file}`);
}

describe("the unit tests on XS", () => {
	engine.it(
		"pass, all of them",
		async () => {
			const summary = engine.summary(await engine.run(engine.bundle("unit", unitTests())));
			expect(summary.failed).toEqual([]);
			expect(summary.tests).toBeGreaterThan(500);
		},
		300_000,
	);
});

describe("the shim of jest", () => {
	engine.it("reports tests that fail, and runs hooks around each", async () => {
		const bundle = engine.bundle("shim", ["test/engine/scripts/shim-sample.ts"]);
		const run = await engine.run(bundle);
		expect(run.code).toBe(1);
		const { tests, failed } = engine.summary(run);
		expect(tests).toBe(5);
		expect(failed.map((line) => line.split("\n")[0])).toEqual([
			"a sample fails on a value: Error: expect(1).toBe(2)",
			"a sample fails in a promise: Error: expect([1]).not.toEqual([1])",
			"a sample fails without an exception: Error: expect(a function).toThrow(undefined)",
		]);
	});
});
