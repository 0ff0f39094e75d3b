import { drawPlan, type PlanRequest } from "../../../../hosts/simulator/run/plan.js";
import { commandFor } from "../../../../tools/sim/failure-report.js";
import { parseSimArguments, requestOf } from "../../../../tools/sim/sim-arguments.js";

describe("commandFor, the command that replays a life", () => {
	const requests: readonly PlanRequest[] = [
		{ seed: 7, profile: "storm", days: 1 },
		{ seed: 8, profile: "flash", days: 0.25 },
		{ seed: 9, profile: "storm", days: 1, changes: { devices: 5 } },
	];
	for (const request of requests) {
		const command = commandFor(drawPlan(request));
		it(`draws the same plan: ${command}`, () => {
			const parsed = parseSimArguments(command.replace("npm run sim -- ", "").split(" "));
			if (typeof parsed === "number") throw new Error("it asks for help");
			expect(parsed.trace).toBe(true);
			expect(drawPlan(requestOf(parsed, parsed.seeds.first))).toEqual(drawPlan(request));
		});
	}
});
