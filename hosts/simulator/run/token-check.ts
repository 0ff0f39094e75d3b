// A device's token as a broker judges it, with a reader of its own: who it is for, how long it
// lives, and whose signature it bears.

import { decodeUTF8 } from "../../../src/bytes/text.js";

const DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

export interface TokenTimes {
	/** Unix seconds. */
	readonly iat: number;
	readonly exp: number;
}

export interface TokenJudge {
	readonly device: string;
	readonly audience: string;
	/** Seconds that it may live. */
	readonly lifetimeS: number;
	readonly verify: (message: Uint8Array, signature: Uint8Array) => boolean;
}

/** The times of a sound token, due or not; `undefined` for anything else. */
export function openToken(password: Uint8Array, judge: TokenJudge): TokenTimes | undefined {
	const [header = "", claims = "", signature = ""] = decodeUTF8(password)?.split(".") ?? [];
	const text = decodeUTF8(fromBase64url(claims));
	if (text === undefined || !text.startsWith("{")) return undefined;
	const { iat, exp, sub, aud } = JSON.parse(text) as Partial<TokenTimes> & Record<string, unknown>;
	if (typeof iat !== "number" || typeof exp !== "number") return undefined;
	if (sub !== judge.device || aud !== judge.audience || exp - iat > judge.lifetimeS)
		return undefined;
	const signed = password.subarray(0, header.length + 1 + claims.length);
	return judge.verify(signed, fromBase64url(signature)) ? { iat, exp } : undefined;
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
