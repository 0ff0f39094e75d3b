import type { Fault } from "../../../../hosts/simulator/run/fault.js";
import { drawPlan, type Plan } from "../../../../hosts/simulator/run/plan.js";
import { shrink } from "../../../../hosts/simulator/run/shrink.js";

const DAY = 86_400_000;

function planOf(seed = 1): Plan {
	return drawPlan({ seed, profile: "storm", days: 1, changes: { devices: 3, brokers: 1 } });
}

/** Fails where both of `wanted` are there, at whatever device. */
function needs(wanted: readonly Fault[]): (plan: Plan) => boolean {
	return ({ faults }) =>
		wanted.every(({ atMs, kind }) =>
			faults.some((fault) => fault.kind === kind && fault.atMs === atMs),
		);
}

describe("shrink", () => {
	it("leaves the faults that the failure needs, and no others", () => {
		const plan = planOf();
		const devices = plan.faults.filter(({ target }) => target === 1).slice(0, 2);
		const failedAtMs = (devices[1] as Fault).atMs + 1;
		const fails = needs(devices);
		const shrunk = shrink(plan, { fails, hasTime: () => true, failedAtMs });
		expect(plan.faults.length).toBeGreaterThan(10);
		expect(shrunk.plan.faults.map(({ kind, atMs }) => [kind, atMs])).toEqual(
			devices.map(({ kind, atMs }) => [kind, atMs]),
		);
		expect(shrunk.plan.safetyMs).toBeLessThan(DAY);
		expect(shrunk.isFinished).toBe(true);
	});

	it("shortens what need not last", () => {
		const plan = planOf(2);
		const longest = plan.faults.reduce((most, one) =>
			one.durationMs > most.durationMs ? one : most,
		);
		const fails = ({ faults }: Plan) =>
			faults.some(({ kind, durationMs }) => kind === longest.kind && durationMs >= 60_000);
		const { plan: small } = shrink(plan, { fails, hasTime: () => true, failedAtMs: DAY });
		expect(small.faults).toHaveLength(1);
		expect((small.faults[0] as Fault).durationMs).toBeLessThan(120_000);
	});

	it("keeps the whole plan where nothing smaller fails, and stops when time is up", () => {
		const plan = planOf(3);
		let asked = 0;
		const options = { fails: () => ++asked < 0, failedAtMs: DAY };
		expect(shrink(plan, { ...options, hasTime: () => asked < 5 }).plan).toEqual(plan);
		expect(asked).toBe(5);
		expect(shrink(plan, { ...options, hasTime: () => false }).isFinished).toBe(false);
	});
});
