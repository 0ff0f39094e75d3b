// What a rule of the posture is, and the two sorts that most of them are.
import type { PostureFact } from "../../src/posture-facts.js";
import type { Chip } from "./chips.js";
import type { BuildManifest } from "./build-manifest.js";
import type { Partition } from "./partition-table.js";
import type { Settings } from "./settings.js";

/** What is judged: everything that decides how safe an image is before it runs. */
export interface Build {
	readonly chip: Chip;
	readonly settings: Settings;
	readonly partitions: readonly Partition[];
	readonly manifest: BuildManifest;
}

/** A fact that a device reports too, or what only a build shows. */
export type Subject = PostureFact | "link" | "function" | "memory" | "partitions";

export interface Rule {
	/** Stable: what `--json` and tests name it by. */
	readonly id: string;
	readonly subject: Subject;
	/** Whether an image for the bench must keep it too. */
	readonly everyProfile: boolean;
	/** Only for these; without it for every chip. */
	readonly chips?: readonly Chip[];
	/** Options of the same choice: of several that are set the last line counts, wherever it is. */
	readonly rivals?: readonly string[];
	/** What goes wrong without it. */
	readonly reason: string;
	readonly mend: string;
	/** What was found instead, or `undefined` where the rule holds. */
	find(build: Build): string | undefined;
}

type Common = Pick<Rule, "id" | "subject" | "reason"> &
	Partial<Pick<Rule, "everyProfile" | "chips" | "rivals" | "mend">>;

/** A setting that must have one value. */
export function setting(rule: Common & { readonly name: string; readonly value: string }): Rule {
	const { name, value, ...common } = rule;
	return {
		everyProfile: false,
		mend: `CONFIG_${name}=${value}`,
		...common,
		find: ({ settings }) => {
			return settings.get(name) === value ? rivalIn(settings, rule) : stated(settings, name);
		},
	};
}

/** A choice of which one of several options must be taken. */
export function oneOf(rule: Common & { readonly names: readonly string[] }): Rule {
	const { names, ...common } = rule;
	return {
		everyProfile: false,
		mend: names.map((name) => `CONFIG_${name}=y`).join(" or "),
		...common,
		find: ({ settings }) => {
			if (names.some((name) => settings.get(name) === "y")) return rivalIn(settings, rule);
			return names.map((name) => stated(settings, name)).join(", ");
		},
	};
}

/** A setting that is a number from `least` to `most`. */
export function range(
	rule: Common & { readonly name: string; readonly least: number; readonly most: number },
): Rule {
	const { name, least, most, ...common } = rule;
	return {
		everyProfile: false,
		mend: `CONFIG_${name} ${least === most ? `= ${least}` : `from ${least} to ${most}`}`,
		...common,
		find: ({ settings }) => {
			const value = settings.number(name) ?? NaN;
			return value >= least && value <= most ? undefined : stated(settings, name);
		},
	};
}

function rivalIn(settings: Settings, { rivals = [] }: Common): string | undefined {
	const found = rivals.find((name) => settings.get(name) === "y");
	return found && `CONFIG_${found} is y as well`;
}

function stated(settings: Settings, name: string): string {
	const value = settings.get(name);
	return `CONFIG_${name} is ${value === undefined ? "not stated" : value}`;
}
