// The committed profiles of hosts/esp32/sdkconfig: a folder each, with sdkconfig.defaults for every
// chip and sdkconfig.defaults.<chip or target> where they differ.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { UsageError } from "../command-line.js";
import { chipOf, type Target } from "./chips.js";
import { readText } from "./read-text.js";

export const PROFILES = ["production", "development"] as const;
export type Profile = (typeof PROFILES)[number];

/** The folder of the profiles, below the project's. */
export const PROFILES_FOLDER = "hosts/esp32/sdkconfig";
export const PARTITIONS_FILE = "hosts/esp32/partitions.csv";

/**
 * One text for `target`, in the order in which it counts. Throws a UsageError where the folder has
 * no profile, and an Error for a line that mcconfig would drop without a word.
 */
export function readProfile(folder: string, target: Target): string {
	const names = new Set([chipOf(target), target]);
	const files = [
		join(folder, "sdkconfig.defaults"),
		...[...names].map((name) => join(folder, `sdkconfig.defaults.${name}`)),
	];
	if (!existsSync(files[0] as string)) {
		throw new UsageError(`${folder} holds no sdkconfig.defaults`);
	}
	return files
		.filter((file) => existsSync(file))
		.map((file) => checkLines(readText(file), file))
		.join("\n");
}

function checkLines(text: string, file: string): string {
	for (const [index, line] of text.split("\n").entries()) {
		const unset = /^#\s*(CONFIG_\w+) is not set/.exec(line);
		if (unset) throw new Error(`${file}:${index + 1}: mcconfig drops this: write ${unset[1]}=n`);
		const isPlain = line === "" || line.startsWith("#") || /^CONFIG_\w+=[^=]*$/.test(line);
		if (!isPlain) throw new Error(`${file}:${index + 1}: not a setting that mcconfig keeps`);
	}
	return text;
}
