// Files that only their owner may read: written whole or not at all, durable, and never replaced
// unless the caller says so. Knows nothing of what is in them.
import { randomBytes } from "node:crypto";
import {
	closeSync,
	fsyncSync,
	linkSync,
	mkdirSync,
	openSync,
	readFileSync,
	renameSync,
	rmSync,
	statSync,
	writeSync,
} from "node:fs";
import { dirname } from "node:path";
import { FleetError } from "./fleet-error.js";

const MODE_FILE = 0o600;
const MODE_FOLDER = 0o700;
const MODE_OTHERS = 0o077;

export function makeFolder(path: string): void {
	mkdirSync(path, { recursive: true, mode: MODE_FOLDER });
}

/** Writes `contents` under `path` in one step. Without `replace` an existing file is refused. */
export function writeOwned(path: string, contents: string | Uint8Array, replace = false): void {
	const temporary = `${path}.${randomBytes(6).toString("hex")}.new`;
	try {
		writeThrough(temporary, contents);
		// link, unlike rename, fails where the name is taken
		if (replace) renameSync(temporary, path);
		else linkSync(temporary, path);
	} catch (error) {
		const code = (error as NodeJS.ErrnoException).code;
		if (code === "EEXIST") throw new FleetError("exists", `${path} exists; --force replaces it`);
		throw new FleetError("storage", `${path} cannot be written (${code})`, { cause: error });
	} finally {
		rmSync(temporary, { force: true });
	}
	syncFolder(dirname(path));
}

/**
 * Makes an empty file; `false` where one of that name is there already. Durable when it returns.
 */
export function claimName(path: string): boolean {
	try {
		closeSync(openSync(path, "wx", MODE_FILE));
	} catch (error) {
		if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
		throw error;
	}
	syncFolder(dirname(path));
	return true;
}

export function readText(path: string): string {
	try {
		return readFileSync(path, "utf8");
	} catch (error) {
		const code = (error as NodeJS.ErrnoException).code;
		if (code === "ENOENT") throw new FleetError("unknown", `${path} does not exist`);
		throw new FleetError("storage", `${path} cannot be read (${code})`, { cause: error });
	}
}

/** Text of a private file or folder's file, after its mode was looked at. */
export function readPrivate(path: string): string {
	refuseOthers(path);
	return readText(path);
}

/** Throws where anyone but the owner has a right to `path`. A missing file is not judged here. */
export function refuseOthers(path: string): void {
	const mode = statSync(path, { throwIfNoEntry: false })?.mode;
	if (mode === undefined || (mode & MODE_OTHERS) === 0) return;
	throw new FleetError(
		"readable-by-others",
		`${path} is open to others (mode ${(mode & 0o777).toString(8)}): chmod go= ${path}`,
	);
}

function writeThrough(path: string, contents: string | Uint8Array): void {
	const file = openSync(path, "wx", MODE_FILE);
	try {
		const bytes = typeof contents === "string" ? Buffer.from(contents) : contents;
		for (let at = 0; at < bytes.length;) at += writeSync(file, bytes, at);
		fsyncSync(file);
	} finally {
		closeSync(file);
	}
}

function syncFolder(path: string): void {
	const folder = openSync(path, "r");
	try {
		fsyncSync(folder);
	} finally {
		closeSync(folder);
	}
}
