// Where a build keeps what the posture judges: a folder that mcconfig filled, or files by name.
import { existsSync, readdirSync, statSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { quote, UsageError } from "../command-line.js";
import type { ImageSizes } from "./budgets.js";
import { chipOf, isChip, type Chip, type Target } from "./chips.js";
import { readMakefile, readManifest } from "./build-manifest.js";
import { FLASH_BLOCK_BYTES, parsePartitions } from "./partition-table.js";
import { readProfile } from "./profile.js";
import { readText } from "./read-text.js";
import type { Build } from "./rule.js";
import { parseSettings, type Settings } from "./settings.js";

/** Levels below the folder that is named: mcconfig puts a build five below its output. */
const DEPTH_MAX = 7;
/** Where the table lies if nothing is stated: ESP-IDF's default. */
const TABLE_OFFSET_DEFAULT = 0x8000;

export interface BuildFiles {
	/** An sdkconfig, or the folder of a committed profile. */
	readonly sdkconfig: string;
	readonly partitions: string;
	/** manifest.json, or the makefile that mcconfig made of all manifests. */
	readonly manifest: string;
	/** A folder of ESP-IDF's with images in it; without it no image is measured. */
	readonly images?: string;
	readonly target?: Target | undefined;
}

/** Finds the one build below `folder`. Throws a UsageError if there is none, or more than one. */
export function findBuild(folder: string): BuildFiles {
	if (!existsSync(folder) || !statSync(folder).isDirectory()) {
		throw new UsageError(`${quote(folder)} is no folder`);
	}
	const projects = projectsBelow(folder, DEPTH_MAX);
	const [project] = projects;
	if (project === undefined) {
		throw new UsageError(`no build of mcconfig for an ESP32 in ${folder}: no folder xsProj-*`);
	}
	if (projects.length > 1) {
		throw new UsageError(`more than one build: name one of ${projects.map(dirname).join(", ")}`);
	}
	const target = basename(project).slice("xsProj-".length);
	const complete = join(project, "sdkconfig");
	return {
		sdkconfig: existsSync(complete) ? complete : join(project, "sdkconfig.mc"),
		partitions: join(project, "partitions.csv"),
		manifest: join(dirname(project), "makefile"),
		images: join(project, "build"),
		target: isChip(target) ? target : undefined,
	};
}

function projectsBelow(folder: string, depth: number): string[] {
	if (/^xsProj-/.test(basename(folder))) return [folder];
	if (depth === 0) return [];
	return readdirSync(folder, { withFileTypes: true })
		.filter((entry) => entry.isDirectory() && entry.name !== "node_modules")
		.flatMap(({ name }) => projectsBelow(join(folder, name), depth - 1));
}

/** Reads everything. Throws an Error that names the file for what is not as it should be. */
export function readBuild(files: BuildFiles): Build {
	const settings = readSettings(files);
	const start = settings.number("PARTITION_TABLE_OFFSET") ?? TABLE_OFFSET_DEFAULT;
	const chip = chipFor(settings, files);
	const { manifest, target = chip } = files;
	return {
		chip,
		settings,
		partitions: parsePartitions(
			readText(files.partitions),
			files.partitions,
			start + FLASH_BLOCK_BYTES,
		),
		manifest: manifest.endsWith(".json") ? readManifest(manifest, target) : readMakefile(manifest),
	};
}

function readSettings({ sdkconfig, target }: BuildFiles): Settings {
	if (!existsSync(sdkconfig) || !statSync(sdkconfig).isDirectory()) {
		return parseSettings(readText(sdkconfig), sdkconfig);
	}
	if (target === undefined) throw new UsageError("--target: which chip a profile is judged for");
	return parseSettings(readProfile(sdkconfig, target), sdkconfig);
}

function chipFor(settings: Settings, { sdkconfig, target }: BuildFiles): Chip {
	const chip = settings.chip;
	if (target === undefined) {
		if (chip) return chip;
		throw new UsageError(`--target: ${sdkconfig} does not say for which chip it is`);
	}
	if (chip !== undefined && chip !== chipOf(target)) {
		throw new UsageError(`--target: ${sdkconfig} is for ${chip}, not ${target}`);
	}
	return chipOf(target);
}

/** Sizes of the images that are there. */
export function imageSizes({ images }: BuildFiles): ImageSizes {
	const size = (...path: string[]) => {
		const file = images === undefined ? undefined : join(images, ...path);
		return file !== undefined && existsSync(file) ? statSync(file).size : undefined;
	};
	return {
		application: size("xs_esp32.bin"),
		bootloader: size("bootloader", "bootloader.bin"),
	};
}
