// Runs the holdfast command line as a user would, in a process of its own.
import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

const LAUNCHER = fileURLToPath(new URL("../../tools/holdfast.js", import.meta.url));
const PROGRAM = fileURLToPath(new URL("../../build/holdfast.js", import.meta.url));

export interface Ran {
	readonly code: number | null;
	readonly output: string;
	/** Standard error, line by line. */
	readonly complaints: readonly string[];
}

export interface Running {
	readonly ended: Promise<Ran>;
	/** Resolves when a line of either stream contains `text`; throws when the program ends before. */
	said(text: string): Promise<void>;
	interrupt(): void;
}

/** Builds the program, if it is not newer than its sources, as `npx holdfast` does. */
export async function build(): Promise<void> {
	const { code, complaints } = await start(LAUNCHER, ["--version"]).ended;
	if (code !== 0) throw new Error(complaints.join(" "));
}

export function holdfast(words: readonly string[], input: string | Uint8Array = ""): Promise<Ran> {
	return startHoldfast(words, input).ended;
}

export function startHoldfast(words: readonly string[], input: string | Uint8Array = ""): Running {
	return start(PROGRAM, words, input);
}

function start(
	program: string,
	words: readonly string[],
	input: string | Uint8Array = "",
): Running {
	const child = spawn(process.execPath, [program, ...words], { stdio: "pipe" });
	let output = "";
	let complaints = "";
	child.stdout.on("data", (chunk) => (output += String(chunk)));
	child.stderr.on("data", (chunk) => (complaints += String(chunk)));
	child.stdin.on("error", () => undefined); // it may not want all of its input
	child.stdin.end(input);
	const ended = new Promise<Ran>((resolve) => {
		child.once("close", (code) => {
			resolve({ code, output, complaints: complaints.split("\n").filter((line) => line !== "") });
		});
	});
	const said = (text: string) =>
		new Promise<void>((resolve, reject) => {
			const look = () => (output + complaints).includes(text) && resolve();
			child.stdout.on("data", look);
			child.stderr.on("data", look);
			child.once("close", () => reject(new Error(`ended before it said ${text}: ${complaints}`)));
			look();
		});
	return { ended, said, interrupt: () => child.kill("SIGINT") };
}
