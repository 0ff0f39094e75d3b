// A worker of the pool: lives one life after another, as the master names their seeds. A module of
// its own, loaded by worker_threads.

import { parentPort } from "node:worker_threads";
import { drawPlan, type Plan, type PlanRequest } from "../../hosts/simulator/run/plan.js";
import type { Finding } from "../../hosts/simulator/run/finding.js";
import { runLife } from "../../hosts/simulator/run/life.js";
import { shrink } from "../../hosts/simulator/run/shrink.js";
import type { StatisticsValue } from "../../hosts/simulator/run/statistics.js";
import { nodeParts } from "./node-parts.js";

/** What the master asks for. */
export type LifeJob =
	| { readonly kind: "live"; readonly request: PlanRequest }
	| {
			readonly kind: "shrink";
			readonly plan: Plan;
			readonly finding: Finding;
			readonly budgetMs: number;
	  };

/** What the worker answers. */
export type LifeAnswer =
	| {
			readonly kind: "lived";
			readonly seed: number;
			readonly digest: string;
			readonly statistics: StatisticsValue;
			readonly finding?: Finding;
	  }
	| {
			readonly kind: "shrunk";
			readonly plan: Plan;
			readonly runs: number;
			readonly isFinished: boolean;
	  };

function live(request: PlanRequest): LifeAnswer {
	const plan = drawPlan(request);
	const { digest, statistics, finding } = runLife(plan, nodeParts());
	return {
		kind: "lived",
		seed: plan.seed,
		digest,
		statistics: statistics.toJSON(),
		...(finding && { finding }),
	};
}

function search({ plan, finding, budgetMs }: Extract<LifeJob, { kind: "shrink" }>): LifeAnswer {
	const deadlineMs = performance.now() + budgetMs;
	const shrunk = shrink(plan, {
		failedAtMs: finding.atMs,
		hasTime: () => performance.now() < deadlineMs,
		fails: (candidate) => runLife(candidate, nodeParts()).finding?.checker === finding.checker,
	});
	return { kind: "shrunk", ...shrunk };
}

parentPort?.on("message", (job: LifeJob) => {
	parentPort?.postMessage(job.kind === "live" ? live(job.request) : search(job));
});
