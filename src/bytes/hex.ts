// Lower-case hexadecimal text.

const DIGITS = "0123456789abcdef";

export function toHex(bytes: Uint8Array): string {
	let text = "";
	for (const byte of bytes) text += DIGITS.charAt(byte >> 4) + DIGITS.charAt(byte & 15);
	return text;
}

/** Bytes of hexadecimal `text` (either case), or `undefined` where it is not that. */
export function fromHex(text: string): Uint8Array | undefined {
	if (text.length % 2 !== 0) return undefined;
	const lower = text.toLowerCase();
	const bytes = new Uint8Array(text.length / 2);
	for (let index = 0; index < bytes.length; index++) {
		const high = DIGITS.indexOf(lower.charAt(index * 2));
		const low = DIGITS.indexOf(lower.charAt(index * 2 + 1));
		if (high < 0 || low < 0) return undefined;
		bytes[index] = (high << 4) | low;
	}
	return bytes;
}
