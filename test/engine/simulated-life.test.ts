// The same plan is the same life on the engine that ships: every byte that it publishes, all that
// it leaves on its chips, and all its numbers.

import { execFileSync } from "node:child_process";
import { kindNamed } from "../../hosts/simulator/run/catalogue.js";
import type { FaultFamily } from "../../hosts/simulator/run/fault.js";
import type { PlanRequest } from "../../hosts/simulator/run/plan.js";
import type { ProfileName } from "../../hosts/simulator/run/profiles.js";
import type { StatisticsValue } from "../../hosts/simulator/run/statistics.js";
import { engine } from "../support/engine.js";

/** One and a half hours each, chosen for what happens in them. */
const LIVES: readonly PlanRequest[] = (
	[
		["power", 3],
		["power", 11],
		["flash", 2],
		["flash", 11],
		["tls", 2],
		["tls", 11],
		["operator", 3],
		["attack", 4],
		["attack", 11],
		["broker", 3],
		["broker", 11],
		["network", 11],
	] as const satisfies readonly (readonly [ProfileName, number])[]
).map(([profile, seed]) => ({ profile, seed, days: 0.06, changes: { devices: 1 } }));

/** At least so many different kinds of each family happen in them. */
const KINDS: Readonly<Partial<Record<FaultFamily, number>>> = {
	power: 4,
	flash: 4,
	tls: 4,
	heap: 2,
	operator: 2,
	attack: 5,
	broker: 8,
	network: 2,
};

/** A kind each that the sample must not be without. */
const ESSENTIAL = [
	"power-cut",
	"power-cut-at-write",
	"program-hangs",
	"entry-corrupted",
	"handshake-fails",
	"command",
	"hostile-packet",
	"broker-down",
];

interface Life {
	readonly digest: string;
	readonly statistics: StatisticsValue;
	readonly finding?: string;
}

const WORDS = LIVES.map((request) => JSON.stringify(request));

/** The simulator takes stand-ins of the firmware's bundle, so that it is bundled for Node too. */
function onNode(): Life[] {
	const out = "build/engine/simulated-life-on-node.js";
	const program = "test/engine/scripts/simulated-life-on-node.ts";
	execFileSync(process.execPath, ["test/support/lives-bundle.js", program, out]);
	const output = execFileSync(process.execPath, [out, ...WORDS], { encoding: "utf8" });
	return parsed(output.trimEnd().split("\n"));
}

function parsed(lines: readonly string[]): Life[] {
	return lines.map((line) => JSON.parse(line) as Life);
}

describe("a simulated life on XS", () => {
	const lives = onNode();

	it("is compared where something happens: faults of all sorts, reboots and commands", () => {
		const kinds = new Set(lives.flatMap(({ statistics }) => Object.keys(statistics.faults)));
		for (const [family, least] of Object.entries(KINDS)) {
			const found = [...kinds].filter((kind) => kindNamed(kind).family === family);
			expect({ family, isRich: found.length >= least, found }).toMatchObject({ isRich: true });
		}
		expect(ESSENTIAL.filter((kind) => !kinds.has(kind))).toEqual([]);
		const boots = new Set(lives.flatMap(({ statistics }) => Object.keys(statistics.boots)));
		expect([...boots]).toEqual(expect.arrayContaining(["external", "software", "watchdog"]));
		const total = (of: (counts: StatisticsValue["counts"]) => number) =>
			lives.reduce((sum, { statistics }) => sum + of(statistics.counts), 0);
		expect(total(({ commandsObeyed }) => commandsObeyed)).toBeGreaterThan(LIVES.length);
		expect(total(({ commandsRefused }) => commandsRefused)).toBeGreaterThan(0);
		expect(total(({ handshakesResumed }) => handshakesResumed)).toBeGreaterThan(LIVES.length);
	});

	engine.it(
		"is the life that it is on Node",
		async () => {
			const bundle = engine.script("simulated-life", "test/engine/scripts/simulated-life.ts");
			const { lines, code, errors } = await engine.run(bundle, WORDS);
			expect(errors).toBe("");
			expect(parsed(lines)).toEqual(lives);
			for (const { finding } of lives) expect(finding).toBe(undefined);
			expect(code).toBe(0);
		},
		180_000,
	);
});
