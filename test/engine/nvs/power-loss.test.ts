// NVS on Linux after a cut of power at every call that changes a file: the old state or the new
// one, whole, and a store that lives on. What remains is all, only what was forced to disk, or that
// with zeros behind it.
import { describeWhere } from "../../support/c-program.js";
import { missing, StorageBench } from "./bench.js";

describeWhere(missing, "NVS in C: power loss", () => {
	let bench: StorageBench;
	beforeAll(() => {
		bench = new StorageBench("life");
	});
	afterAll(() => bench?.close());

	for (const [life, remains] of [
		["killed", "all that was written"],
		["lost", "only what was forced to disk"],
		["zeros", "zeros in place of what was not forced to disk"],
	] as const) {
		it(`has the old value or the new one when ${remains} remains`, () => {
			// So many calls change a file in this life: each was cut.
			expect(Number(bench.run(life))).toBeGreaterThan(300);
		});
	}

	it("keeps what a killed process wrote, once it was read again", () => {
		expect(bench.run("settled")).toBe("");
	});

	it("cuts off an unfinished record of any length", () => {
		expect(bench.run("torn")).toBe("");
	});

	it("loses the damaged record alone, and sets no key back to an older value", () => {
		expect(bench.run("damaged")).toBe("");
	});

	it("takes no value for a record", () => {
		expect(bench.run("forged")).toBe("");
	});

	it("leaves another program's file alone", () => {
		expect(bench.run("foreign")).toBe("");
	});
});
