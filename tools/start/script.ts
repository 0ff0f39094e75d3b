// A run without a person: so many verified readings, with faults on the way, in so many seconds.
// Whatever does not come in time is named.

import type { ActionName, StartArguments } from "./arguments.js";
import type { Demonstration } from "./demonstration.js";
import { isReading } from "./observer.js";

export interface ActionReport {
	readonly action: ActionName;
	/** What it came to, in a word. */
	readonly outcome: string;
	/** Until the next verified reading, the refusal or the signed result. */
	readonly ms: number;
}

export interface RunSummary {
	readonly ok: boolean;
	/** Why not. */
	readonly reason?: string;
	readonly readings: number;
	readonly refused: number;
	readonly missing: number;
	readonly reconnects: number;
	readonly timeToFirstReadingMs?: number;
	readonly actions: readonly ActionReport[];
}

type ScriptArguments = Pick<StartArguments, "readings" | "actions" | "command">;

export class Script {
	readonly #demonstration: Demonstration;
	readonly #arguments: ScriptArguments;
	readonly #signal: AbortSignal;
	readonly #reports: ActionReport[] = [];
	#pending = "the first reading";

	constructor(demonstration: Demonstration, given: ScriptArguments, signal: AbortSignal) {
		this.#demonstration = demonstration;
		this.#arguments = given;
		this.#signal = signal;
	}

	async run(): Promise<RunSummary> {
		const { readings = 1, actions } = this.#arguments;
		try {
			await this.#readingsUntil(1);
			for (const action of actions) await this.#act(action);
			this.#pending = `${readings} readings`;
			await this.#readingsUntil(readings);
			return this.#summary(undefined);
		} catch (error) {
			if (!this.#signal.aborted) throw error;
			const { message } = this.#signal.reason as Error;
			const { lastFailure } = this.#demonstration;
			const cause = lastFailure === undefined ? "" : `; the sensor cannot connect: ${lastFailure}`;
			return this.#summary(`${message} while waiting for ${this.#pending}${cause}`);
		}
	}

	async #act(action: ActionName): Promise<void> {
		this.#pending = action;
		const started = performance.now();
		const outcome = await this.#perform(action);
		this.#reports.push({ action, outcome, ms: Math.round(performance.now() - started) });
	}

	async #perform(action: ActionName): Promise<string> {
		const demonstration = this.#demonstration;
		const signal = this.#signal;
		switch (action) {
			case "cut-network":
				await demonstration.cutNetwork();
				await demonstration.deviceStored(signal);
				await demonstration.restoreNetwork();
				return this.#recovery();
			case "restart-broker":
				await demonstration.restartBroker();
				return this.#recovery();
			case "power-cut":
				await demonstration.powerCut();
				return this.#recovery();
			case "tamper":
				return (await demonstration.tamper(signal)) ?? "nothing to tamper with";
			case "command":
				return demonstration.command(this.#arguments.command, signal);
		}
	}

	async #recovery(): Promise<string> {
		await this.#demonstration.observer.next(isReading, this.#signal);
		return "recovered";
	}

	async #readingsUntil(count: number): Promise<void> {
		const { observer } = this.#demonstration;
		while (observer.readings < count) await observer.next(isReading, this.#signal);
	}

	#summary(reason: string | undefined): RunSummary {
		const { observer, reconnects } = this.#demonstration;
		const { readings, refused, missing, firstReadingMs } = observer;
		return {
			ok: reason === undefined,
			...(reason !== undefined && { reason }),
			readings,
			refused,
			missing,
			reconnects,
			...(firstReadingMs !== undefined && { timeToFirstReadingMs: Math.round(firstReadingMs) }),
			actions: this.#reports,
		};
	}
}
