// UTF-8 without TextEncoder: strict in both directions, for XS and Node alike.

/** UTF-8 of `text`. An unpaired surrogate is a programmer error and throws `RangeError`. */
export function encodeUTF8(text: string): Uint8Array {
	const bytes = new Uint8Array(text.length * 3);
	let length = 0;
	for (let index = 0; index < text.length; index++) {
		const code = text.codePointAt(index) as number;
		if (code < 0x80) {
			bytes[length++] = code;
			continue;
		}
		if (code >= 0xd800 && code <= 0xdfff) throw new RangeError("text: unpaired surrogate");
		if (code < 0x800) {
			bytes[length++] = 0xc0 | (code >> 6);
		} else {
			if (code < 0x10000) {
				bytes[length++] = 0xe0 | (code >> 12);
			} else {
				index++; // a surrogate pair takes two code units
				bytes[length++] = 0xf0 | (code >> 18);
				bytes[length++] = 0x80 | ((code >> 12) & 0x3f);
			}
			bytes[length++] = 0x80 | ((code >> 6) & 0x3f);
		}
		bytes[length++] = 0x80 | (code & 0x3f);
	}
	return bytes.slice(0, length);
}

/**
 * Text of UTF-8 `bytes`, or `undefined` where they are not well-formed (RFC 3629: no overlong
 * forms, no surrogates, nothing above U+10FFFF).
 */
export function decodeUTF8(bytes: Uint8Array): string | undefined {
	let text = "";
	let index = 0;
	while (index < bytes.length) {
		const first = bytes[index++] as number;
		if (first < 0x80) {
			text += String.fromCharCode(first);
			continue;
		}
		const more = first >= 0xf0 ? 3 : first >= 0xe0 ? 2 : 1;
		if (first < 0xc2 || first > 0xf4 || index + more > bytes.length) return undefined;
		let code = first & (0x3f >> more);
		for (let count = 0; count < more; count++) {
			const next = bytes[index++] as number;
			if ((next & 0xc0) !== 0x80) return undefined;
			code = (code << 6) | (next & 0x3f);
		}
		const least = more === 3 ? 0x10000 : more === 2 ? 0x800 : 0x80;
		if (code < least || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) return undefined;
		text += String.fromCodePoint(code);
	}
	return text;
}

/**
 * The first `max` UTF-16 code units of `text`, less one where that would break a surrogate pair.
 */
export function shortenText(text: string, max: number): string {
	if (text.length <= max) return text;
	const last = text.charCodeAt(max - 1);
	return text.slice(0, last >= 0xd800 && last <= 0xdbff ? max - 1 : max);
}

/** Whether `text` has no unpaired surrogate, so that {@link encodeUTF8} takes it. */
export function isWellFormed(text: string): boolean {
	for (const character of text) {
		const code = character.codePointAt(0) as number;
		if (code >= 0xd800 && code <= 0xdfff) return false;
	}
	return true;
}
