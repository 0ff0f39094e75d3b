import { matchesTopic, TopicMatcher } from "../../../hosts/simulator/topic-matcher.js";

describe("matchesTopic", () => {
	// The examples of MQTT 3.1.1 §4.7.1 and §4.7.2, and what lies between them.
	const cases: readonly [string, string, boolean][] = [
		["sport/tennis/player1/#", "sport/tennis/player1", true],
		["sport/tennis/player1/#", "sport/tennis/player1/ranking", true],
		["sport/tennis/player1/#", "sport/tennis/player1/score/wimbledon", true],
		["sport/tennis/player1/#", "sport/tennis/player2", false],
		["sport/#", "sport", true],
		["#", "sport/tennis", true],
		["sport/tennis/+", "sport/tennis/player1", true],
		["sport/tennis/+", "sport/tennis/player1/ranking", false],
		["sport/+", "sport", false],
		["sport/+", "sport/", true],
		["+", "finance", true],
		["+/+", "/finance", true],
		["/+", "/finance", true],
		["+", "/finance", false],
		["+/tennis/#", "sport/tennis", true],
		["sport/+/player1", "sport/tennis/player1", true],
		["#", "$SYS/clients", false],
		["+/clients", "$SYS/clients", false],
		["$SYS/#", "$SYS/clients", true],
		["a/b", "a/b", true],
		["a/b", "A/b", false],
		["a/b/c", "a/b", false],
		["a/b", "a/b/c", false],
	];
	for (const [filter, topic, isMatch] of cases) {
		it(`finds that ${filter} ${isMatch ? "matches" : "does not match"} ${topic}`, () => {
			expect(matchesTopic(filter, topic)).toBe(isMatch);
		});
	}
});

describe("TopicMatcher", () => {
	it("finds each subscriber once, and none that has left", () => {
		const matcher = new TopicMatcher<string>();
		matcher.add("a/b", "exact");
		matcher.add("a/b", "both");
		matcher.add("a/+", "both");
		matcher.add("#", "all");
		expect([...matcher.subscribersOf("a/b")]).toEqual(["exact", "both", "all"]);
		matcher.remove("#", "all");
		matcher.remove("a/b", "exact");
		matcher.remove("never/there", "both");
		expect([...matcher.subscribersOf("a/b")]).toEqual(["both"]);
		expect([...matcher.subscribersOf("a/c")]).toEqual(["both"]);
		matcher.remove("a/+", "both");
		matcher.remove("a/b", "both");
		expect([...matcher.subscribersOf("a/b")]).toEqual([]);
	});
});
