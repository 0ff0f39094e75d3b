// How many commands an operator may give: each that is taken costs a write of the ledger and a
// signed result, and whoever holds a key could wear the flash out with them. A bucket for each
// operator: none uses up the commands of another.

import { assert } from "../assert.js";
import { COMMANDS_BURST, COMMANDS_PER_SECOND, OPERATORS_MAX } from "../limits.js";
import { TokenBucket } from "./token-bucket.js";

export interface CommandRatesOptions {
	readonly clock: { monotonicMs(): number };
	/** As the governor's. */
	readonly timeScale: number;
}

export class CommandRates {
	readonly #options: CommandRatesOptions;
	/** By key id. At most OPERATORS_MAX: only known operators' signatures verify. */
	readonly #buckets = new Map<string, TokenBucket>();

	constructor(options: CommandRatesOptions) {
		this.#options = options;
	}

	/** Whether one more command of `operator` may be taken, or refused in writing: it is counted. */
	take(operator: string): boolean {
		const nowMs = this.#options.clock.monotonicMs();
		const bucket = this.#bucketOf(operator, nowMs);
		if (bucket.available(nowMs) < 1) return false;
		bucket.spend(1, nowMs);
		return true;
	}

	#bucketOf(operator: string, nowMs: number): TokenBucket {
		let bucket = this.#buckets.get(operator);
		if (bucket === undefined) {
			assert(this.#buckets.size < OPERATORS_MAX, "operators are bounded");
			const perSecond = COMMANDS_PER_SECOND / this.#options.timeScale;
			bucket = new TokenBucket({ burst: COMMANDS_BURST, perSecond }, nowMs);
			this.#buckets.set(operator, bucket);
		}
		return bucket;
	}
}
