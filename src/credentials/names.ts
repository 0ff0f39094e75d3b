// Which names a configuration may hold: device ids and hosts. Checked here, before a name becomes
// part of a topic, a certificate or a DNS question.

import { DEVICE_ID_LENGTH_MAX, HOST_CHARACTERS_MAX } from "../limits.js";

const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const DIGITS = "0123456789";

/** 1 to 64 of A–Z a–z 0–9 _ and -. */
export function isDeviceId(value: unknown): value is string {
	return (
		typeof value === "string" &&
		value.length > 0 &&
		value.length <= DEVICE_ID_LENGTH_MAX &&
		consistsOf(value, `${LETTERS}${DIGITS}_-`)
	);
}

/** A DNS name or a literal address. No scheme, no port, no path, no brackets. */
export function isHost(value: unknown): value is string {
	if (typeof value !== "string") return false;
	if (value.length === 0 || value.length > HOST_CHARACTERS_MAX) return false;
	if (value.includes(":")) return isAddressWithColons(value);
	if (!consistsOf(value, `${LETTERS}${DIGITS}_-.`)) return false;
	return value.split(".").every((label, index, labels) => {
		// One dot at the end names the root (RFC 1034 §3.1).
		if (label === "") return index > 0 && index === labels.length - 1;
		return label.length <= 63 && !label.startsWith("-") && !label.endsWith("-");
	});
}

/** An IPv6 address looks like this; whether it is one, the resolver finds out. */
function isAddressWithColons(value: string): boolean {
	return value.split(":").length > 2 && consistsOf(value, `${DIGITS}abcdefABCDEF:.`);
}

function consistsOf(value: string, alphabet: string): boolean {
	for (let index = 0; index < value.length; index++) {
		if (!alphabet.includes(value.charAt(index))) return false;
	}
	return true;
}
