import { Policy } from "../../../src/policy/policy.js";
import { DEFAULT_RULES, type PolicyRule } from "../../../src/policy/rules.js";

const POLICY = new Policy(DEFAULT_RULES, "kelp-7");

describe("Policy", () => {
	it("puts the device into the default topics", () => {
		expect(POLICY.topicOf("telemetry")).toBe("holdfast/kelp-7/telemetry");
		expect(POLICY.topicOf("event")).toBe("holdfast/kelp-7/event");
		expect(POLICY.topicOf("result")).toBe("holdfast/kelp-7/result");
		expect(POLICY.topicOf("command")).toBe("holdfast/kelp-7/command");
		expect(POLICY.topicOf("telemetry2")).toBeUndefined();
		expect(POLICY.QoSOf("telemetry")).toBe(1);
	});

	it("denies what no rule allows", () => {
		expect(POLICY.allowsPublish("holdfast/kelp-7/telemetry")).toBe(true);
		for (const topic of [
			"holdfast/kelp-8/telemetry",
			"holdfast/kelp-7/command",
			"holdfast/kelp-7/telemetry/more",
			"holdfast/kelp-7",
			"holdfast/{device}/telemetry",
			"",
		]) {
			expect(POLICY.allowsPublish(topic)).toBe(false);
		}
		expect(POLICY.allowsSubscribe("holdfast/kelp-7/command")).toBe(true);
		for (const filter of ["#", "holdfast/#", "holdfast/+/command", "holdfast/kelp-7/telemetry"]) {
			expect(POLICY.allowsSubscribe(filter)).toBe(false);
		}
	});

	it("hears only what it asked for", () => {
		expect(POLICY.allowsInbound("holdfast/kelp-7/command")).toBe(true);
		expect(POLICY.allowsInbound("holdfast/kelp-8/command")).toBe(false);
		expect(POLICY.allowsInbound("holdfast/kelp-7/telemetry")).toBe(false);
		expect(POLICY.allowsInbound("$SYS/broker")).toBe(false);
	});

	it("matches inbound topics against filters with wildcards", () => {
		const rules: PolicyRule[] = [
			{ direction: "subscribe", channel: "all", topic: "fleet/+/{device}/#", QoS: 0 },
		];
		const policy = new Policy(rules, "a");
		expect(policy.allowsInbound("fleet/north/a/x/y")).toBe(true);
		expect(policy.allowsInbound("fleet/north/b/x")).toBe(false);
		expect(policy.subscriptions()).toEqual([{ topic: "fleet/+/a/#", QoS: 0 }]);
	});

	it("subscribes to its inbound topics and to nothing else", () => {
		expect(POLICY.subscriptions()).toEqual([{ topic: "holdfast/kelp-7/command", QoS: 1 }]);
	});

	// MQTT 3.1.1 §3.9.3
	it("tells what the broker granted", () => {
		const granted = [0, 1, 2, 3, 128].map((code) =>
			POLICY.checkGranted("holdfast/kelp-7/command", code),
		);
		expect(granted).toEqual(["weaker", "granted", "granted", "refused", "refused"]);
		expect(POLICY.checkGranted("holdfast/#", 1)).toBe("refused");
	});

	it("denies everything with an empty table", () => {
		const policy = new Policy([], "kelp-7");
		expect(policy.allowsPublish("holdfast/kelp-7/telemetry")).toBe(false);
		expect(policy.allowsInbound("holdfast/kelp-7/command")).toBe(false);
		expect(policy.subscriptions()).toEqual([]);
	});

	it("takes no device id that could bring a level or a wildcard", () => {
		for (const device of ["", "+", "#", "a/b", "a+", "a#", "{device}", "a b", "a\0", "\u00e9"]) {
			expect(() => new Policy(DEFAULT_RULES, device)).toThrow();
		}
		expect(() => new Policy(DEFAULT_RULES, "x".repeat(65))).toThrow();
	});
});
