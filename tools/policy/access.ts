// Who may do what on a broker, from the policy table that devices carry: devices in their own
// topics, operators with every device. One list serves the access lists and the embedded broker.
import { DEFAULT_RULES, topicFor, type PolicyRule } from "../../src/policy/rules.js";

export interface Access {
	/** "write": publish there; "read": subscribe there and receive from there. */
	readonly right: "read" | "write";
	/** A topic filter; for a device with its own id put in. */
	readonly filter: string;
}

/** What a device named `device` may do. `device` may be a broker's placeholder for the name. */
export function deviceAccess(
	device: string,
	rules: readonly PolicyRule[] = DEFAULT_RULES,
): Access[] {
	return rules.map(({ direction, topic }) => ({
		right: direction === "publish" ? "write" : "read",
		filter: topic.replaceAll("{device}", device),
	}));
}

/** What each operator may do: hear what any device says, and say what any device hears. */
export function operatorAccess(rules: readonly PolicyRule[] = DEFAULT_RULES): Access[] {
	return deviceAccess("+", rules).map(({ right, filter }) => ({
		right: right === "write" ? "read" : "write",
		filter,
	}));
}

/** Whether every topic that `filter` matches is matched by `allowed` as well. */
export function isCovered(filter: string, allowed: string): boolean {
	const levels = filter.split("/");
	const allowedLevels = allowed.split("/");
	for (let index = 0; index < allowedLevels.length; index++) {
		const most = allowedLevels[index];
		if (most === "#") return true;
		const level = levels[index];
		if (level === undefined || level === "#") return false;
		if (most !== "+" && most !== level) return false;
	}
	return levels.length === allowedLevels.length;
}

/** The topic of `channel` for `device`. Throws where the table has no such channel. */
export function channelTopic(
	channel: string,
	device: string,
	rules: readonly PolicyRule[] = DEFAULT_RULES,
): string {
	const rule = rules.find((candidate) => candidate.channel === channel);
	if (!rule) throw new RangeError(`the policy has no channel ${channel}`);
	return topicFor(rule.topic, device);
}
