// `holdfast posture`: whether a build of the firmware is safe enough to ship.
import { Command, Option } from "commander";
import {
	addExamples,
	counted,
	EXIT_FAILURE,
	jsonOption,
	print,
	printable,
	printJSON,
	printTable,
	UsageError,
} from "../command-line.js";
import { budgetsOf, isKept, type Budget } from "./budgets.js";
import { findBuild, imageSizes, readBuild, type BuildFiles } from "./build-files.js";
import { parseTarget, type Target } from "./chips.js";
import { reportDevice } from "./device-report.js";
import { judge, type Finding, type Judgement } from "./judge.js";
import { PROFILES, type Profile } from "./profile.js";

interface PostureOptions {
	readonly sdkconfig?: string;
	readonly partitions?: string;
	readonly manifest?: string;
	readonly profile: Profile;
	readonly target?: Target;
	readonly report?: string;
	readonly json?: boolean;
}

export function postureCommand(): Command {
	const command = new Command("posture")
		.description(
			"Judge a build of the board's firmware: settings, partitions and memory, and what to mend.",
		)
		.argument("[folder]", "what mcconfig built: the folder with xsProj-*, or one above it")
		.option("--sdkconfig <path>", "instead of a folder: an sdkconfig, or a profile's folder")
		.option("--partitions <file>", "with --sdkconfig: the partition table, CSV")
		.option("--manifest <file>", "with --sdkconfig: manifest.json, or mcconfig's makefile")
		.addOption(
			new Option("--profile <profile>", "what it is for").choices(PROFILES).default("production"),
		)
		.option("--target <chip>", "esp32, esp32c3, esp32s3 or qemu, if no file says it", parseTarget)
		.option("--report <file>", "instead: what a device answered to report --json (- for stdin)")
		.addOption(jsonOption("one JSON object"))
		.action((folder: string | undefined, options: PostureOptions) => {
			if (options.report !== undefined) return reportDevice(options.report, options.json);
			const files = filesOf(folder, options);
			if (!reportPosture(files, options.profile, options.json)) process.exitCode = EXIT_FAILURE;
		});
	return addExamples(command, [
		["holdfast posture build/firmware/esp32c3-production", "a build of npm run firmware"],
		[
			"holdfast posture --sdkconfig hosts/esp32/sdkconfig/production" +
				" --partitions hosts/esp32/partitions.csv --manifest manifest.json --target esp32",
			"the committed profile, without a build",
		],
		[
			"holdfast command sensor-1 report --json … | holdfast posture --report -",
			"what a running board says of itself, signed",
		],
	]);
}

function filesOf(folder: string | undefined, options: PostureOptions): BuildFiles {
	const { sdkconfig, partitions, manifest, target } = options;
	if (folder !== undefined) {
		if (sdkconfig ?? partitions ?? manifest) {
			throw new UsageError(
				"a folder and --sdkconfig, --partitions or --manifest do not go together",
			);
		}
		const found = findBuild(folder);
		return target === undefined ? found : { ...found, target };
	}
	if (!sdkconfig || !partitions || !manifest) {
		throw new UsageError("a build's folder, or --sdkconfig, --partitions and --manifest");
	}
	return { sdkconfig, partitions, manifest, target };
}

/** Prints the judgement of one build; tells whether it may ship in this profile. */
export function reportPosture(files: BuildFiles, profile: Profile, json = false): boolean {
	const build = readBuild(files);
	const judgement = judge(build, profile);
	const budgets = budgetsOf(build, imageSizes(files));
	const isSafe = judgement.failures.length === 0 && budgets.every(isKept);
	if (json) {
		printJSON({
			profile,
			chip: build.chip,
			isSafe,
			judged: judgement.judged,
			failures: judgement.failures.map(asJSON),
			lacks: judgement.lacks.map(asJSON),
			budgets,
		});
		return isSafe;
	}
	printFindings(judgement);
	printBudgets(budgets);
	print(`${profile} image for ${build.chip}: ${verdict(judgement, budgets)}`);
	return isSafe;
}

function asJSON({ rule, found }: Finding) {
	const { id, subject, reason, mend } = rule;
	return { id, subject, found, reason, mend };
}

function printFindings({ failures, lacks }: Judgement): void {
	for (const { rule, found } of failures) {
		print(`unsafe: ${rule.id}: ${printable(found)}`);
		print(`        why: ${rule.reason}`);
		print(`        mend: ${rule.mend}`);
	}
	const subjects = new Set(lacks.map(({ rule }) => rule.subject));
	for (const subject of subjects) {
		const ids = lacks.filter(({ rule }) => rule.subject === subject).map(({ rule }) => rule.id);
		print(`lacks for production (${subject}): ${ids.join(", ")}`);
	}
}

function printBudgets(budgets: readonly Budget[]): void {
	const rows = budgets.map((budget) => {
		const { what, bytes, limit } = budget;
		const left = isKept(budget) ? String(limit - bytes) : `${bytes - limit} TOO MANY`;
		return [what, String(bytes), String(limit), left];
	});
	printTable(["BUDGET", "BYTES", "LIMIT", "LEFT"], rows);
}

function verdict({ judged, failures, lacks }: Judgement, budgets: readonly Budget[]): string {
	const over = budgets.filter((budget) => !isKept(budget)).length;
	const parts = [
		failures.length > 0 ? `${counted(failures.length, "rule")} of ${judged} broken` : "",
		over > 0 ? `${counted(over, "budget")} exceeded` : "",
		lacks.length > 0 ? `lacks ${counted(lacks.length, "rule")} of production` : "",
	].filter((part) => part !== "");
	return parts.length > 0 ? parts.join(", ") : `all ${judged} rules hold`;
}
