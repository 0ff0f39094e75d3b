import {
	backoffDelayMs,
	delayAboveFloorMs,
	randomFraction,
} from "../../../src/connection/backoff.js";
import { Random } from "../../../hosts/simulator/random.js";

describe("backoff", () => {
	it("doubles its window with each attempt up to the widest", () => {
		const widest = 0.999999;
		const windows = [0, 1, 2, 3, 9].map((attempt) => backoffDelayMs(attempt, widest, 100, 1000));
		expect(windows).toEqual([100, 200, 400, 800, 1000]);
	});

	it("starts anywhere in the window, zero included", () => {
		expect(backoffDelayMs(5, 0, 100, 1000)).toBe(0);
		expect(backoffDelayMs(5, 0.5, 100, 1000)).toBe(500);
	});

	it("stays at the widest window for any number of attempts", () => {
		expect(backoffDelayMs(1_000_000, 0.5, 1000, 300_000)).toBe(150_000);
	});

	it("refuses a random number that is no fraction", () => {
		expect(() => backoffDelayMs(0, 1, 100, 1000)).toThrow("random is a fraction");
		expect(() => backoffDelayMs(-1, 0, 100, 1000)).toThrow("attempt counts from zero");
	});

	it("never goes below a floor, and spreads above it", () => {
		expect(delayAboveFloorMs(0, 1000, 0)).toBe(1000);
		expect(delayAboveFloorMs(0, 1000, 0.5)).toBe(1250);
		expect(delayAboveFloorMs(5000, 1000, 0.5)).toBe(6000);
		expect(delayAboveFloorMs(7, 0, 0.5)).toBe(7);
	});

	// A broker that restarts must not meet its whole fleet at one moment.
	it("spreads a thousand devices over the whole window", () => {
		const delays = Array.from({ length: 1000 }, (_, index) =>
			backoffDelayMs(4, randomFraction(new Random(index)), 1000, 300_000),
		);
		const tenths = new Array<number>(10).fill(0);
		for (const delay of delays) tenths[Math.min(9, Math.floor(delay / 1600))]! += 1;
		for (const count of tenths) {
			expect(count).toBeGreaterThan(60);
			expect(count).toBeLessThan(140);
		}
	});
});

describe("randomFraction", () => {
	it("covers the unit interval without its end", () => {
		const filled = (value: number) => ({ fill: (bytes: Uint8Array) => void bytes.fill(value) });
		expect(randomFraction(filled(0))).toBe(0);
		expect(randomFraction(filled(0xff))).toBeLessThan(1);
		expect(randomFraction(filled(0x80))).toBeGreaterThan(0.5);
	});
});
