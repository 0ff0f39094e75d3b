// One message as a line of text: JSON with the topic and the payload in base64 or in hexadecimal.

export type MessageLine =
	| { readonly kind: "message"; readonly topic: string; readonly bytes: Uint8Array }
	| { readonly kind: "invalid"; readonly why: string };

const BASE64 = /^[A-Za-z0-9+/_-]*={0,2}$/;
const HEX = /^([0-9A-Fa-f]{2})*$/;

/**
 * Reads `{"topic": …, "payload": base64}` or `{"topic": …, "hex": …}`; other fields are ignored.
 */
export function parseMessageLine(text: string): MessageLine {
	let value: unknown;
	try {
		value = JSON.parse(text);
	} catch {
		return { kind: "invalid", why: "not JSON" };
	}
	if (typeof value !== "object" || value === null || Array.isArray(value)) {
		return { kind: "invalid", why: "not a JSON object" };
	}
	const { topic, payload, hex } = value as Record<string, unknown>;
	if (typeof topic !== "string" || topic === "") {
		return { kind: "invalid", why: "topic is missing or not a text" };
	}
	const bytes = hex === undefined ? parseBase64(payload) : parseHex(hex);
	if (bytes) return { kind: "message", topic, bytes };
	return {
		kind: "invalid",
		why: hex === undefined ? "payload is not base64" : "hex is not hexadecimal",
	};
}

/** Bytes of base64 or base64url, or `undefined` where `text` is neither. */
export function parseBase64(text: unknown): Uint8Array | undefined {
	if (typeof text !== "string" || !BASE64.test(text)) return undefined;
	const digits = text.replace(/=+$/, "").length;
	if (digits % 4 === 1) return undefined;
	return new Uint8Array(Buffer.from(text, "base64"));
}

function parseHex(text: unknown): Uint8Array | undefined {
	if (typeof text !== "string" || !HEX.test(text)) return undefined;
	return new Uint8Array(Buffer.from(text, "hex"));
}
