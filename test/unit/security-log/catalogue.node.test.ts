import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { LOG_DETAILS_MAX, LOG_NAME_CHARACTERS_MAX } from "../../../src/limits.js";
import { CATALOGUE, EVENTS_SUPPRESSED, judgeEvent } from "../../../src/security-log/catalogue.js";
import frozen from "../../vectors/log-catalogue.json" with { type: "json" };

/** Names that src puts together from parts. */
const COMPOSED: Readonly<Record<string, string>> = {
	"subscription-refused": "`subscription-${verdict}`",
	"subscription-weaker": "`subscription-${verdict}`",
};

const sources = readdirSync("src", { recursive: true, encoding: "utf8" })
	.filter((path) => path.endsWith(".ts") && !path.endsWith("catalogue.ts"))
	.map((path) => readFileSync(join("src", path), "utf8"))
	.join("\n");

describe("the catalogue", () => {
	it("names events that the device reports", () => {
		const unknown = Object.keys(CATALOGUE).filter(
			(name) => !sources.includes(COMPOSED[name] ?? `"${name}"`),
		);
		expect(unknown).toEqual([]);
	});

	it("has every event that is reported as a matter of security", () => {
		const names = [...sources.matchAll(/name: ["`]([a-z-]+)["`$][^}]*isSecurity: true/g)]
			.map(([, name]) => name as string)
			.filter((name) => name !== "subscription-");
		expect(names.length).toBeGreaterThan(2);
		expect(names.filter((name) => !Object.hasOwn(CATALOGUE, name))).toEqual([]);
	});

	it("is what tools and people rely on: names, sources and details are stable", () => {
		const found = Object.entries(CATALOGUE).map(([name, { source, details }]) => {
			return { name, source, details };
		});
		expect(found).toEqual(frozen.events);
		expect(EVENTS_SUPPRESSED).toBe(frozen.suppressed);
	});

	it("keeps to the bounds of an entry", () => {
		for (const [name, { details }] of Object.entries(CATALOGUE)) {
			expect(name.length).toBeLessThanOrEqual(LOG_NAME_CHARACTERS_MAX);
			expect(details.length).toBeLessThan(LOG_DETAILS_MAX);
		}
	});

	it("keeps numbers and codes, and nothing that has another form", () => {
		const judged = judgeEvent({
			name: "readings-refused" as never,
			reason: "x",
		});
		expect(judged).toBeUndefined();
		const odd = { reason: undefined, sequence: NaN, operator: Infinity };
		expect(judgeEvent({ name: "command-refused", ...odd })?.details).toEqual({});
		expect(judgeEvent({ name: "command-refused", sequence: 2 ** 60 })?.details).toEqual({});
		expect(judgeEvent({ name: "command-refused", sequence: 0.5 })?.details).toEqual({
			sequence: 0.5,
		});
	});
});
