// Builds a small C program for a test, or says in words what this machine lacks for it. A test
// without its compiler is skipped in sight of everybody, and never where CI runs.
import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, renameSync } from "node:fs";
import { dirname, join } from "node:path";

export const ROOT = join(import.meta.dirname, "../..");

const WARNINGS = ["-std=c99", "-Wall", "-Wextra", "-Wshadow", "-Wundef", "-Wconversion", "-Werror"];
const SANITIZERS = ["-g", "-O1", "-fsanitize=address,undefined", "-fno-sanitize-recover=all"];

export interface CProgram {
	/** Name of the program in build/engine. */
	readonly name: string;
	/** Paths from the root of the project, or absolute ones. */
	readonly sources: readonly string[];
	readonly includes: readonly string[];
	/** Everything else: libraries and options of the linker. */
	readonly flags?: readonly string[];
	readonly compiler?: string;
	/** In place of AddressSanitizer and UndefinedBehaviorSanitizer. */
	readonly sanitizers?: readonly string[];
}

/** Builds it and returns its path. What the compiler has to say is in the error. */
export function buildProgram(program: CProgram): string {
	const output = join(ROOT, "build/engine", program.name);
	// Two tests may build the same program at the same time.
	const draft = `${output}-${process.pid}`;
	mkdirSync(dirname(output), { recursive: true });
	const sources = program.sources.map((path) => (path.startsWith("/") ? path : join(ROOT, path)));
	const includes = program.includes.map((path) => `-I${join(ROOT, path)}`);
	const parts = [...WARNINGS, ...(program.sanitizers ?? SANITIZERS), ...includes, "-o", draft];
	const compiler = program.compiler ?? "gcc";
	execFileSync(compiler, [...parts, ...sources, ...(program.flags ?? [])], {
		encoding: "utf8",
		stdio: ["ignore", "pipe", "pipe"],
	});
	renameSync(draft, output);
	return output;
}

/** The line that installs what is missing for these headers; `undefined` when nothing is. */
export function missingFor(
	compiler: string,
	headers: Readonly<Record<string, string>>,
): string | undefined {
	const missing: string[] = [];
	if (spawnSync(compiler, ["--version"]).error) missing.push(compiler);
	for (const [header, debianPackage] of Object.entries(headers)) {
		if (missing.includes(compiler)) break;
		const text = `#include <${header}>\n`;
		const found = spawnSync(compiler, ["-fsyntax-only", "-x", "c", "-"], { input: text });
		if (found.status !== 0) missing.push(debianPackage);
	}
	return missing.length > 0 ? `sudo apt-get install ${missing.join(" ")}` : undefined;
}

/** `describe`, or where something is missing and nobody insists, one that is skipped. */
export function describeWhere(missing: string | undefined, name: string, tests: () => void): void {
	if (missing === undefined || process.env["CI"]) describe(name, tests);
	else describe.skip(`${name} (skipped: ${missing})`, tests);
}
