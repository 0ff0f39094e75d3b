// Small operations on byte arrays. Not constant-time: secrets are compared by the crypto port.

export function equalBytes(left: Uint8Array, right: Uint8Array): boolean {
	if (left.length !== right.length) return false;
	if (((left.byteOffset | right.byteOffset | left.length) & 3) === 0) {
		return equalWords(wordsOf(left), wordsOf(right));
	}
	for (let index = 0; index < left.length; index++) {
		if (left[index] !== right[index]) return false;
	}
	return true;
}

/** Four bytes at a time: what flash holds is compared with what was written, for every record. */
function equalWords(left: Uint32Array, right: Uint32Array): boolean {
	for (let index = 0; index < left.length; index++) {
		if (left[index] !== right[index]) return false;
	}
	return true;
}

function wordsOf(bytes: Uint8Array): Uint32Array {
	return new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
}

export function concatBytes(...parts: readonly Uint8Array[]): Uint8Array {
	return joinBytes(parts);
}

/**
 * {@link concatBytes} for a list of any length: arguments lie on the stack, which is small on the
 * chip.
 */
export function joinBytes(parts: readonly Uint8Array[]): Uint8Array {
	// By index: an iterator costs several times as much on XS, and this is called for every field.
	let length = 0;
	for (let index = 0; index < parts.length; index++) length += (parts[index] as Uint8Array).length;
	const bytes = new Uint8Array(length);
	let offset = 0;
	for (let index = 0; index < parts.length; index++) {
		const part = parts[index] as Uint8Array;
		bytes.set(part, offset);
		offset += part.length;
	}
	return bytes;
}

/** `value` as 8 bytes, big-endian. `value` is a safe non-negative integer. */
export function uint64Bytes(value: number): Uint8Array {
	const bytes = new Uint8Array(8);
	const view = new DataView(bytes.buffer);
	view.setUint32(0, Math.floor(value / 0x100000000));
	view.setUint32(4, value % 0x100000000);
	return bytes;
}

/** The big-endian integer in 8 `bytes`, or `undefined` where it is not a safe integer. */
export function uint64From(bytes: Uint8Array): number | undefined {
	if (bytes.length !== 8) return undefined;
	const view = new DataView(bytes.buffer, bytes.byteOffset, 8);
	const value = view.getUint32(0) * 0x100000000 + view.getUint32(4);
	return Number.isSafeInteger(value) ? value : undefined;
}
