// The keys by which logs are judged: of each device those that it has and had. Knows no log.
import type { KnownDevice, VerifierCrypto } from "../../hosts/support/verify/stream-verifier.js";
import type { StatementVerify } from "../../src/cbor/statement.js";
import { toHex } from "../../src/bytes/hex.js";
import { ed25519Problem } from "../../src/envelope/ed25519-strict.js";
import { openCheckpoint } from "../../src/security-log/checkpoint.js";
import { keyIdOf } from "../pki/device-record.js";

export class LogKeys {
	readonly #keys: ReadonlyMap<string, KnownDevice>;
	readonly #crypto: VerifierCrypto;

	constructor(devices: readonly KnownDevice[], crypto: VerifierCrypto) {
		this.#keys = new Map(devices.map((known) => [toHex(keyIdOf(known.publicKey)), known]));
		this.#crypto = crypto;
	}

	/** Whether a statement is by any key of `device`. Always false where it is not known. */
	verifyOf(device: string): StatementVerify {
		return (keyId, message, signature) => {
			const known = this.#keys.get(toHex(keyId));
			return known?.device === device && this.#verify(known, message, signature);
		};
	}

	isRevoked(keyId: Uint8Array): boolean {
		return this.#keys.get(toHex(keyId))?.isRevoked ?? false;
	}

	/** The device that signed one of `checkpoints`. */
	signerOf(checkpoints: readonly Uint8Array[]): string | undefined {
		let signer: string | undefined;
		const verify: StatementVerify = (keyId, message, signature) => {
			const known = this.#keys.get(toHex(keyId));
			if (known === undefined || !this.#verify(known, message, signature)) return false;
			signer = known.device;
			return true;
		};
		checkpoints.some((bytes) => openCheckpoint(bytes, verify) !== undefined);
		return signer;
	}

	has(device: string): boolean {
		return [...this.#keys.values()].some((known) => known.device === device);
	}

	/** The device, where all keys are of one. */
	get only(): string | undefined {
		const names = new Set([...this.#keys.values()].map(({ device }) => device));
		return names.size === 1 ? [...names][0] : undefined;
	}

	#verify({ publicKey }: KnownDevice, message: Uint8Array, signature: Uint8Array): boolean {
		return (
			signature.length === 64 &&
			ed25519Problem(publicKey, signature) === undefined &&
			this.#crypto.ed25519Verify(publicKey, message, signature)
		);
	}
}
