// NVS on Linux keeps the rules of ESP-IDF's, and its old values when the disk fails.
import { describeWhere } from "../../support/c-program.js";
import { missing, StorageBench } from "./bench.js";

describeWhere(missing, "NVS in C: rules", () => {
	let bench: StorageBench;
	beforeAll(() => {
		bench = new StorageBench("rules");
	});
	afterAll(() => bench?.close());

	const rules: Readonly<Record<string, string>> = {
		names: "takes names of 15 characters and no others",
		lengths: "tells the length of a value, and refuses to cut it short",
		handles: "knows what a handle may do, and an old handle from a new one",
		iterating: "lists the keys of one namespace, whatever happens meanwhile",
		full: "is full as a partition of its size is, and has room again after an erase",
		growing: "stays within a few partitions, however often a value is written",
		alone: "is one process's at a time, and nobody else's",
		failing: "keeps the old value when the disk fails, and believes no second promise",
	};
	for (const [rule, behaviour] of Object.entries(rules)) {
		it(behaviour, () => {
			expect(bench.run(rule)).toBe("");
		});
	}
});
