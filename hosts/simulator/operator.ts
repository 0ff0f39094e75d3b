// An operator of the simulated fleet: signs commands, good ones and, by changing what is signed,
// every other kind. What becomes of them is the device's affair.

import { toHex } from "../../src/bytes/hex.js";
import { encodeCommand, type Command } from "../../src/command/command.js";
import { CONTENT_COMMAND } from "../../src/envelope/content-types.js";
import { TIME_QUALITY_SNTP } from "../../src/envelope/envelope.js";
import { keyIdOf } from "../../src/envelope/key-id.js";
import { seal, type SealRequest, type Signer } from "../../src/envelope/seal.js";
import type { StandInCrypto } from "./stand-in-keys.js";

export interface OperatorOptions {
	readonly crypto: StandInCrypto;
	/** True time, in Unix seconds. */
	readonly unixSeconds: () => number;
	/** Another number is another operator. */
	readonly seed?: number;
	/** Whose key it says that it signs with; its own without it. */
	readonly claims?: Uint8Array;
}

const LIFETIME_S = 600;

export class Operator {
	/** What a device's configuration names. */
	readonly publicKey: Uint8Array;
	readonly #signer: Signer;
	readonly #unixSeconds: () => number;
	#sequence = 0;

	constructor({ crypto, unixSeconds, seed = 0x51, claims }: OperatorOptions) {
		const publicKey = crypto.publicKey("Ed25519", new Uint8Array(32).fill(seed)).slice();
		this.publicKey = publicKey;
		this.#unixSeconds = unixSeconds;
		this.#signer = {
			keyId: keyIdOf(claims ?? publicKey, crypto),
			sign: (message) => crypto.sign(publicKey, message),
		};
	}

	get keyId(): string {
		return toHex(this.#signer.keyId);
	}

	/** Of the newest command. */
	get sequence(): number {
		return this.#sequence;
	}

	topicOf(device: string): string {
		return `holdfast/${device}/command`;
	}

	/** A command for `device`, valid for ten minutes; `changes` make it anything else. */
	command(device: string, command: Command, changes: Partial<SealRequest> = {}): Uint8Array {
		const unixSeconds = this.#unixSeconds();
		return seal(
			{
				topic: this.topicOf(device),
				contentType: CONTENT_COMMAND,
				payload: encodeCommand(command),
				sequence: ++this.#sequence,
				audience: device,
				time: { unixSeconds, quality: TIME_QUALITY_SNTP },
				expiresAt: unixSeconds + LIFETIME_S,
				...changes,
			},
			this.#signer,
		);
	}
}
