// The arithmetic of the bench: ratios, gates, and how figures are shown.
import {
	differencePercent,
	failures,
	type Figure,
	formatFigure,
	formatNumber,
	judge,
	ratio,
} from "../../../../tools/bench/figures.js";

const figure = (value: number | undefined, gate?: Figure["gate"]): Figure => ({
	name: "rate",
	unit: "/s",
	value,
	...(gate && { gate }),
});

describe("a figure of the bench", () => {
	it("meets its gate up to the very number", () => {
		expect(judge(figure(500, { atLeast: 500 }))).toBe("met");
		expect(judge(figure(499.9, { atLeast: 500 }))).toBe("missed");
		expect(judge(figure(4096, { atMost: 4096 }))).toBe("met");
		expect(judge(figure(4097, { atMost: 4096 }))).toBe("missed");
	});

	it("has no verdict without a gate", () => {
		expect(judge(figure(1))).toBeUndefined();
	});

	it("fails its gate when it was not measured", () => {
		const gated = figure(undefined, { atMost: 1 });
		expect(judge(gated)).toBe("not-measured");
		expect(judge(figure(NaN, { atMost: 1 }))).toBe("not-measured");
		expect(failures([gated, figure(undefined), figure(1, { atMost: 1 })])).toEqual(["rate"]);
	});

	it("says why it was not measured", () => {
		const missing = "valgrind is missing: sudo apt-get install valgrind";
		expect(formatFigure({ ...figure(undefined), missing })).toContain(missing);
		expect(formatFigure(figure(12.5, { atLeast: 13 }))).toMatch(/12\.5 \/s.*gate ≥ 13: missed/);
	});

	it("shows three digits and sets thousands apart", () => {
		const shown = [0.03512, 12.34, 96.4, 100, 4096, 58136257, 0].map(formatNumber);
		expect(shown).toEqual(["0.0351", "12.3", "96.4", "100", "4096", "58 136 257", "0"]);
	});
});

describe("ratios and differences of the bench", () => {
	it("compare what was measured, and nothing else", () => {
		expect(ratio(100, 2)).toBe(50);
		expect(ratio(undefined, 2)).toBeUndefined();
		expect(ratio(100, undefined)).toBeUndefined();
		expect(ratio(100, 0)).toBeUndefined();
	});

	it("count in percent of the first, in either direction", () => {
		expect(differencePercent(200, 202)).toBe(1);
		expect(differencePercent(200, 198)).toBe(1);
		expect(differencePercent(0, 0)).toBe(0);
		expect(differencePercent(0, 1)).toBe(Infinity);
	});
});
