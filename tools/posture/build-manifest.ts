// What a build takes from its manifests: the memory of XS, and defines that safety depends on. Read
// from manifest.json and what it includes here, or from what mcconfig made of all of them.
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { quote } from "../command-line.js";
import type { Target } from "./chips.js";
import { creationOf, creationOfMakefile, type Creation } from "./creation.js";
import { readText } from "./read-text.js";

export interface BuildManifest {
	readonly creation: Creation;
	/** Whether XS is built for its debugger, which may run any code over the serial port. */
	readonly isDebug: boolean;
	/** Whether an end that the engine gives itself is recorded. */
	readonly hasAbortHook: boolean;
	/** Messages that wait for the task of XS; the SDK's default is 10. */
	readonly queueLength: number;
}

/** Manifests that include each other are not followed for ever. */
const DEPTH_MAX = 8;
const QUEUE_LENGTH_DEFAULT = 10;

type Merged = Record<string, unknown>;

/**
 * Reads manifest.json with what it includes by relative path: the SDK's own manifests set nothing
 * that is judged here and that ours does not set too. Later ones win, and each over its includes.
 */
export function readManifest(file: string, target: Target): BuildManifest {
	const merged = mergeManifest(file, target, 0);
	const number = (group: string, name: string) => Number(field(field(merged.defines, group), name));
	return {
		creation: creationOf(merged.creation, file),
		isDebug: false,
		hasAbortHook: number("xs", "abortHook") === 1,
		queueLength: number("task", "queueLength") || QUEUE_LENGTH_DEFAULT,
	};
}

/** Reads mcconfig's makefile, and its mc.defines.h beside it. */
export function readMakefile(file: string): BuildManifest {
	const text = readText(file);
	const defines = join(dirname(file), "mc.defines.h");
	const header = existsSync(defines) ? readText(defines) : "";
	const number = (name: string) => {
		return Number(new RegExp(`^#define MODDEF_${name} \\(?(\\d+)\\)?$`, "m").exec(header)?.[1]);
	};
	return {
		creation: creationOfMakefile(text, file),
		isDebug: /^DEBUG = 1$/m.test(text),
		hasAbortHook: number("XS_ABORTHOOK") === 1,
		queueLength: number("TASK_QUEUELENGTH") || QUEUE_LENGTH_DEFAULT,
	};
}

function mergeManifest(file: string, target: Target, depth: number): Merged {
	if (depth > DEPTH_MAX) throw new Error(`${file}: manifests include each other`);
	const manifest = parse(file);
	const platform = platformOf(manifest, target);
	const includes = [manifest, platform].flatMap((part) => field(part, "include") ?? []);
	const merged: Merged = {};
	for (const include of includes) {
		const isOurs = typeof include === "string" && /^\.{1,2}\//.test(include);
		if (isOurs) merge(merged, mergeManifest(join(dirname(file), include), target, depth + 1));
	}
	for (const part of [manifest, platform]) {
		for (const name of ["creation", "defines"]) {
			const value = field(part, name);
			if (value !== undefined) merge(merged, { [name]: value });
		}
	}
	return merged;
}

/** As mcconfig chooses: the target, any target, the platform. */
function platformOf(manifest: unknown, target: Target): unknown {
	const platforms = field(manifest, "platforms");
	const names = [`esp32/${target}`, "esp32/*", "esp32"];
	return names.map((name) => field(platforms, name)).find((found) => found !== undefined);
}

function parse(file: string): unknown {
	try {
		return JSON.parse(readText(file));
	} catch (error) {
		if (!(error instanceof SyntaxError)) throw error;
		throw new Error(`${file}: not JSON: ${quote(error.message)}`, { cause: error });
	}
}

function merge(into: Merged, from: object): void {
	for (const [name, value] of Object.entries(from)) {
		const present = into[name];
		if (isObject(present) && isObject(value)) merge(present, value);
		else into[name] = isObject(value) ? { ...value } : (value as unknown);
	}
}

function isObject(value: unknown): value is Merged {
	return typeof value === "object" && value !== null && !Array.isArray(value);
}

function field(value: unknown, name: string): unknown {
	return isObject(value) && Object.hasOwn(value, name) ? value[name] : undefined;
}
