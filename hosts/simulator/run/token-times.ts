// Until when a token is valid, read as a broker reads it. What signed it is not looked at.

import { decodeUTF8 } from "../../../src/bytes/text.js";

const DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

export interface TokenTimes {
	/** Unix seconds. */
	readonly iat: number;
	readonly exp: number;
}

/** `undefined` for anything that is no JSON Web Token with both dates. */
export function tokenTimes(password: Uint8Array): TokenTimes | undefined {
	const claims = decodeUTF8(password)?.split(".")[1];
	const text = claims === undefined ? undefined : decodeUTF8(fromBase64url(claims));
	if (text === undefined || !text.startsWith("{")) return undefined;
	const { iat, exp } = JSON.parse(text) as Partial<TokenTimes>;
	return typeof iat === "number" && typeof exp === "number" ? { iat, exp } : undefined;
}

function fromBase64url(text: string): Uint8Array {
	const bytes: number[] = [];
	let bits = 0;
	let count = 0;
	for (const digit of text) {
		bits = ((bits << 6) | DIGITS.indexOf(digit)) & 0xffff;
		count += 6;
		if (count < 8) continue;
		count -= 8;
		bytes.push((bits >> count) & 0xff);
	}
	return Uint8Array.from(bytes);
}
