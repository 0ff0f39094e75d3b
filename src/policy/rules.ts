// The policy table: which channel uses which topic in which direction. What it does not name is
// denied. Devices carry it in their configuration, and tools write brokers' access lists from it.

import { assert } from "../assert.js";
import { readFields, type Field, type FieldReader, type FieldsRead } from "../cbor/fields.js";
import type { CBORValue } from "../cbor/value.js";
import {
	CHANNEL_CHARACTERS_MAX,
	DEVICE_ID_LENGTH_MAX,
	POLICY_RULES_MAX,
	POLICY_TOPIC_CHARACTERS_MAX,
} from "../limits.js";
import { isTopicFilter, isTopicName } from "./topic-filter.js";

export type Direction = "publish" | "subscribe";
export type QoS = 0 | 1 | 2;

export interface PolicyRule {
	readonly direction: Direction;
	/** The name by which the firmware knows it; no two rules have the same. */
	readonly channel: string;
	/**
	 * A topic name to publish, a topic filter to subscribe; `{device}` stands for the device id.
	 */
	readonly topic: string;
	/** 1 or 2 to publish. */
	readonly QoS: QoS;
}

export const DEFAULT_RULES: readonly PolicyRule[] = Object.freeze([
	rule("publish", "telemetry"),
	rule("publish", "event"),
	rule("publish", "result"),
	rule("publish", "log"),
	rule("subscribe", "command"),
]);

const PLACEHOLDER = "{device}";
const DIRECTIONS: readonly Direction[] = Object.freeze(["publish", "subscribe"]);
const QOS: readonly QoS[] = Object.freeze([0, 1, 2]);
/** Only an acknowledgement takes a message out of the outbox. */
const PUBLISHED_QOS: readonly QoS[] = Object.freeze([1, 2]);
const FIELDS: readonly string[] = Object.freeze(["direction", "channel", "topic", "QoS"]);
const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
const CHANNEL_ALPHABET = "abcdefghijklmnopqrstuvwxyz0123456789-";
const DEVICE_ALPHABET = `${LETTERS}_-`;
// No blank, no control character and no percent sign: access lists of brokers give them a meaning.
const TOPIC_ALPHABET = `${LETTERS}_-/.:$@=+#{}`;

/**
 * `template` with `device` put in. A device id is letters, digits, `_` and `-`: it cannot bring a
 * wildcard or a level of its own.
 */
export function topicFor(template: string, device: string): string {
	assert(isDeviceName(device), "a device id is made of letters, digits, _ and -");
	return template.split(PLACEHOLDER).join(device);
}

/**
 * The table as a CBOR value, for a configuration. A table that `readRules` refuses is not written.
 */
export function encodeRules(rules: readonly PolicyRule[]): CBORValue {
	const value = rules.map(
		({ direction, channel, topic, QoS }) =>
			new Map<string, CBORValue>([
				["direction", direction],
				["channel", channel],
				["topic", topic],
				["QoS", QoS],
			]),
	);
	const read = readRules(value);
	if (read.kind === "invalid") {
		throw new RangeError(`policy ${read.path}: expected ${read.expected}`);
	}
	return value;
}

/** Reads a table; the answer names the first field that is wrong, below `path`. */
export function readRules(value: CBORValue, path = ""): FieldsRead<readonly PolicyRule[]> {
	return readFields(
		value,
		(root) => {
			const channels: string[] = [];
			return root.list({ min: 0, max: POLICY_RULES_MAX }, (item) => {
				const read = item.map(FIELDS, (fields) => readRule(fields, channels));
				channels.push(read.channel);
				return read;
			});
		},
		path,
	);
}

function readRule(fields: FieldReader, channels: readonly string[]): PolicyRule {
	const direction = fields.required("direction").oneOf(DIRECTIONS);
	const channel = fields.required("channel");
	const bounds = { min: 1, max: CHANNEL_CHARACTERS_MAX };
	const name = channel.text(bounds, CHANNEL_ALPHABET);
	if (channels.includes(name)) channel.refuse("a channel that no rule before it has");
	return {
		direction,
		channel: name,
		topic: readTopic(fields.required("topic"), direction),
		QoS: fields.required("QoS").oneOf(direction === "publish" ? PUBLISHED_QOS : QOS),
	};
}

function readTopic(field: Field, direction: Direction): string {
	const template = field.text({ min: 1, max: POLICY_TOPIC_CHARACTERS_MAX }, TOPIC_ALPHABET);
	const filled = topicFor(template, "d");
	if (filled.includes("{") || filled.includes("}")) {
		field.refuse(`no placeholder but ${PLACEHOLDER}`);
	}
	if (direction === "publish" && !isTopicName(filled)) {
		field.refuse("a topic without wildcards");
	}
	if (!isTopicFilter(filled)) field.refuse("a topic filter");
	const longest = topicFor(template, "d".repeat(DEVICE_ID_LENGTH_MAX));
	if (longest.length > POLICY_TOPIC_CHARACTERS_MAX) {
		field.refuse(`${POLICY_TOPIC_CHARACTERS_MAX} characters with the longest device id`);
	}
	return template;
}

function isDeviceName(device: string): boolean {
	if (device.length === 0 || device.length > DEVICE_ID_LENGTH_MAX) return false;
	for (let index = 0; index < device.length; index++) {
		if (!DEVICE_ALPHABET.includes(device.charAt(index))) return false;
	}
	return true;
}

function rule(direction: Direction, channel: string): PolicyRule {
	return Object.freeze({ direction, channel, topic: `holdfast/{device}/${channel}`, QoS: 1 });
}
