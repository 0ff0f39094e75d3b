import { RangeSet } from "../../../../hosts/support/verify/range-set.js";

const seed = Number(process.env.HOLDFAST_SEED ?? 20260101);

function randomOf(start: number): (below: number) => number {
	let state = start >>> 0;
	return (below) => {
		state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
		return Math.floor((state / 0x100000000) * below);
	};
}

describe("RangeSet", () => {
	it("joins ranges that touch or overlap", () => {
		const set = new RangeSet(10);
		set.add(5);
		set.add(7);
		expect(set.rangeCount).toBe(2);
		set.add(6);
		expect(set.rangeCount).toBe(1);
		set.add(1, 9);
		expect(set.rangeCount).toBe(1);
		expect([set.first, set.last]).toEqual([1, 9]);
	});

	it("takes an empty range for nothing", () => {
		const set = new RangeSet(10);
		set.add(5, 4);
		expect(set.first).toBeUndefined();
	});

	it("agrees with a plain set", () => {
		const random = randomOf(seed);
		for (let round = 0; round < 60; round++) {
			const set = new RangeSet(1000);
			const plain = new Set<number>();
			for (let step = 0; step < 30; step++) {
				const first = 1 + random(60);
				const last = first - 1 + random(5);
				set.add(first, last);
				for (let value = first; value <= last; value++) plain.add(value);
			}
			const told = `seed ${seed}, round ${round}`;
			for (let value = 0; value <= 70; value++) {
				expect([told, value, set.has(value)]).toEqual([told, value, plain.has(value)]);
			}
			const holes: number[] = [];
			for (const { first, last } of set.holes(3, 66)) {
				for (let value = first; value <= last; value++) holes.push(value);
			}
			const expected = Array.from({ length: 64 }, (_, index) => index + 3);
			expect([told, holes]).toEqual([told, expected.filter((value) => !plain.has(value))]);
		}
	});

	it("never holds more ranges than it was allowed, and forgets no member", () => {
		const set = new RangeSet(8);
		for (let value = 2; value <= 200; value += 2) set.add(value);
		expect(set.rangeCount).toBe(8);
		for (let value = 2; value <= 200; value += 2) expect(set.has(value)).toBe(true);
		expect(set.has(199)).toBe(false);
		expect(set.has(3)).toBe(true); // the price: what is old counts as seen
	});
});
