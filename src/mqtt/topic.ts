// Which strings may be topic names and topic filters (MQTT 3.1.1 §4.7). Matching is the policy's.

import { encodeUTF8 } from "../bytes/text.js";

/** [MQTT-4.7.3-3] */
const TOPIC_BYTES_MAX = 65535;

/** A name to publish to: at least one character, no wildcard, no NUL. */
export function isTopicName(text: string): boolean {
	return isTopicText(text) && !text.includes("+") && !text.includes("#"); // [MQTT-3.3.2-2]
}

/** A filter to subscribe to: `+` fills a whole level, `#` the whole last one. */
export function isTopicFilter(text: string): boolean {
	if (!isTopicText(text)) return false;
	const levels = text.split("/");
	return levels.every((level, index) => {
		if (level === "#") return index === levels.length - 1; // [MQTT-4.7.1-2]
		return level === "+" || (!level.includes("+") && !level.includes("#")); // [MQTT-4.7.1-3]
	});
}

function isTopicText(text: string): boolean {
	if (text.length === 0 || text.length > TOPIC_BYTES_MAX) return false; // [MQTT-4.7.3-1]
	for (let index = 0; index < text.length; index++) {
		const code = text.codePointAt(index) as number;
		if (code === 0) return false; // [MQTT-4.7.3-2]
		if (code >= 0xd800 && code <= 0xdfff) return false; // [MQTT-1.5.3-1]
		if (code > 0xffff) index++;
	}
	// [MQTT-4.7.3-3]; most are so short that nothing need be counted.
	return text.length <= TOPIC_BYTES_MAX / 3 || encodeUTF8(text).length <= TOPIC_BYTES_MAX;
}
