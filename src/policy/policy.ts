// What one device may publish and hear: the policy table with the device's own id put in.
// Everything that is not in the table is denied.

import { topicFor, type PolicyRule, type QoS } from "./rules.js";
import { topicMatches } from "./topic-filter.js";

/** What a SUBACK code means for a filter of ours. */
export type Granted =
	| "granted"
	| "weaker" // at a lower QoS than was asked for
	| "refused"; // 0x80, a code that does not exist, or a filter that we never asked for

export class Policy {
	readonly #rules: readonly PolicyRule[];

	/** `rules` as `readRules` gives them. */
	constructor(rules: readonly PolicyRule[], deviceId: string) {
		this.#rules = rules.map((rule) => ({ ...rule, topic: topicFor(rule.topic, deviceId) }));
	}

	/** The topic of `channel`, or `undefined` where the table has no such channel. */
	topicOf(channel: string): string | undefined {
		return this.#rules.find((rule) => rule.channel === channel)?.topic;
	}

	/** The QoS of `channel`; 0 where the table has no such channel. */
	QoSOf(channel: string): QoS {
		return this.#rules.find((rule) => rule.channel === channel)?.QoS ?? 0;
	}

	allowsPublish(topic: string): boolean {
		return this.#find("publish", topic) !== undefined;
	}

	/** Whether `filter` is one of ours, to the letter. */
	allowsSubscribe(filter: string): boolean {
		return this.#find("subscribe", filter) !== undefined;
	}

	/** Whether a message on `topic` can be the answer to one of our subscriptions. */
	allowsInbound(topic: string): boolean {
		return this.#rules.some(
			(rule) => rule.direction === "subscribe" && topicMatches(rule.topic, topic),
		);
	}

	/** What to subscribe to after connecting. */
	subscriptions(): { topic: string; QoS: QoS }[] {
		return this.#rules
			.filter((rule) => rule.direction === "subscribe")
			.map(({ topic, QoS }) => ({ topic, QoS }));
	}

	/** Judges the broker's SUBACK `code` for `filter`. */
	checkGranted(filter: string, code: number): Granted {
		const rule = this.#find("subscribe", filter);
		if (rule === undefined || code > 2) return "refused";
		return code < rule.QoS ? "weaker" : "granted";
	}

	#find(direction: PolicyRule["direction"], topic: string): PolicyRule | undefined {
		return this.#rules.find((rule) => rule.direction === direction && rule.topic === topic);
	}
}
