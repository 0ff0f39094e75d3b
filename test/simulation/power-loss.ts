// The power-loss loop: lives of one board, each continuing on what the one before left in storage.
// Power is cut at operation N = 1, 2, 3, … of a life, in every manner, until the life ends by
// itself; then further lives must find everything that was promised. A failure prints what replays
// it.

import type { CutManner, PowerSupply } from "../../hosts/simulator/power.js";
import { PowerCut } from "../../hosts/simulator/power.js";
import { Random } from "../../hosts/simulator/random.js";

/** A board with its storage, and what the outside world remembers of it. */
export interface Board {
	readonly power: PowerSupply;
	/** The same board in the same state, to try another fate from here. */
	copy(): Board;
	/** One life: must cope with whatever storage holds. Throws what it finds wrong. */
	live(life: number): void;
}

/** Power fails at `operation` of life number `life`. */
export interface Cut {
	readonly life: number;
	readonly operation: number;
	readonly manner: CutManner;
	readonly seed: number;
}

export interface LoopOptions {
	/** Makes the board as delivered, with all further chance drawn from `seed`. */
	readonly board: (seed: number) => Board;
	readonly seed: number;
	/** Lives whose every operation is cut. */
	readonly lives: readonly number[];
	/** How often each operation is torn, each time otherwise. */
	readonly tears?: number;
	/** How many lives must follow the cut one. */
	readonly livesAfter?: number;
	/** Cuts in the lives after as well, so many runs of them. */
	readonly sampledRuns?: number;
	/** The file that runs this loop, for the replaying command. */
	readonly file: string;
}

export interface LoopResult {
	readonly runs: number;
	readonly cuts: number;
}

const OPERATIONS_MAX = 10_000;

/** Runs the loop, or the one run that `environment` names. Throws at the first broken promise. */
export function powerLossLoop(
	options: LoopOptions,
	environment: Readonly<Record<string, string | undefined>> = process.env,
): LoopResult {
	const { HOLDFAST_CUTS: cuts, HOLDFAST_SEED: seed } = environment;
	if (cuts !== undefined) return replay(options, Number(seed ?? options.seed), parseCuts(cuts));
	const loop = new Loop(seed === undefined ? options : { ...options, seed: Number(seed) });
	return loop.run();
}

class Loop {
	readonly #options: LoopOptions;
	#runs = 0;
	#cuts = 0;

	constructor(options: LoopOptions) {
		this.#options = options;
	}

	run(): LoopResult {
		const { board: make, seed, lives, sampledRuns } = this.#options;
		const board = make(seed);
		const operations = new Map<number, number>();
		const starts = new Map<number, Board>();
		for (let life = 0; life <= Math.max(...lives); life++) {
			if (lives.includes(life)) starts.set(life, board.copy());
			this.#attempt(board, life, []);
			operations.set(life, board.power.operations);
		}
		for (const [life, start] of starts) this.#cutEverywhere(life, start);
		const random = new Random(seed);
		for (let run = 0; run < (sampledRuns ?? 0); run++) {
			const life = random.pick(lives);
			const most = operations.get(life) as number;
			if (most > 0) this.#sample(starts.get(life) as Board, life, most, random);
		}
		return { runs: this.#runs, cuts: this.#cuts };
	}

	#cutEverywhere(life: number, start: Board): void {
		for (let operation = 1; operation < OPERATIONS_MAX; operation++) {
			let wasCut = false;
			for (const [manner, seed] of this.#manners()) {
				wasCut = this.#runFrom(start, life, [{ life, operation, manner, seed }]);
			}
			if (!wasCut) return; // the life ended before this operation
		}
		throw new Error("the life never ends");
	}

	#manners(): [CutManner, number][] {
		const list: [CutManner, number][] = [
			["before", 0],
			["after", 0],
		];
		for (let seed = 0; seed < (this.#options.tears ?? 3); seed++) list.push(["torn", seed]);
		return list;
	}

	/** Two to four lives in a row end early. */
	#sample(start: Board, life: number, most: number, random: Random): void {
		const cuts: Cut[] = [];
		for (let index = 0; index < random.integer(2, 4); index++) {
			// Recovery is at the beginning of a life: the later ones are mostly cut there.
			const operation = index === 0 ? random.integer(1, most) : random.integer(1, 12);
			const manner = random.pick<CutManner>(["before", "torn", "torn", "after"]);
			cuts.push({ life: life + index, operation, manner, seed: random.integer(0, 999) });
		}
		this.#runFrom(start, life, cuts);
	}

	/** True if the first cut came about. */
	#runFrom(start: Board, life: number, cuts: readonly Cut[]): boolean {
		const board = start.copy();
		this.#runs++;
		let wasCut = false;
		const end = life + cuts.length + (this.#options.livesAfter ?? 1);
		for (let number = life; number < end; number++) {
			const isCut = this.#attempt(board, number, cuts);
			if (number === life) wasCut = isCut;
			if (isCut) this.#cuts++;
		}
		return wasCut;
	}

	#attempt(board: Board, life: number, cuts: readonly Cut[]): boolean {
		try {
			return runLife(board, life, cuts);
		} catch (error) {
			const { seed, file } = this.#options;
			throw new Error(
				`${(error as Error).message}\nin life ${life}; replay it with\n` +
					`HOLDFAST_SEED=${seed} HOLDFAST_CUTS=${formatCuts(cuts)} npm run simulation -- ${file}`,
				{ cause: error },
			);
		}
	}
}

function replay(options: LoopOptions, seed: number, cuts: readonly Cut[]): LoopResult {
	const board = options.board(seed);
	const last = Math.max(0, ...cuts.map((cut) => cut.life));
	for (let life = 0; life <= last + (options.livesAfter ?? 1); life++) runLife(board, life, cuts);
	return { runs: 1, cuts: Infinity }; // the one run that was asked for is enough
}

/** True if power failed in this life. */
function runLife(board: Board, life: number, cuts: readonly Cut[]): boolean {
	board.power.restore();
	const cut = cuts.find((each) => each.life === life);
	if (cut) board.power.planCut(cut);
	try {
		board.live(life);
	} catch (error) {
		if (error instanceof PowerCut) return true;
		throw error;
	}
	return false;
}

function formatCuts(cuts: readonly Cut[]): string {
	const list = cuts.map((cut) => `${cut.life}:${cut.operation}:${cut.manner}:${cut.seed}`);
	return list.length > 0 ? list.join(",") : "none";
}

function parseCuts(text: string): Cut[] {
	if (text === "none") return [];
	return text.split(",").map((part) => {
		const [life, operation, manner, seed] = part.split(":");
		return {
			life: Number(life),
			operation: Number(operation),
			manner: manner as CutManner,
			seed: Number(seed),
		};
	});
}
