import type { CBORKey, CBORValue } from "../../../src/cbor/value.js";
import { POLICY_RULES_MAX, POLICY_TOPIC_CHARACTERS_MAX } from "../../../src/limits.js";
import { DEFAULT_RULES, encodeRules, readRules, topicFor } from "../../../src/policy/rules.js";

function ruleWith(changes: Record<string, CBORValue>): Map<CBORKey, CBORValue> {
	const rule = { direction: "publish", channel: "telemetry", topic: "a/{device}", QoS: 1 };
	return new Map<CBORKey, CBORValue>(Object.entries({ ...rule, ...changes }));
}

function pathOf(value: CBORValue): string {
	const read = readRules(value, "policy");
	return read.kind === "invalid" ? read.path : "valid";
}

describe("readRules", () => {
	it("gives back what encodeRules wrote", () => {
		expect(readRules(encodeRules(DEFAULT_RULES))).toEqual({ kind: "valid", value: DEFAULT_RULES });
		expect(readRules(encodeRules([]))).toEqual({ kind: "valid", value: [] });
	});

	it("names the wrong field by its path", () => {
		expect(pathOf(1)).toBe("policy");
		expect(pathOf([1])).toBe("policy[0]");
		expect(pathOf([ruleWith({ direction: "both" })])).toBe("policy[0].direction");
		expect(pathOf([ruleWith({}), ruleWith({ channel: "Event" })])).toBe("policy[1].channel");
		expect(pathOf([ruleWith({ QoS: 3 })])).toBe("policy[0].QoS");
		expect(pathOf([ruleWith({ QoS: 0 })])).toBe("policy[0].QoS");
		expect(pathOf([ruleWith({ QoS: 0, direction: "subscribe" })])).toBe("valid");
		expect(pathOf([ruleWith({ retain: true })])).toBe("policy[0].retain");
	});

	it("refuses a channel that two rules have", () => {
		expect(pathOf([ruleWith({}), ruleWith({ topic: "b" })])).toBe("policy[1].channel");
	});

	it("refuses wildcards in what is published, and bad filters in what is subscribed", () => {
		const path = "policy[0].topic";
		expect(pathOf([ruleWith({ topic: "a/+" })])).toBe(path);
		expect(pathOf([ruleWith({ topic: "a/#" })])).toBe(path);
		expect(pathOf([ruleWith({ direction: "subscribe", topic: "a/+/#" })])).toBe("valid");
		expect(pathOf([ruleWith({ direction: "subscribe", topic: "a/#/b" })])).toBe(path);
		expect(pathOf([ruleWith({ direction: "subscribe", topic: "a+" })])).toBe(path);
	});

	// A line break would start a line of its own in a broker's access list, %u would name another
	// user.
	it("refuses characters that access lists give a meaning", () => {
		for (const topic of ["a\nb", "a\rb", "a b", "a%u", "a\0", "a\u2028", "\u00e9", "a\tb", ""]) {
			expect(pathOf([ruleWith({ topic })])).toBe("policy[0].topic");
		}
	});

	it("refuses every placeholder but {device}", () => {
		for (const topic of ["{user}", "{{device}}", "{device", "device}", "{}", "{Device}"]) {
			expect(pathOf([ruleWith({ topic })])).toBe("policy[0].topic");
		}
		expect(pathOf([ruleWith({ topic: "{device}/x-{device}" })])).toBe("valid");
	});

	it("bounds topics, with the longest device id put in, and the number of rules", () => {
		const longest = POLICY_TOPIC_CHARACTERS_MAX - 64;
		expect(pathOf([ruleWith({ topic: `${"x".repeat(longest)}{device}` })])).toBe("valid");
		expect(pathOf([ruleWith({ topic: `${"x".repeat(longest + 1)}{device}` })])).toBe(
			"policy[0].topic",
		);
		const rules = Array.from({ length: POLICY_RULES_MAX + 1 }, (_, index) =>
			ruleWith({ channel: `c${index}` }),
		);
		expect(pathOf(rules)).toBe("policy");
		expect(pathOf(rules.slice(1))).toBe("valid");
	});
});

describe("encodeRules", () => {
	it("does not write a table that no device would take", () => {
		expect(() => encodeRules([{ direction: "publish", channel: "x", topic: "#", QoS: 1 }])).toThrow(
			"policy [0].topic",
		);
	});
});

describe("topicFor", () => {
	it("puts the device id in wherever it is asked for", () => {
		expect(topicFor("a/{device}/b-{device}", "k")).toBe("a/k/b-k");
		expect(topicFor("a/b", "k")).toBe("a/b");
	});
});
