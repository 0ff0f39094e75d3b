// Topic names and filters (MQTT 3.1.1 §4.7): whether they are valid, and which names a filter
// matches. The device's policy and the tools that write brokers' access lists share it.

/** Bytes of a UTF-8 string in MQTT: its length has two bytes. */
const STRING_BYTES_MAX = 0xffff;

/** A topic that a message can be published to: no wildcards, not empty, no NUL. */
export function isTopicName(text: string): boolean {
	return isTopicText(text) && !text.includes("+") && !text.includes("#");
}

export function isTopicFilter(text: string): boolean {
	if (!isTopicText(text)) return false;
	const levels = text.split("/");
	return levels.every((level, index) => {
		// [MQTT-4.7.1-2] the last character, and alone in its level
		if (level.includes("#")) return level === "#" && index === levels.length - 1;
		return level === "+" || !level.includes("+"); // [MQTT-4.7.1-3]
	});
}

/** Whether `filter` matches `topic`. False where either is not valid. */
export function topicMatches(filter: string, topic: string): boolean {
	if (!isTopicFilter(filter) || !isTopicName(topic)) return false;
	const filterLevels = filter.split("/");
	const topicLevels = topic.split("/");
	const first = filterLevels[0];
	// [MQTT-4.7.2-1] wildcards do not reach into the server's own topics
	if (topic.startsWith("$") && (first === "#" || first === "+")) return false;
	for (let index = 0; index < filterLevels.length; index++) {
		const wanted = filterLevels[index];
		if (wanted === "#") return true; // [MQTT-4.7.1-2] the parent level too
		const level = topicLevels[index];
		if (level === undefined || (wanted !== "+" && wanted !== level)) return false;
	}
	return filterLevels.length === topicLevels.length;
}

/** [MQTT-4.7.3-1] to [MQTT-4.7.3-3]: 1 to 65 535 bytes of well-formed UTF-8 without NUL. */
function isTopicText(text: string): boolean {
	if (text.length === 0 || text.includes("\0")) return false;
	let bytes = 0;
	for (const character of text) {
		const code = character.codePointAt(0) as number;
		if (code >= 0xd800 && code <= 0xdfff) return false;
		bytes += code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
		if (bytes > STRING_BYTES_MAX) return false;
	}
	return true;
}
