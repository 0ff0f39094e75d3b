import { flipBit } from "../../../../tools/start/flip-bit.js";

describe("flipBit", () => {
	it("changes exactly one bit, any of them, and leaves the original alone", () => {
		const original = Uint8Array.of(0x00, 0xff, 0x5a);
		const seen = new Set<string>();
		for (let bit = 0; bit < 24; bit++) {
			const altered = flipBit(original, (bit + 0.5) / 24);
			const changed = altered.map((byte, index) => byte ^ (original[index] as number));
			const ones = [...changed].map((byte) => byte.toString(2).replaceAll("0", "").length);
			expect(ones.reduce((sum, count) => sum + count, 0)).toBe(1);
			seen.add(altered.join());
		}
		expect(seen.size).toBe(24);
		expect([...original]).toEqual([0x00, 0xff, 0x5a]);
	});
});
