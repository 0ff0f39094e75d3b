import { isTopicFilter, isTopicName, topicMatches } from "../../../src/policy/topic-filter.js";

describe("isTopicName", () => {
	it("accepts any well-formed text without wildcards", () => {
		for (const topic of ["a", "/", "a/b", "//", "a b", "$SYS/x", "\u00e9/\u{1f600}"]) {
			expect(isTopicName(topic)).toBe(true);
		}
	});

	// [MQTT-3.3.2-2], [MQTT-4.7.3-1], [MQTT-4.7.3-2], [MQTT-1.5.3-1]
	it("refuses wildcards, the empty topic, NUL and unpaired surrogates", () => {
		for (const topic of ["", "#", "a/#", "+", "a/+/b", "a+", "a\0b", "\ud800", "a\udc00"]) {
			expect(isTopicName(topic)).toBe(false);
		}
	});

	// [MQTT-4.7.3-3]
	it("refuses more than 65 535 bytes", () => {
		expect(isTopicName("x".repeat(65535))).toBe(true);
		expect(isTopicName("x".repeat(65536))).toBe(false);
		expect(isTopicName("\u00e9".repeat(32768))).toBe(false);
	});
});

describe("isTopicFilter", () => {
	// MQTT 3.1.1 §4.7.1.2 and §4.7.1.3
	it("accepts wildcards alone in their level, # in the last", () => {
		for (const filter of ["#", "+", "sport/#", "+/tennis/#", "sport/+/player1", "/+", "a/b"]) {
			expect(isTopicFilter(filter)).toBe(true);
		}
	});

	it("refuses wildcards elsewhere", () => {
		for (const filter of ["", "sport/tennis#", "sport/#/ranking", "sport+", "a/+b", "##", "a\0"]) {
			expect(isTopicFilter(filter)).toBe(false);
		}
	});
});

describe("topicMatches", () => {
	// The examples of MQTT 3.1.1 §4.7.1.2, §4.7.1.3 and §4.7.2
	const EXAMPLES: [string, string, boolean][] = [
		["sport/tennis/player1/#", "sport/tennis/player1", true],
		["sport/tennis/player1/#", "sport/tennis/player1/ranking", true],
		["sport/tennis/player1/#", "sport/tennis/player1/score/wimbledon", true],
		["sport/#", "sport", true],
		["sport/tennis/+", "sport/tennis/player1", true],
		["sport/tennis/+", "sport/tennis/player1/ranking", false],
		["sport/+", "sport", false],
		["sport/+", "sport/", true],
		["+/+", "/finance", true],
		["/+", "/finance", true],
		["+", "/finance", false],
		["#", "$SYS/monitor", false],
		["+/monitor/Clients", "$SYS/monitor/Clients", false],
		["$SYS/#", "$SYS/monitor", true],
		["$SYS/monitor/+", "$SYS/monitor/Clients", true],
		["ACCOUNTS", "Accounts", false],
	];

	it("agrees with the examples of the standard", () => {
		for (const [filter, topic, matches] of EXAMPLES) {
			expect(`${filter} ${topic} ${topicMatches(filter, topic)}`).toBe(
				`${filter} ${topic} ${matches}`,
			);
		}
	});

	it("matches nothing where either is not valid", () => {
		expect(topicMatches("a/#/b", "a/#/b")).toBe(false);
		expect(topicMatches("+", "+")).toBe(false);
		expect(topicMatches("#", "")).toBe(false);
	});
});
