// Goes through every state that the environment can bring the delivery of readings into, within its
// budget, breadth first: what it finds wrong, it finds on the shortest way.

import type { CutManner } from "../../../hosts/simulator/power.js";
import { DeliveryWorld, type Recipe, type Step, type WorldOptions } from "./delivery-world.js";

export interface SearchResult {
	readonly states: number;
	/** Steps done from them. */
	readonly steps: number;
	/** States with one fingerprint that were compared, step by step. */
	readonly compared: number;
	readonly finding: Finding | undefined;
}

export interface Finding {
	readonly problem: string;
	readonly path: readonly string[];
}

interface Visited {
	readonly recipe: Recipe;
	readonly from: Visited | undefined;
	readonly step: Step | undefined;
	/** What an environment that does no more harm would do; nothing where all is done. */
	readonly healing: Step | undefined;
	/** Where that leads. */
	healed?: Visited;
}

const MANNERS: readonly CutManner[] = ["before", "torn", "after"];
/** Every so many times that a fingerprint is met again, the two states are compared. */
const COMPARED_EVERY = 3;

export function searchDelivery(options: WorldOptions): SearchResult {
	return new Search(options).run();
}

class Search {
	readonly #options: WorldOptions;
	readonly #seen = new Map<string, Visited>();
	readonly #queue: Visited[] = [];
	#steps = 0;
	#met = 0;
	#compared = 0;
	#finding: Finding | undefined;

	constructor(options: WorldOptions) {
		this.#options = options;
	}

	run(): SearchResult {
		this.#visit(new DeliveryWorld(this.#options));
		for (let next = 0; next < this.#queue.length && !this.#finding; next++) {
			this.#expand(this.#queue[next] as Visited);
		}
		if (!this.#finding) this.#judgeHealing();
		const states = this.#seen.size;
		return { states, steps: this.#steps, compared: this.#compared, finding: this.#finding };
	}

	#expand(from: Visited): void {
		for (const { step, world } of this.#successors(from.recipe)) {
			if (this.#finding) return;
			this.#steps++;
			const visited = this.#visit(world, from, step);
			if (step.cut === undefined && step.act === from.healing?.act) from.healed = visited;
		}
	}

	/** Every step that can be taken from a state, and where power can fail in it. */
	*#successors(recipe: Recipe): Generator<{ step: Step; world: DeliveryWorld }> {
		const first = new DeliveryWorld(this.#options, recipe);
		const canCut = first.cutsLeft > 0;
		const steps = first.steps();
		for (const step of steps) {
			const world = new DeliveryWorld(this.#options, recipe);
			const before = world.operations;
			world.perform(step);
			const operations = world.operations - before;
			yield { step, world };
			for (let operation = 1; canCut && operation <= operations; operation++) {
				for (const manner of MANNERS) {
					const cut: Step = { ...step, cut: { operation, manner } };
					yield { step: cut, world: after(new DeliveryWorld(this.#options, recipe), cut) };
				}
			}
		}
		const pulled: Step = { act: "flush", cut: { operation: 0, manner: "before" } };
		if (canCut) yield { step: pulled, world: after(first, pulled) };
	}

	#visit(world: DeliveryWorld, from?: Visited, step?: Step): Visited {
		const { recipe, healing } = world;
		const visited: Visited = { recipe, from, step, healing };
		const fingerprint = world.fingerprint();
		const known = this.#seen.get(fingerprint);
		if (world.violation !== undefined) {
			this.#found(world.violation, visited);
		} else if (known !== undefined) {
			this.#meet(known.recipe, visited);
			return known;
		} else if (healing === undefined && !world.isDone) {
			this.#found("does not come to an end when all is well", visited);
		}
		this.#seen.set(fingerprint, visited);
		this.#queue.push(visited);
		return visited;
	}

	/** From every state the harmless way must end, and not go round. */
	#judgeHealing(): void {
		const good = new Set<Visited>();
		for (const start of this.#queue) {
			const way = new Set<Visited>();
			let at: Visited | undefined = start;
			while (at?.healing !== undefined && !good.has(at) && !way.has(at)) {
				way.add(at);
				at = at.healed;
			}
			if (at === undefined || way.has(at)) return this.#found("goes round for ever", start);
			for (const each of way) good.add(each);
		}
	}

	/** The fingerprint leaves out what it cannot see: two states that share one must go on alike. */
	#meet(known: Recipe, visited: Visited): void {
		if (++this.#met % COMPARED_EVERY !== 0) return;
		this.#compared++;
		const [one, other] = [known, visited.recipe].map((recipe) =>
			[...this.#successors(recipe)].map(
				({ step, world }) => `${textOf(step)}: ${world.violation ?? world.fingerprint()}`,
			),
		);
		if (JSON.stringify(one) === JSON.stringify(other)) return;
		this.#found("the fingerprint does not see everything", visited);
	}

	#found(problem: string, visited: Visited): void {
		const path: string[] = [];
		for (let at: Visited | undefined = visited; at?.step; at = at.from)
			path.unshift(textOf(at.step));
		this.#finding ??= { problem, path };
	}
}

function after(world: DeliveryWorld, step: Step): DeliveryWorld {
	world.perform(step);
	return world;
}

function textOf({ act, cut }: Step): string {
	if (cut === undefined) return act;
	return cut.operation === 0 ? "power cut" : `${act}, power cut ${cut.manner} ${cut.operation}`;
}
