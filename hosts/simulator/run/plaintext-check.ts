// Looks at everything that leaves a board: nothing of it may be readable where TLS protects it. It
// searches for texts that every session holds: topics and secrets.

export class PlaintextCheck {
	readonly #texts: readonly Uint8Array[];
	/** Bytes with which one of the texts begins. */
	readonly #first = new Uint8Array(256);

	constructor(texts: readonly string[]) {
		this.#texts = texts.map((text) =>
			Uint8Array.from({ length: text.length }, (_, index) => text.charCodeAt(index)),
		);
		for (const text of this.#texts) this.#first[text[0] as number] = 1;
	}

	/** The text that `bytes` hold, or `undefined`. */
	find(bytes: Uint8Array): string | undefined {
		for (let at = 0; at < bytes.length; at++) {
			if (this.#first[bytes[at] as number] === 0) continue;
			for (const text of this.#texts) {
				if (isAt(bytes, at, text)) return String.fromCharCode(...text);
			}
		}
		return undefined;
	}
}

function isAt(bytes: Uint8Array, at: number, text: Uint8Array): boolean {
	if (at + text.length > bytes.length) return false;
	for (let index = 0; index < text.length; index++) {
		if (bytes[at + index] !== text[index]) return false;
	}
	return true;
}
