// The operator of a simulated life, and what others make of his commands. It signs with a stand-in
// key, remembers every command that may be obeyed, and judges what was.

import { toHex } from "../../../src/bytes/hex.js";
import { encodeCommand, type Command } from "../../../src/command/command.js";
import { CONTENT_COMMAND } from "../../../src/envelope/content-types.js";
import { keyIdOf } from "../../../src/envelope/key-id.js";
import { seal, type Signer } from "../../../src/envelope/seal.js";
import { COMMAND_LIFETIME_S_MAX } from "../../../src/limits.js";
import type { World } from "../world.js";

const OPERATOR_SEED = 0x51;
const STRANGER_SEED = 0x52;
const LIFETIME_S = 600;
const YEAR_S = 31_557_600;

interface Issued {
	readonly device: string;
	readonly bytes: Uint8Array;
	/** It is meant, and its time has not passed. */
	readonly isGenuine: boolean;
	obeyed: number;
}

export class Commands {
	readonly publicKey: Uint8Array;
	readonly #world: World;
	readonly #names: readonly string[];
	readonly #operator: Signer;
	readonly #stranger: Signer;
	readonly #issued = new Map<number, Issued>();
	#sequence = 0;
	#strangerSequence = 1_000_000;

	constructor(world: World, names: readonly string[]) {
		this.#world = world;
		this.#names = names;
		this.publicKey = publicKeyOf(world, OPERATOR_SEED);
		this.#operator = signerOf(world, this.publicKey);
		this.#stranger = signerOf(world, publicKeyOf(world, STRANGER_SEED));
	}

	topicOf(board: number): string {
		return `holdfast/${this.#nameOf(board)}/command`;
	}

	/** A command that must be obeyed once, if it arrives. `choice` from 0 to 9. */
	genuine(board: number, choice: number): Uint8Array {
		const name = choice < 5 ? "identify" : choice < 9 ? "report" : "restart";
		return this.#issue(board, { name });
	}

	/** Signed and fresh for a day, and nobody means it: somebody lets a broker retain it. */
	held(board: number): Uint8Array {
		return this.#issue(board, { name: "identify" }, COMMAND_LIFETIME_S_MAX, { isStolen: true });
	}

	forged(board: number): Uint8Array {
		const sequence = ++this.#strangerSequence;
		const request = this.#request(board, { name: "identify" }, sequence, LIFETIME_S);
		const { keyId } = this.#operator; // whose key it claims to be
		return seal(request, { keyId, sign: (message) => this.#stranger.sign(message) });
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
		return this.#issue(board, { name: "identify" }, LIFETIME_S, { audience: "somebody-else" });
	}

	/** Signed a year ago. */
	expired(board: number): Uint8Array {
		const ago = { ageSeconds: YEAR_S };
		return this.#issue(board, { name: "identify" }, LIFETIME_S, ago);
	}

	/** `device` says that it obeyed. Why it should not have, or `undefined`. */
	obeyed(device: string, operator: string, sequence: number): string | undefined {
		const issued = this.#issued.get(sequence);
		if (issued === undefined || toHex(this.#operator.keyId) !== operator) return "nobody gave it";
		issued.obeyed++;
		if (issued.device !== device) return "it was given to another device";
		if (!issued.isGenuine) return "it was expired, retained, or for another";
		return issued.obeyed > 1 ? "it was obeyed before" : undefined;
	}

	#issue(
		board: number,
		command: Command,
		lifetimeS = LIFETIME_S,
		changes: { audience?: string; ageSeconds?: number; isStolen?: boolean } = {},
	): Uint8Array {
		const sequence = ++this.#sequence;
		const { audience, ageSeconds = 0, isStolen = false } = changes;
		const request = this.#request(board, command, sequence, lifetimeS, ageSeconds);
		const bytes = seal({ ...request, ...(audience && { audience }) }, this.#operator);
		const isGenuine = audience === undefined && ageSeconds === 0 && !isStolen;
		this.#issued.set(sequence, { device: this.#nameOf(board), bytes, isGenuine, obeyed: 0 });
		return bytes;
	}

	#request(board: number, command: Command, sequence: number, lifetimeS: number, ageSeconds = 0) {
		const unixSeconds = this.#world.unixSeconds - ageSeconds;
		return {
			topic: this.topicOf(board),
			contentType: CONTENT_COMMAND,
			payload: encodeCommand(command),
			sequence,
			audience: this.#nameOf(board),
			time: { unixSeconds, quality: 3 },
			expiresAt: unixSeconds + lifetimeS,
		};
	}

	#nameOf(board: number): string {
		return this.#names[board] as string;
	}
}

function publicKeyOf(world: World, seed: number): Uint8Array {
	return world.crypto.publicKey("Ed25519", new Uint8Array(32).fill(seed)).slice();
}

function signerOf(world: World, publicKey: Uint8Array): Signer {
	return {
		keyId: keyIdOf(publicKey, world.crypto),
		sign: (message) => world.crypto.sign(publicKey, message),
	};
}
