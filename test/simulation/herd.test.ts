// A small herd whose broker restarts: what the backoff's jitter spares it, and what is counted. The
// thousand are `npm run sim -- --herd`.

import { runHerd, type HerdResult } from "../../hosts/simulator/run/herd.js";
import { nodeParts } from "../../tools/sim/node-parts.js";
import { herdFigure } from "../../tools/sim/herd-figure.js";

const DEVICES = 40;

function herd(hasJitter: boolean, server: { perSecond: number; waitingMax: number }): HerdResult {
	return runHerd({
		seed: 1,
		devices: DEVICES,
		server: { handshakesPerSecond: server.perSecond, waitingMax: server.waitingMax },
		awayMs: 30_000,
		hasJitter,
		watchedMs: 300_000,
		sha256: nodeParts().sha256,
	});
}

describe("a herd whose broker comes back", () => {
	const short = { perSecond: 3, waitingMax: 8 };
	const long = { perSecond: 0.5, waitingMax: DEVICES };
	const spread = herd(true, short);
	const inStep = herd(false, short);
	const waiting = herd(false, long);

	it("comes back at different times with jitter, and all of it", () => {
		expect(spread.peakAttempts).toBeLessThan(DEVICES / 4);
		expect(spread.allBackMs).toBeLessThan(300_000);
		expect(spread.online.at(-1)).toBe(DEVICES);
		expect(spread.halfBackMs).toBeLessThanOrEqual(spread.allBackMs as number);
	});

	it("comes in step without, and a short backlog refuses most of it", () => {
		expect(inStep.peakAttempts).toBe(DEVICES);
		expect(inStep.refused).toBeGreaterThan(DEVICES);
		expect(inStep.refused).toBeGreaterThan(spread.refused);
	});

	it("wastes handshakes where a long backlog lets devices wait for longer than they do", () => {
		expect(waiting.refused).toBe(0);
		expect(waiting.wasted).toBeGreaterThan(0);
		expect(inStep.wasted).toBe(0);
	});

	it("counts an attempt for each handshake, refusal and session", () => {
		for (const { attempts, peakAttempts, refused, wasted, online } of [spread, inStep, waiting]) {
			const sum = attempts.reduce((total, count) => total + count, 0);
			expect(sum).toBeGreaterThanOrEqual(refused + wasted + (online.at(-1) as number));
			expect(Math.max(...attempts)).toBe(peakAttempts);
			expect(attempts.length).toBe(300);
		}
	});
});

describe("the figure of a herd", () => {
	const curve = { name: "a", color: "#123", attempts: [0, 1, 10, 100], online: [0, 2, 4, 4] };
	const figure = herdFigure([curve, { ...curve, name: "b", attempts: [0, 0, 5, 0] }], 4);
	const [curves] = [[...figure.matchAll(/<polyline [^>]*points="([^"]*)"/g)]];
	const heights = (index: number) =>
		(curves[index]?.[1] as string).split(" ").map((point) => Number(point.split(",")[1]));

	it("draws both panels for each curve, with a name and its peak in figures", () => {
		expect(curves).toHaveLength(4);
		for (const label of [">a<", ">b<", ">100<", ">5<", "logarithmic", "devices back, of 4"]) {
			expect(figure).toContain(label);
		}
	});

	it("lifts a tenth of the most attempts well off the axis, and keeps the order", () => {
		const [bottom, one, ten, hundred] = heights(0) as [number, number, number, number];
		expect(bottom).toBeGreaterThan(one);
		expect(one).toBeGreaterThan(ten);
		expect(ten).toBeGreaterThan(hundred);
		expect(bottom - ten).toBeGreaterThan((bottom - hundred) / 2);
	});

	it("draws devices to scale", () => {
		const [none, half, all] = heights(2) as [number, number, number];
		expect(none - half).toBeCloseTo((none - all) / 2, 0);
	});
});
