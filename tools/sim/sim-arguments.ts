// What `npm run sim` can be asked for. A wrong command line ends here, in one line.

import { availableParallelism } from "node:os";
import { Command, CommanderError, Option } from "commander";
import type { PlanRequest } from "../../hosts/simulator/run/plan.js";
import { PROFILE_NAMES, PROFILES, type ProfileName } from "../../hosts/simulator/run/profiles.js";
import { addExamples, quote, standAlone, UsageError, wholeNumber } from "../command-line.js";

const SEED_MAX = 0xffff_ffff;
const SEEDS_MAX = 1_000_000;
const DAYS_MAX = 400;
const DEVICES_MAX = 50;
const JOBS_MAX = 64;

export type SimMode = "lives" | "plan" | "herd" | "offline";

export interface SimArguments {
	readonly mode: SimMode;
	/** First and last, both included. */
	readonly seeds: { readonly first: number; readonly last: number };
	readonly days: number;
	readonly profile: ProfileName;
	/** Instead of the drawn number. */
	readonly devices?: number;
	readonly trace: boolean;
	readonly json: boolean;
	readonly jobs: number;
	/** A file with one plan, as a failure leaves it. */
	readonly planFile?: string;
	/** Where a summary of all lives goes. */
	readonly summaryFile?: string;
	/** Seconds for the search of the shortest trace; 0: none. */
	readonly shrinkS: number;
}

interface Given {
	seed?: number;
	seeds?: { first: number; last: number };
	days: number;
	profile: ProfileName;
	devices?: number;
	trace?: boolean;
	json?: boolean;
	jobs: number;
	plan?: string;
	summary?: string;
	shrink: number;
	herd?: boolean;
	offline?: boolean;
}

/**
 * The arguments, or the exit code where the command line asked for help. Throws {@link UsageError}.
 */
export function parseSimArguments(words: readonly string[]): SimArguments | number {
	const command = makeCommand();
	try {
		command.parse(words, { from: "user" });
	} catch (error) {
		if (!(error instanceof CommanderError)) throw error;
		if (error.exitCode === 0) return 0;
		throw new UsageError(error.message.replace(/^error: /, "").replaceAll("\n", " "));
	}
	return judge(command.opts<Given>());
}

/** The life that `seed` is, among those that were asked for. */
export function requestOf({ profile, days, devices }: SimArguments, seed: number): PlanRequest {
	return { seed, profile, days, ...(devices !== undefined && { changes: { devices } }) };
}

function judge(given: Given): SimArguments {
	const { seed, seeds, plan, herd, offline, devices, summary, shrink: shrinkS } = given;
	if (seed !== undefined && seeds !== undefined) {
		throw new UsageError("--seed and --seeds: one of them");
	}
	const chosen = seeds ?? { first: seed ?? 1, last: seed ?? 1 };
	const modes = { plan: plan !== undefined, herd: herd === true, offline: offline === true };
	const asked = (Object.keys(modes) as (keyof typeof modes)[]).filter((name) => modes[name]);
	if (asked.length > 1) throw new UsageError(`--${asked.join(" and --")}: one of them`);
	const trace = given.trace === true;
	if (trace && chosen.first !== chosen.last) {
		throw new UsageError("--trace: of one life only, with --seed");
	}
	return {
		mode: asked[0] ?? "lives",
		seeds: chosen,
		days: given.days,
		profile: given.profile,
		trace,
		json: given.json === true,
		jobs: given.jobs,
		shrinkS,
		...(devices !== undefined && { devices }),
		...(plan !== undefined && { planFile: plan }),
		...(summary !== undefined && { summaryFile: summary }),
	};
}

function makeCommand(): Command {
	const command = new Command("npm run sim --")
		.description(
			"Lives whole device lives in a simulated world: first anything may happen, then all is\n" +
				"healed and the device must come back with nothing lost. One seed, one life, always\n" +
				"the same. Exit code 1 when a life failed.\n\nProfiles:\n" +
				PROFILE_NAMES.map((name) => `  ${name.padEnd(9)}${PROFILES[name].description}`).join("\n"),
		)
		.option("--seed <number>", "one life (default: 1)", wholeNumber("--seed", 0, SEED_MAX))
		.option("--seeds <range>", "many lives, as in 1-200", seedRange)
		.option("--days <number>", "simulated days of a life, fractions too", days, 1)
		.addOption(
			new Option("--profile <name>", "what the lives may meet")
				.choices(PROFILE_NAMES)
				.default("storm"),
		)
		.option(
			"--devices <number>",
			"devices in one world (default: drawn from the seed)",
			wholeNumber("--devices", 1, DEVICES_MAX),
		)
		.option("--plan <file>", "run the plan that a failed life left behind")
		.option("--herd", "1000 devices and one broker that restarts, with jitter and without")
		.option("--offline", "24 hours without a broker at a reading a second")
		.option("--trace", "print everything that happens in the life")
		.option("--json", "print JSON instead of text")
		.option("--summary <file>", "write a summary of all lives, JSON")
		.option(
			"--jobs <number>",
			"lives at the same time",
			wholeNumber("--jobs", 1, JOBS_MAX),
			availableParallelism(),
		)
		.option(
			"--shrink <seconds>",
			"search so long for the shortest failing life",
			wholeNumber("--shrink", 0, 3600),
			60,
		);
	return addExamples(standAlone(command), [
		["npm run sim -- --seed 7 --trace", "one stormy day, told event by event"],
		["npm run sim -- --seeds 1-200", "two hundred of them on all cores, and a table"],
		["npm run sim -- --seeds 1-50 --profile attack --days 0.5", "half days under attack"],
	]);
}

function seedRange(text: string): { first: number; last: number } {
	const [, first, last] = /^([0-9]{1,10})-([0-9]{1,10})$/.exec(text) ?? [];
	const range = { first: Number(first), last: Number(last) };
	const isRange = range.first <= range.last && range.last <= SEED_MAX;
	if (!isRange) throw new UsageError(`--seeds: a range such as 1-200, not ${quote(text)}`);
	if (range.last - range.first >= SEEDS_MAX) {
		throw new UsageError(`--seeds: at most ${SEEDS_MAX} at once`);
	}
	return range;
}

function days(text: string): number {
	const value = /^[0-9]{1,4}(\.[0-9]{1,6})?$/.test(text) ? Number(text) : NaN;
	if (value > 0 && value <= DAYS_MAX) return value;
	throw new UsageError(`--days: above 0 and at most ${DAYS_MAX}, not ${quote(text)}`);
}
