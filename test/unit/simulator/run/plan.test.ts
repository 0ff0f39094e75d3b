import { CATALOGUE, kindNamed } from "../../../../hosts/simulator/run/catalogue.js";
import { drawPlan, type Plan } from "../../../../hosts/simulator/run/plan.js";
import { PROFILE_NAMES, PROFILES } from "../../../../hosts/simulator/run/profiles.js";

function plansOf(profile: (typeof PROFILE_NAMES)[number], count: number): Plan[] {
	return Array.from({ length: count }, (_, seed) => drawPlan({ seed, profile, days: 1 }));
}

describe("drawPlan", () => {
	it("gives the same plan for the same seed, and survives JSON", () => {
		const plan = drawPlan({ seed: 7, profile: "storm", days: 1 });
		expect(drawPlan({ seed: 7, profile: "storm", days: 1 })).toEqual(plan);
		expect(JSON.parse(JSON.stringify(plan))).toEqual(plan);
		expect(drawPlan({ seed: 8, profile: "storm", days: 1 }).faults).not.toEqual(plan.faults);
	});

	it("leaves the faults as they are where an option is changed", () => {
		const changes = { keepAliveS: 77 };
		const plan = drawPlan({ seed: 7, profile: "power", days: 1 });
		const changed = drawPlan({ seed: 7, profile: "power", days: 1, changes });
		expect(changed.options.keepAliveS).toBe(77);
		expect(changed.faults).toEqual(plan.faults);
	});

	it("draws faults of the profile's families or kinds, in order, within the safety phase", () => {
		for (const profile of PROFILE_NAMES) {
			const { families, kinds } = PROFILES[profile];
			for (const { faults, safetyMs, options } of plansOf(profile, 20)) {
				let before = 0;
				for (const { kind, atMs, target } of faults) {
					const { family, isBrokers } = kindNamed(kind);
					expect(kinds ?? Object.keys(families)).toContain(kinds ? kind : family);
					expect(atMs >= before && atMs < safetyMs).toBe(true);
					expect(target < (isBrokers === true ? options.brokers : options.devices)).toBe(true);
					before = atMs;
				}
			}
		}
	});

	it("never lets a kind overlap itself at one target", () => {
		for (const { faults } of plansOf("storm", 50)) {
			const until = new Map<string, number>();
			for (const { kind, target, atMs, durationMs } of faults) {
				const key = `${kind} ${target}`;
				expect(atMs > (until.get(key) ?? -1)).toBe(true);
				until.set(key, atMs + durationMs);
			}
		}
	});

	it("draws every kind of the catalogue within a few hundred stormy days", () => {
		const drawn = new Set<string>();
		for (const { faults } of plansOf("storm", 300)) for (const { kind } of faults) drawn.add(kind);
		const missing = CATALOGUE.filter(({ name, weight }) => weight !== 0 && !drawn.has(name));
		expect(missing.map(({ name }) => name)).toEqual([]);
	});
});
