import { Spread } from "../../../../hosts/simulator/run/spread.js";

function spreadOf(values: readonly number[]): Spread {
	const spread = new Spread();
	for (const value of values) spread.add(value);
	return spread;
}

describe("Spread", () => {
	it("knows the median within a few per cent, and the worst exactly", () => {
		const values = Array.from({ length: 999 }, (_, index) => (index + 1) * 1000);
		const spread = spreadOf(values);
		expect(spread.count).toBe(999);
		expect(spread.worst).toBe(999_000);
		expect(Math.abs((spread.median as number) - 500_000)).toBeLessThan(500_000 * 0.03);
	});

	it("has no median of nothing, and is exact for one value at the bottom", () => {
		expect(spreadOf([]).median).toBe(undefined);
		expect(spreadOf([0]).median).toBe(0);
	});

	it("never states a median above the worst value", () => {
		for (const value of [1, 7, 999, 12_345]) {
			expect((spreadOf([value]).median as number) <= value).toBe(true);
		}
	});

	it("adds up to the same whether counted in one or in parts, through JSON", () => {
		const whole = spreadOf([1, 5, 5, 900, 70_000]);
		const parts = Spread.of(JSON.parse(JSON.stringify(spreadOf([5, 900]))));
		parts.merge(spreadOf([1, 5, 70_000]).toJSON());
		expect(parts.toJSON()).toEqual(whole.toJSON());
	});
});
