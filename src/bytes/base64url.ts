// base64url without padding (RFC 4648 §5), as JSON Web Tokens use it.

const DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

export function toBase64url(bytes: Uint8Array): string {
	let text = "";
	for (let index = 0; index < bytes.length; index += 3) {
		const left = bytes.length - index;
		const group =
			((bytes[index] as number) << 16) |
			((left > 1 ? (bytes[index + 1] as number) : 0) << 8) |
			(left > 2 ? (bytes[index + 2] as number) : 0);
		text += DIGITS.charAt(group >> 18) + DIGITS.charAt((group >> 12) & 63);
		if (left > 1) text += DIGITS.charAt((group >> 6) & 63);
		if (left > 2) text += DIGITS.charAt(group & 63);
	}
	return text;
}
