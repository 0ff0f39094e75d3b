// Consistent Overhead Byte Stuffing (Cheshire and Baker, 1999): bytes without zeros, so that a zero
// can end a frame and a reader finds its place again after any loss.

const BLOCK_BYTES_MAX = 254;

export function encodeCOBS(bytes: Uint8Array): Uint8Array {
	const encoded = new Uint8Array(bytes.length + Math.floor(bytes.length / BLOCK_BYTES_MAX) + 1);
	let code = 0; // where the length of the present block goes
	let length = 1;
	for (let index = 0; index < bytes.length; index++) {
		const byte = bytes[index] as number;
		if (byte !== 0) encoded[length++] = byte;
		const isFull = length - code > BLOCK_BYTES_MAX;
		if (byte !== 0 && !(isFull && index < bytes.length - 1)) continue;
		encoded[code] = length - code;
		code = length++;
	}
	encoded[code] = length - code;
	return encoded.slice(0, length);
}

/** The bytes that were encoded, or `undefined` where `encoded` is not COBS. */
export function decodeCOBS(encoded: Uint8Array): Uint8Array | undefined {
	const bytes = new Uint8Array(encoded.length);
	let length = 0;
	let index = 0;
	while (index < encoded.length) {
		const code = encoded[index++] as number;
		const end = index + code - 1;
		if (code === 0 || end > encoded.length) return undefined;
		while (index < end) {
			const byte = encoded[index++] as number;
			if (byte === 0) return undefined;
			bytes[length++] = byte;
		}
		if (code <= BLOCK_BYTES_MAX && index < encoded.length) bytes[length++] = 0;
	}
	return bytes.slice(0, length);
}
