// The command line of the firmware on this host: the same flags as the Node host's.
import type { WallSetting } from "./linux-clock.js";

export interface Arguments {
	state: string;
	timeScale?: number;
	sampleMs?: number;
	flashSync: "always" | "none";
	flashKib: number;
	seed: number;
	wall: WallSetting;
	/** Reports the heap every so many milliseconds. */
	memoryMs?: number;
	/** Obeys standard input, and ends with it. */
	isControlled: boolean;
}

/** A mistake on the command line, in words for its user. */
export class ArgumentsMistake extends Error {}

export const USAGE = `usage: xs-host linux-main.js --state FOLDER [flags]
  --state FOLDER        what survives power cuts; made when missing
  --time-scale FACTOR   scale of all policy timings
  --sample-ms MS        interval of the readings
  --flash-sync WHEN     always or none: when flash is forced to disk (always)
  --flash-kib SIZE      size of each flash partition (256)
  --seed NUMBER         seed of the simulated sensor (1)
  --wall TIME           wall time: none, host, or host shifted by +SECONDS (host)
  --memory-ms MS        report what the heap holds above the loaded code, every MS
  --control             obey lines on standard input: restart, crash, hang; end with it
  --json                events as JSON lines, which is what this host prints anyway`;

const FLAGS_WITH_VALUE: readonly string[] = [
	...["--state", "--time-scale", "--sample-ms", "--flash-sync", "--flash-kib"],
	...["--seed", "--wall", "--memory-ms"],
];

export function parseArguments(given: readonly string[]): Arguments | "help" {
	const values = new Map<string, string>();
	if (given.includes("--help")) return "help";
	for (let index = 0; index < given.length; index++) {
		const flag = given[index] as string;
		if (flag === "--json" || flag === "--control") continue;
		if (!FLAGS_WITH_VALUE.includes(flag)) throw new ArgumentsMistake(`${flag}: no such flag`);
		const value = given[++index];
		if (value === undefined) throw new ArgumentsMistake(`${flag}: a value is needed`);
		values.set(flag, value);
	}
	return { ...read(values), isControlled: given.includes("--control") };
}

function read(values: ReadonlyMap<string, string>): Omit<Arguments, "isControlled"> {
	const take = (flag: string) => values.get(flag);
	const state = take("--state");
	if (!state) throw new ArgumentsMistake("--state: a folder is needed");
	const timeScale = take("--time-scale");
	const sampleMs = take("--sample-ms");
	const memoryMs = take("--memory-ms");
	const flashSync = take("--flash-sync") ?? "always";
	if (flashSync !== "always" && flashSync !== "none") {
		throw new ArgumentsMistake("--flash-sync: always or none");
	}
	const flashKib = whole(take("--flash-kib") ?? "256", "--flash-kib", 16, 16_384);
	if (flashKib % 4 !== 0) throw new ArgumentsMistake("--flash-kib: a multiple of 4 is needed");
	return {
		state,
		...(timeScale !== undefined && { timeScale: positive(timeScale, "--time-scale") }),
		...(sampleMs !== undefined && { sampleMs: whole(sampleMs, "--sample-ms", 1, 86_400_000) }),
		...(memoryMs !== undefined && { memoryMs: whole(memoryMs, "--memory-ms", 1, 86_400_000) }),
		flashSync,
		flashKib,
		seed: whole(take("--seed") ?? "1", "--seed", 0, 0xffffffff),
		wall: wall(take("--wall") ?? "host"),
	};
}

function positive(text: string, flag: string): number {
	const value = Number(text);
	if (text.trim() === "" || !Number.isFinite(value) || value <= 0) {
		throw new ArgumentsMistake(`${flag}: a number above 0 is needed`);
	}
	return value;
}

function whole(text: string, flag: string, least: number, most: number): number {
	const value = Number(text);
	if (!/^\d+$/.test(text) || value < least || value > most) {
		throw new ArgumentsMistake(`${flag}: a whole number from ${least} to ${most} is needed`);
	}
	return value;
}

function wall(text: string): WallSetting {
	if (text === "none" || text === "host") return text;
	if (/^[+-]\d{1,10}$/.test(text)) return Number(text);
	throw new ArgumentsMistake("--wall: none, host, or seconds with their sign, as in +3600");
}
