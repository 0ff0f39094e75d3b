import { MessageLedger } from "../../../../hosts/simulator/run/message-ledger.js";

describe("MessageLedger", () => {
	it("counts as lost what is neither delivered, nor stored, nor named in a gap", () => {
		const ledger = new MessageLedger();
		for (const sequence of [1, 2, 3, 5, 8, 9]) expect(ledger.accept(sequence)).toBe(true);
		ledger.deliver(2);
		ledger.explain({ first: 3, last: 6, count: 2 });
		expect(ledger.lost(new Set([9]))).toEqual([1, 8]);
		expect(ledger.dropped).toBe(2);
		expect(ledger.delivered).toBe(1);
	});

	it("notices numbers that do not grow", () => {
		const ledger = new MessageLedger();
		ledger.accept(5);
		expect(ledger.accept(5)).toBe(false);
		expect(ledger.accept(4)).toBe(false);
	});

	it("counts a delivery before its acceptance, and every repetition", () => {
		const ledger = new MessageLedger();
		ledger.deliver(1);
		ledger.accept(1);
		ledger.deliver(1);
		expect(ledger.duplicates).toBe(1);
		expect(ledger.lost(new Set())).toEqual([]);
	});

	it("lets a dropped reading arrive all the same", () => {
		const ledger = new MessageLedger();
		ledger.accept(1);
		ledger.explain({ first: 1, last: 1, count: 1 });
		ledger.deliver(1);
		expect(ledger.dropped).toBe(0);
	});

	it("takes a later gap record for what an earlier one said and more", () => {
		const ledger = new MessageLedger();
		ledger.explain({ first: 10, last: 40, count: 25 });
		ledger.explain({ first: 10, last: 20, count: 9 });
		ledger.explain({ first: 60, last: 61, count: 2 });
		expect(ledger.gaps()).toEqual([
			{ first: 10, last: 40, count: 25 },
			{ first: 60, last: 61, count: 2 },
		]);
	});
});
