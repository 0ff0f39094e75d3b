import { COMMANDS_BURST } from "../../../src/limits.js";
import { CommandRates } from "../../../src/policy/command-rates.js";

describe("CommandRates", () => {
	function rates(timeScale: number) {
		const clock = { nowMs: 0, monotonicMs: () => clock.nowMs };
		const made = new CommandRates({ clock, timeScale });
		const taken = (operator: string, times: number) =>
			Array.from({ length: times }, () => made.take(operator)).filter(Boolean).length;
		return { clock, taken };
	}

	it("has a bucket for each operator", () => {
		const { taken } = rates(1);
		expect(taken("a", 1000)).toBe(COMMANDS_BURST);
		expect(taken("b", 1000)).toBe(COMMANDS_BURST);
		expect(taken("a", 1)).toBe(0);
	});

	it("takes one a minute after that, sooner under a time scale", () => {
		for (const timeScale of [1, 0.05]) {
			const { clock, taken } = rates(timeScale);
			taken("a", 1000);
			clock.nowMs += 59_000 * timeScale;
			expect(taken("a", 10)).toBe(0);
			clock.nowMs += 121_500 * timeScale;
			expect(taken("a", 10)).toBe(3);
		}
	});
});
