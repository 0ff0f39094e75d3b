import { Random } from "../../../hosts/simulator/random.js";
import { OUTBOX_RECORDS_MAX } from "../../../src/limits.js";
import { RecordIndex } from "../../../src/outbox/record-index.js";

describe("RecordIndex", () => {
	it("agrees with a sorted map over many random insertions and removals", () => {
		const random = new Random(1);
		const index = new RecordIndex();
		const model = new Map<number, number>();
		let newest = 2 ** 40;
		for (let step = 0; step < 20_000; step++) {
			if (random.oneIn(2) && model.size < OUTBOX_RECORDS_MAX) {
				newest += random.integer(1, 3);
				const sequence = random.oneIn(20) ? newest - 2 : newest;
				if (model.has(sequence)) continue;
				const place = random.integer(1, 0xffff);
				expect(index.insert(sequence, place, sequence % 256, sequence % 3, 9)).toBe(true);
				model.set(sequence, place);
			} else if (model.size > 0) {
				const from = index.next(random.oneIn(3) ? newest - random.integer(0, 3000) : undefined);
				if (from === undefined) continue;
				model.delete(index.sequenceAt(from));
				index.remove(from);
			}
			if (step % 500 === 0) expect(listOf(index)).toEqual(sorted(model));
		}
		expect(index.size).toBe(model.size);
		expect(listOf(index)).toEqual(sorted(model));
	});

	it("says so when it has no slot or no number for a record", () => {
		const index = new RecordIndex();
		for (let count = 1; count <= OUTBOX_RECORDS_MAX; count++) index.insert(count, count, 0, 0, 2);
		expect(index.insert(5000, 1, 0, 0, 2)).toBe(false);
		index.remove(index.find(1000) as number);
		expect(index.insert(5000, 1, 0, 0, 2)).toBe(true);
		index.remove(index.find(2000) as number);
		expect(index.insert(2 ** 33, 1, 0, 0, 2)).toBe(false);
	});

	it("moves its base over 32 bits", () => {
		const index = new RecordIndex();
		for (let count = 0; count < 10; count++) {
			const sequence = 1 + count * 2 ** 31;
			expect(index.insert(sequence, 1, 3, 2, 5)).toBe(true);
			if (count > 0) index.remove(index.find(sequence - 2 ** 31) as number);
			expect(index.sequenceAt(index.next(undefined) as number)).toBe(sequence);
		}
	});
});

function listOf(index: RecordIndex): [number, number][] {
	const list: [number, number][] = [];
	let slot = index.next(undefined);
	while (slot !== undefined) {
		const sequence = index.sequenceAt(slot);
		expect(index.channelAt(slot)).toBe(sequence % 256);
		expect(index.classAt(slot)).toBe(sequence % 3);
		list.push([sequence, index.placeAt(slot)]);
		slot = index.next(sequence);
	}
	return list;
}

function sorted(model: ReadonlyMap<number, number>): [number, number][] {
	return [...model].sort(([a], [b]) => a - b);
}
