// The power supply of one simulated board. It counts everything that changes persistent storage and
// can fail at one such operation: before it, after it, or in the middle.

import { assert } from "../../src/assert.js";
import { Random } from "./random.js";

/** What changes persistent storage. */
export type PowerOperation = "program" | "erase" | "key-value";

/** Where in the operation power fails: nothing of it done, some of it, or all of it. */
export type CutManner = "before" | "torn" | "after";

export interface PowerCutPlan {
	/** The operation that fails, counted from 1 since the power came on. */
	readonly operation: number;
	readonly manner: CutManner;
	/** Chooses how a torn operation is torn. */
	readonly seed: number;
}

/** The same, counted from a moment that its user chooses. */
export interface PowerCutAhead {
	readonly distance: number;
	readonly manner: CutManner;
	readonly seed: number;
}

/** Thrown out of the storage call in which power failed: the program that made it is gone. */
export class PowerCut extends Error {
	override get name(): string {
		return "PowerCut";
	}
}

export class PowerSupply {
	#operations = 0;
	#plan: PowerCutPlan | undefined;
	#isOn = true;

	/** Operations since the power came on. */
	get operations(): number {
		return this.#operations;
	}

	get isOn(): boolean {
		return this.#isOn;
	}

	/** Power will fail at this operation of the present life. */
	planCut(plan: PowerCutPlan): void {
		assert(plan.operation > this.#operations, "the cut lies ahead");
		this.#plan = plan;
	}

	/** No failure is planned any more. */
	cancelCut(): void {
		this.#plan = undefined;
	}

	/** Power fails now, between operations. */
	cut(): void {
		this.#isOn = false;
	}

	/** The power comes back: a new life begins on what storage holds. */
	restore(): void {
		this.#isOn = true;
		this.#operations = 0;
		this.#plan = undefined;
	}

	/** Storage calls this before it reads: a program without power does nothing at all. */
	require(): void {
		if (!this.#isOn) throw new PowerCut("no power");
	}

	/**
	 * Does one operation: `apply` does all of it, `tear` some part of it chosen by its generator.
	 */
	perform(operation: PowerOperation, apply: () => void, tear: (random: Random) => void): void {
		this.require();
		this.#operations++;
		const plan = this.#plan;
		if (!plan || plan.operation !== this.#operations) {
			apply();
			return;
		}
		if (plan.manner === "torn") tear(new Random(plan.seed));
		if (plan.manner === "after") apply();
		this.#isOn = false;
		throw new PowerCut(`power failed ${plan.manner} ${operation} ${plan.operation}`);
	}
}
