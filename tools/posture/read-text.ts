// Files that a command line names.
import { readFileSync } from "node:fs";
import { UsageError } from "../command-line.js";

/** Throws a UsageError that names the file and why it cannot be read. */
export function readText(path: string): string {
	try {
		return readFileSync(path, "utf8");
	} catch (error) {
		const { code } = error as NodeJS.ErrnoException;
		throw new UsageError(`${path} cannot be read (${code})`, { cause: error });
	}
}
