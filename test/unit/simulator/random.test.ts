import { Random } from "../../../hosts/simulator/random.js";

describe("Random", () => {
	it("gives the same for the same seed, and other things for others", () => {
		expect(new Random(7).bytes(21)).toEqual(new Random(7).bytes(21));
		expect(new Random(7).bytes(21)).not.toEqual(new Random(8).bytes(21));
	});

	it("reaches both ends of a range and nothing beyond", () => {
		const random = new Random(1);
		const counts = [0, 0, 0, 0];
		for (let count = 0; count < 4000; count++) {
			const value = random.integer(2, 5);
			counts[value - 2] = (counts[value - 2] as number) + 1;
		}
		for (const count of counts) expect(count).toBeGreaterThan(850);
		expect(counts).toHaveLength(4);
	});
});
