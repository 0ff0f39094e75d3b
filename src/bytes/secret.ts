// A value that must not be printed: passwords, tokens, tickets. Its text forms are redacted.
// Private keys are not of this type: they never enter `src` at all.

const REDACTED = "[secret]";

export class Secret {
	readonly #bytes: Uint8Array;

	/** Takes a copy of `bytes`; the caller wipes its own. */
	constructor(bytes: Uint8Array) {
		this.#bytes = bytes.slice();
	}

	get byteLength(): number {
		return this.#bytes.length;
	}

	/** The bytes themselves, for the one call that needs them. Do not keep the result. */
	reveal(): Uint8Array {
		return this.#bytes;
	}

	/** Overwrites the bytes with zeros. The secret is of no use afterwards. */
	wipe(): void {
		this.#bytes.fill(0);
	}

	toString(): string {
		return REDACTED;
	}

	toJSON(): string {
		return REDACTED;
	}

	get [Symbol.toStringTag](): string {
		return REDACTED;
	}
}
