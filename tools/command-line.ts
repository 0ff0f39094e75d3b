// What the commands of the holdfast command line share: how they fail, print and explain
// themselves.
import { Option, type Command } from "commander";

/** Control and format characters, unassigned ones, line and paragraph separators. */
const INVISIBLE = /[\p{C}\p{Zl}\p{Zp}]/gu;

/** Exit codes of every command. */
export const EXIT_FAILURE = 1;
export const EXIT_USAGE = 2;

/** The command line itself was wrong: one line, exit code 2. */
export class UsageError extends Error {
	override readonly name = "UsageError";
}

/** `--fleet`, the same in every command that needs a fleet. */
export function fleetOption(): Option {
	return new Option("--fleet <folder>", "folder of the fleet").default("fleet");
}

/** `--json`, the same in every command. */
export function jsonOption(description = "print JSON instead of text"): Option {
	return new Option("--json", description);
}

/** A whole number from `least` to `most`, as commander's argument parser. */
export function wholeNumber(what: string, least: number, most: number): (text: string) => number {
	return (text) => {
		const value = /^[0-9]{1,16}$/.test(text) ? Number(text) : NaN;
		if (value >= least && value <= most) return value;
		throw new UsageError(`${what}: a whole number from ${least} to ${most}, not ${quote(text)}`);
	};
}

/** A program of one command: it throws for a mistake, and whoever runs it says so in one line. */
export function standAlone(command: Command): Command {
	return command
		.helpOption("-h, --help", "show this and end")
		.allowExcessArguments(false)
		.exitOverride()
		.configureOutput({ writeErr: () => undefined });
}

/** Examples below a command's help; each is what one would type, and why. */
export function addExamples(command: Command, examples: readonly [string, string][]): Command {
	const lines = examples.map(([line, why]) => `  $ ${line}\n      ${why}`);
	return command.addHelpText("after", `\nExamples:\n${lines.join("\n")}`);
}

export function print(line: string): void {
	process.stdout.write(`${line}\n`);
}

/** One line of JSON. What `printable` would escape is escaped as JSON does it. */
export function printJSON(value: unknown): void {
	const escape = (character: string) =>
		[...Array(character.length).keys()]
			.map((index) => `\\u${character.charCodeAt(index).toString(16).padStart(4, "0")}`)
			.join("");
	print(JSON.stringify(value).replace(INVISIBLE, escape));
}

/** A line for the person who waits; not part of the result. */
export function printProgress(line: string): void {
	process.stderr.write(`${line}\n`);
}

/** "1 message", "2 messages". */
export function counted(count: number, noun: string): string {
	return `${count} ${noun}${count === 1 ? "" : "s"}`;
}

/** Rows under their heading, columns in line. */
export function printTable(heading: readonly string[], rows: readonly (readonly string[])[]): void {
	const all = [heading, ...rows];
	const widths = heading.map((_, column) =>
		Math.max(...all.map((row) => (row[column] ?? "").length)),
	);
	for (const row of all) {
		print(
			row
				.map((cell, column) => cell.padEnd(widths[column] as number))
				.join("  ")
				.trimEnd(),
		);
	}
}

/**
 * `text` with everything escaped that is not plainly visible: text from devices and brokers must
 * not move the cursor, change colours or reverse the direction of a terminal.
 */
export function printable(text: string): string {
	return text.replace(INVISIBLE, (character) => {
		const code = character.codePointAt(0) as number;
		return code > 0xff ? `\\u{${code.toString(16)}}` : `\\x${code.toString(16).padStart(2, "0")}`;
	});
}

/** `text` in quotes and printable, cut where it is long. */
export function quote(text: string): string {
	return `"${printable(text.slice(0, 80))}"`;
}

/** One line that says what went wrong. Details only where HOLDFAST_DEBUG asks for them. */
export function describeFailure(error: unknown): string {
	const message = error instanceof Error ? error.message : String(error);
	const line = message.split("\n").map(printable).join(" ").trim();
	const stack = process.env.HOLDFAST_DEBUG === "1" && error instanceof Error ? error.stack : "";
	return `holdfast: ${line}${stack ? `\n${stack}` : ""}`;
}
