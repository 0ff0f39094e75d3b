import { isTopicFilter, isTopicName } from "../../../src/mqtt/topic.js";

// MQTT 3.1.1 §4.7, its examples among them
describe("topics", () => {
	it("takes names without wildcards", () => {
		for (const topic of [
			"a",
			"/",
			"/finance",
			"a//b",
			" ",
			"\u{1f600}",
			"$SYS/x",
			"a".repeat(65535),
		]) {
			expect(isTopicName(topic)).toBe(true);
			expect(isTopicFilter(topic)).toBe(true);
		}
	});

	it("takes wildcards in filters alone", () => {
		for (const filter of ["#", "a/#", "+", "+/tennis/#", "a/+/b", "/+", "+/+"]) {
			expect(isTopicFilter(filter)).toBe(true);
			expect(isTopicName(filter)).toBe(false);
		}
	});

	it("refuses wildcards that do not fill their level, and # before the end", () => {
		for (const filter of [
			"sport/tennis#",
			"sport/tennis/#/ranking",
			"sport+",
			"+a/b",
			"##",
			"a/+#",
		]) {
			expect(isTopicFilter(filter)).toBe(false);
		}
	});

	it("refuses what is no string of MQTT, or too long in UTF-8", () => {
		for (const text of ["", "a\0b", "\ud800", "a\udc00", "a".repeat(65536), "é".repeat(32768)]) {
			expect(isTopicName(text)).toBe(false);
			expect(isTopicFilter(text)).toBe(false);
		}
	});
});
