// Finds the built programs: this file runs from build/, from a chunk below it, and from the
// sources.
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** The folder of package.json above this file. */
export function projectFolder(): string {
	let folder = dirname(fileURLToPath(import.meta.url));
	while (!existsSync(join(folder, "package.json"))) {
		const above = dirname(folder);
		if (above === folder) throw new Error("package.json: not found above this program");
		folder = above;
	}
	return folder;
}
