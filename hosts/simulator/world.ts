// One simulated world: a seed, a clock, a network, and boards in it. Nothing outside of it has an
// influence on it, so the same seed gives the same run.

import { SimulatedBoard, type SimulatedBoardOptions } from "./board.js";
import { VirtualClock } from "./clock.js";
import { Ed25519Crypto, type Ed25519Operations } from "./ed25519-crypto.js";
import { VirtualNetwork } from "./network.js";
import { Random } from "./random.js";
import { type SHA256, StandInCrypto } from "./stand-in-keys.js";

/** The first day of 2027 or so: after the build, before anything expires. */
export const START_UNIX_SECONDS = 1_800_000_000;

export interface WorldOptions {
	readonly seed: number;
	readonly sha256: SHA256;
	/** Real signatures in place of the stand-ins. */
	readonly ed25519?: Ed25519Operations;
	/** The true time at its beginning. */
	readonly startUnixSeconds?: number;
}

export class World {
	readonly seed: number;
	/** For whoever directs the world; each part has a generator of its own. */
	readonly random: Random;
	readonly clock = new VirtualClock();
	readonly network: VirtualNetwork;
	/** For boards, receivers, operators and servers alike. */
	readonly crypto: StandInCrypto;
	readonly startUnixSeconds: number;
	readonly boards: SimulatedBoard[] = [];

	constructor(options: WorldOptions) {
		this.seed = options.seed;
		this.random = new Random(options.seed);
		const { sha256, ed25519 } = options;
		this.crypto = ed25519 ? new Ed25519Crypto(sha256, ed25519) : new StandInCrypto(sha256);
		this.startUnixSeconds = options.startUnixSeconds ?? START_UNIX_SECONDS;
		this.network = new VirtualNetwork({ clock: this.clock, random: this.random.fork() });
	}

	/** A provisioned board, still without power. */
	addBoard(options: Omit<SimulatedBoardOptions, "world" | "random">): SimulatedBoard {
		const board = new SimulatedBoard({ ...options, world: this, random: this.random.fork() });
		this.boards.push(board);
		return board;
	}

	/** The true time. */
	get unixSeconds(): number {
		return this.startUnixSeconds + Math.floor(this.clock.monotonicMs() / 1000);
	}

	/** Lets `ms` pass. */
	run(ms: number): void {
		this.clock.advance(ms);
	}
}
