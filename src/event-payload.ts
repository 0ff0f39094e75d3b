// The payload of a signed event: its stable name and its details, as one flat CBOR map.

import { shortenText } from "./bytes/text.js";
import { encode } from "./cbor/encode.js";
import type { CBORValue } from "./cbor/value.js";
import { EVENT_TEXT_CHARACTERS_MAX } from "./limits.js";
import type { DeviceEvent } from "./ports.js";

/** Details that CBOR cannot hold (absent, NaN, infinities) are left out; long text is shortened. */
export function encodeEvent(event: DeviceEvent): Uint8Array {
	const map = new Map<string, CBORValue>();
	for (const [name, detail] of Object.entries(event)) {
		if (typeof detail === "string") map.set(name, shortenText(detail, EVENT_TEXT_CHARACTERS_MAX));
		else if (typeof detail === "boolean") map.set(name, detail);
		else if (detail !== undefined && isEncodable(detail)) map.set(name, detail);
	}
	return encode(map);
}

function isEncodable(value: number): boolean {
	return Number.isInteger(value) ? Number.isSafeInteger(value) : Number.isFinite(value);
}
