// The power-loss loop over the credential slots: after any cut the device has the configurations of
// before the interrupted act or of after it, and one that was in use is never lost.

import { VirtualKeyValue } from "../../hosts/simulator/key-value.js";
import { PowerSupply } from "../../hosts/simulator/power.js";
import { Random } from "../../hosts/simulator/random.js";
import { assert } from "../../src/assert.js";
import { CredentialSlots } from "../../src/credentials/slots.js";
import { sampleBytes } from "../support/sample-configuration.js";
import type { Board } from "./power-loss.js";
import { powerLossLoop } from "./power-loss.js";

const STEPS = 8;

/** Configurations are told apart by their interval; 0 is none. */
interface State {
	readonly active: number;
	readonly candidate: number;
}

const NOTHING: State = { active: 0, candidate: 0 };

class CredentialBoard implements Board {
	readonly power = new PowerSupply();
	readonly #seed: number;
	readonly #storage: VirtualKeyValue;
	/**
	 * What storage may hold now: one state, or those on the way of an act that power interrupted.
	 */
	#possible: readonly State[] = [NOTHING];
	#newest = 1000;

	constructor(seed: number, from?: CredentialBoard) {
		const { power } = this;
		this.#seed = seed;
		this.#storage = from ? from.#storage.copy(power) : new VirtualKeyValue({ power });
		if (!from) return;
		this.#possible = from.#possible;
		this.#newest = from.#newest;
	}

	copy(): CredentialBoard {
		return new CredentialBoard(this.#seed, this);
	}

	live(life: number): void {
		const random = new Random(this.#seed * 1000 + life);
		const slots = new CredentialSlots(this.#storage);
		this.#check(slots);
		const corrupt = slots.takeFindings().filter(({ name }) => name.endsWith("corrupt"));
		assert(corrupt.length === 0, "a power cut corrupts nothing");
		for (let step = 0; step < STEPS; step++) this.#act(slots, random);
	}

	#act(slots: CredentialSlots, random: Random): void {
		const now = stateOf(slots);
		const reverted = { active: now.active, candidate: 0 };
		const chance = random.integer(0, 99);
		if (chance < 40) {
			const next = ++this.#newest;
			const isFirst = now.active === 0;
			const after = isFirst ? { active: next, candidate: 0 } : { ...now, candidate: next };
			const keyName = slots.freeKeyName;
			this.#during(slots, [now, reverted], after, () => {
				const staged = slots.stage(sampleBytes({ keyName, sampleIntervalMs: next }));
				assert(staged.kind === (isFirst ? "active" : "candidate"), "it is committed");
			});
		} else if (chance < 60 && now.candidate !== 0) {
			const candidate = slots.candidate();
			assert(candidate !== undefined, "the candidate can be read");
			const after = { active: now.candidate, candidate: 0 };
			this.#during(slots, [now], after, () => void slots.promote(candidate));
		} else if (chance < 75) {
			this.#during(slots, [now, reverted], undefined, () => void slots.begin());
		} else if (chance < 85) {
			this.#during(slots, [now], reverted, () => slots.revert());
		} else if (chance < 95) {
			this.#during(slots, [now], reverted, () => slots.release());
		} else {
			this.#during(slots, [now], NOTHING, () => slots.erase());
		}
	}

	/** `after` is what must be when `act` returns; without it any state on the way may be. */
	#during(
		slots: CredentialSlots,
		before: readonly State[],
		after: State | undefined,
		act: () => void,
	): void {
		this.#possible = after ? [...before, after] : before;
		act();
		if (after) this.#possible = [after];
		this.#check(slots);
	}

	#check(slots: CredentialSlots): void {
		const state = stateOf(slots);
		const isPossible = this.#possible.some(
			({ active, candidate }) => active === state.active && candidate === state.candidate,
		);
		assert(
			isPossible,
			`${JSON.stringify(state)} instead of one of ${JSON.stringify(this.#possible)}`,
		);
		assert(
			(slots.deviceId !== undefined) === (state.active !== 0),
			"it has a name once it is made",
		);
		this.#possible = [state];
	}
}

function stateOf(slots: CredentialSlots): State {
	return {
		active: slots.active()?.configuration.sampleIntervalMs ?? 0,
		candidate: slots.candidate()?.configuration.sampleIntervalMs ?? 0,
	};
}

describe("credential slots, power cut at every write", () => {
	it("hold what they held before the interrupted act, or after it", () => {
		const { cuts } = powerLossLoop({
			board: (seed) => new CredentialBoard(seed),
			seed: 1,
			lives: [0, 1],
			tears: 1,
			sampledRuns: 40,
			file: "power-loss-credentials",
		});
		expect(cuts).toBeGreaterThan(80);
	});

	it("notices an active record that is not written atomically", () => {
		const storage = new VirtualKeyValue();
		new CredentialSlots(storage).stage(sampleBytes({ sampleIntervalMs: 1001 }));
		storage.plant("hf-cred", "active", storage.peek("hf-cred", "active")?.subarray(0, 3));
		const slots = new CredentialSlots(storage);
		expect(slots.takeFindings().map(({ name }) => name)).toContain("credential-record-corrupt");
		expect(stateOf(slots).active).toBe(1001);
	});
});
