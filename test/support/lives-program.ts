// The simulator as a program of plain Node, built by lives-bundle.js: twice as fast as inside jest,
// and on a core of its own.

import { execFile, execFileSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { promisify } from "node:util";
import type { Finding } from "../../hosts/simulator/run/finding.js";
import type { LivesRequest } from "../simulation/planted/lives.js";

export interface Outcome {
	readonly lives: number;
	/** Of the last of them. */
	readonly digest: string;
	readonly finding?: Finding & { readonly seed: number };
}

const FOLDER = "build/simulation";

/** Builds the program; answers with its file. `name` is the caller's own. */
export function buildLives(name: string): string {
	mkdirSync(FOLDER, { recursive: true });
	const file = `${FOLDER}/${name}.js`;
	const program = "test/simulation/planted/lives.ts";
	execFileSync(process.execPath, ["test/support/lives-bundle.js", program, file]);
	return file;
}

/** Lives until one fails. */
export async function live(file: string, request: LivesRequest): Promise<Outcome> {
	const words = [file, JSON.stringify(request)];
	const { stdout } = await promisify(execFile)(process.execPath, words);
	return JSON.parse(stdout) as Outcome;
}
