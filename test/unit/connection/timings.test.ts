import { DEFAULT_TIMINGS, scaledTimings, type Timings } from "../../../src/connection/timings.js";

const NAMES = Object.keys(DEFAULT_TIMINGS) as (keyof Timings)[];

describe("scaledTimings", () => {
	it("is the defaults at a factor of one", () => {
		expect(scaledTimings(1)).toEqual(DEFAULT_TIMINGS);
	});

	it("scales every duration by the factor", () => {
		const doubled = scaledTimings(2);
		for (const name of NAMES) expect(doubled[name]).toBe(DEFAULT_TIMINGS[name] * 2);
	});

	it("keeps what the machine itself needs at a small factor, and policy shrinks on", () => {
		const tiny = scaledTimings(0.001);
		expect(tiny.backoffMaxMs).toBe(300);
		expect(tiny.stableMs).toBe(60);
		expect(tiny.connectMs).toBe(3000);
		expect(tiny.watchdogMs).toBe(3000);
		for (const name of NAMES) expect(tiny[name]).toBeGreaterThan(0);
	});

	it("refuses a factor that is no positive number", () => {
		for (const factor of [0, -1, NaN, Infinity]) {
			expect(() => scaledTimings(factor)).toThrow("factor is a positive number");
		}
	});
});

describe("the default timings", () => {
	it("leave the longest wait shorter than what the watchdog accepts as a wait", () => {
		const { backoffMaxMs, floorDuplicateMs, progressWaitMs, silenceMs } = DEFAULT_TIMINGS;
		const longestMs = floorDuplicateMs + Math.max(backoffMaxMs, floorDuplicateMs / 2);
		expect(longestMs).toBeLessThan(progressWaitMs);
		expect(silenceMs).toBeLessThan(progressWaitMs);
	});

	it("give the MQTT client's deadlines the first word", () => {
		const { acknowledgeMs, pingResponseMs, silenceMs, dnsMs, connectMs } = DEFAULT_TIMINGS;
		expect(pingResponseMs + acknowledgeMs).toBeLessThan(silenceMs);
		expect(dnsMs).toBeLessThan(connectMs);
	});
});
