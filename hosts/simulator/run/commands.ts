// The operator of a simulated life, and what others make of his commands. It signs with a stand-in
// key, remembers every command that may be obeyed, and judges what was.

import type { Command } from "../../../src/command/command.js";
import type { SealRequest } from "../../../src/envelope/seal.js";
import { COMMAND_LIFETIME_S_MAX } from "../../../src/limits.js";
import { TIME_QUALITY_SNTP } from "../../../src/envelope/envelope.js";
import { Operator } from "../operator.js";
import type { World } from "../world.js";
import type { CommandWatch } from "./device-watch.js";

const STRANGER_SEED = 0x52;
const LIFETIME_S = 600;
const YEAR_S = 31_557_600;

interface Issued {
	readonly device: string;
	readonly bytes: Uint8Array;
	/** It is meant, and its time has not passed. */
	readonly isGenuine: boolean;
	obeyed: number;
	isRefused: boolean;
	isAnswered: boolean;
}

const UNTOUCHED = { obeyed: 0, isRefused: false, isAnswered: false };

export class Commands {
	readonly #world: World;
	readonly #names: readonly string[];
	readonly #operator: Operator;
	/** Says that the operator's key is its own. */
	readonly #stranger: Operator;
	readonly #issued = new Map<number, Issued>();

	constructor(world: World, names: readonly string[]) {
		const { crypto } = world;
		const unixSeconds = () => world.unixSeconds;
		this.#world = world;
		this.#names = names;
		this.#operator = new Operator({ crypto, unixSeconds });
		const claims = this.publicKey;
		this.#stranger = new Operator({ crypto, unixSeconds, seed: STRANGER_SEED, claims });
	}

	/** What a device's configuration names. */
	get publicKey(): Uint8Array {
		return this.#operator.publicKey;
	}

	topicOf(board: number): string {
		return this.#operator.topicOf(this.#nameOf(board));
	}

	/** A command that must be obeyed once, if it arrives. `choice` from 0 to 9. */
	genuine(board: number, choice: number): Uint8Array {
		const name = choice < 5 ? "identify" : choice < 9 ? "report" : "restart";
		return this.#issue(board, { name });
	}

	/** Signed and fresh for a day, and nobody means it: somebody lets a broker retain it. */
	held(board: number): Uint8Array {
		const expiresAt = this.#world.unixSeconds + COMMAND_LIFETIME_S_MAX;
		return this.#trick(board, { expiresAt });
	}

	/** Of a number that the operator has not come to. */
	forged(board: number): Uint8Array {
		const sequence = this.#operator.sequence + 1_000_000;
		return this.#stranger.command(this.#nameOf(board), { name: "identify" }, { sequence });
	}

	/** The newest of those that were meant, or nothing where there was none. */
	replayed(board: number): Uint8Array | undefined {
		const name = this.#nameOf(board);
		let newest: Uint8Array | undefined;
		for (const { device, bytes, isGenuine } of this.#issued.values()) {
			if (device === name && isGenuine) newest = bytes;
		}
		return newest;
	}

	/** Signed by the operator, for another device, and sent to this one's topic. */
	misaddressed(board: number): Uint8Array {
		return this.#trick(board, { audience: "somebody-else" });
	}

	/** Signed by the operator for this device, on a topic of which it was never granted anything. */
	elsewhere(board: number): { readonly topic: string; readonly payload: Uint8Array } {
		const topic = "holdfast/everybody/command";
		return { topic, payload: this.#trick(board, { topic }) };
	}

	/** Signed a year ago. */
	expired(board: number): Uint8Array {
		const unixSeconds = this.#world.unixSeconds - YEAR_S;
		const time = { unixSeconds, quality: TIME_QUALITY_SNTP };
		return this.#trick(board, { time, expiresAt: unixSeconds + LIFETIME_S });
	}

	/** `device` says that it obeyed. Why it should not have, or `undefined`. */
	obeyed(device: string, operator: string, sequence: number): string | undefined {
		const issued = this.#issued.get(sequence);
		if (issued === undefined || this.#operator.keyId !== operator) return "nobody gave it";
		issued.obeyed++;
		if (issued.device !== device) return "it was given to another device";
		if (!issued.isGenuine) return "it was expired, retained, or for another";
		return issued.obeyed > 1 ? "it was obeyed before" : undefined;
	}

	/** Signed by the operator, and nothing that he means. */
	#trick(board: number, changes: Partial<SealRequest>): Uint8Array {
		return this.#issue(board, { name: "identify" }, changes);
	}

	#issue(board: number, command: Command, changes?: Partial<SealRequest>): Uint8Array {
		const device = this.#nameOf(board);
		const bytes = this.#operator.command(device, command, changes);
		const isGenuine = changes === undefined;
		this.#issued.set(this.#operator.sequence, { device, bytes, isGenuine, ...UNTOUCHED });
		return bytes;
	}

	/** What `device` does about commands, for its watch. */
	of(device: string): CommandWatch {
		return {
			obeyed: (operator, sequence) => this.obeyed(device, operator, sequence),
			refused: (sequence) => this.#update(sequence, { isRefused: true }),
			answered: (sequence) => this.#update(sequence, { isAnswered: true }),
		};
	}

	/** What became of the command with these bytes; `undefined` where it is none of ours. */
	fateOf(bytes: Uint8Array): Readonly<Issued> | undefined {
		for (const issued of this.#issued.values()) if (issued.bytes === bytes) return issued;
		return undefined;
	}

	#update(sequence: number, change: Partial<Issued>): void {
		const issued = this.#issued.get(sequence);
		if (issued !== undefined) Object.assign(issued, change);
	}

	#nameOf(board: number): string {
		return this.#names[board] as string;
	}
}
