// Runs a program of the bench to its end, and what it needs to be there.
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";

/** Something is not installed; the message says how to install it. */
export class MissingToolError extends Error {
	override readonly name = "MissingToolError";
}

export interface ProgramRun {
	readonly lines: readonly string[];
	readonly errors: string;
}

/** Processes of ours that run now: they end with this one. */
const running = new Set<{ kill(): boolean }>();

/** Ends whatever this file started. */
export function endPrograms(): void {
	for (const child of running) child.kill();
}

/** Resolves when it ended well; rejects with what it said otherwise. */
export function runProgram(
	file: string,
	words: readonly string[],
	options: { onLine?: (line: string) => void; env?: Record<string, string> } = {},
): Promise<ProgramRun> {
	return new Promise((resolve, reject) => {
		const child = spawn(file, words, {
			stdio: ["ignore", "pipe", "pipe"],
			env: { ...process.env, ...options.env },
		});
		running.add(child);
		const lines: string[] = [];
		let rest = "";
		let errors = "";
		child.stdout.setEncoding("utf8").on("data", (text: string) => {
			const parts = (rest + text).split("\n");
			rest = parts.pop() ?? "";
			for (const line of parts) {
				lines.push(line);
				options.onLine?.(line);
			}
		});
		child.stderr.setEncoding("utf8").on("data", (text: string) => (errors += text));
		child.on("error", (error) => reject(error));
		child.on("close", (code) => {
			running.delete(child);
			if (code === 0) resolve({ lines, errors });
			else reject(new Error(`${file} ended with ${code}: ${lines.at(-1) ?? ""} ${errors}`));
		});
	});
}

/** The program's path, or an error with the line that installs it. */
export function findTool(name: string, debianPackage: string): string {
	const folders = [...(process.env.PATH ?? "").split(delimiter), "/usr/sbin", "/usr/local/sbin"];
	const path = folders.map((folder) => join(folder, name)).find((file) => existsSync(file));
	if (path !== undefined) return path;
	throw new MissingToolError(`${name} is missing: sudo apt-get install ${debianPackage}`);
}
