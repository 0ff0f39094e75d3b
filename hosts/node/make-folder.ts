// Makes a folder and those above it, for its owner alone. node:fs has an option for this, which
// never returns where a file system refuses new folders by saying that there is none (/proc does).
import { existsSync, mkdirSync } from "node:fs";
import { dirname } from "node:path";

/** Returns whether it was made now. */
export function makeFolder(path: string): boolean {
	if (existsSync(path)) return false;
	const above = dirname(path);
	if (above !== path) makeFolder(above);
	mkdirSync(path, { mode: 0o700 });
	return true;
}
