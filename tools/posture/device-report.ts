// What a running device says of its own safety, in answer to the command `report`, fact by fact.
import { readFileSync } from "node:fs";
import { POSTURE_FACTS, type PostureFact } from "../../src/posture-facts.js";
import { EXIT_FAILURE, print, printable, printJSON, printTable } from "../command-line.js";
import { readText } from "./read-text.js";

export interface ReportedFact {
	readonly fact: PostureFact;
	/** As the device states it; `undefined` where it does not. */
	readonly value: unknown;
	/** Unknown is not safe. */
	readonly isSafe: boolean;
}

/**
 * Judges a line of `holdfast command DEVICE report --json`. Throws an Error for anything else, and
 * for an answer that is no report.
 */
export function judgeReport(text: string): ReportedFact[] {
	let answer: unknown;
	try {
		answer = JSON.parse(text);
	} catch (error) {
		throw new Error("not JSON: holdfast command DEVICE report --json", { cause: error });
	}
	const { outcome, detail } = (answer ?? {}) as { outcome?: unknown; detail?: unknown };
	if (outcome !== "done" || typeof detail !== "object" || detail === null) {
		throw new Error("no report: the device did not answer, or refused");
	}
	const stated = new Map<string, unknown>(Object.entries(detail));
	return Object.entries(POSTURE_FACTS).map(([fact, safe]) => {
		const value = stated.get(fact);
		return { fact: fact as PostureFact, value, isSafe: value === safe };
	});
}

/** Prints the judgement of a report; `-` is standard input. */
export function reportDevice(file: string, json = false): void {
	const facts = judgeReport(file === "-" ? readFileSync(0, "utf8") : readText(file));
	const unsafe = facts.filter(({ isSafe }) => !isSafe);
	if (unsafe.length > 0) process.exitCode = EXIT_FAILURE;
	if (json) return printJSON({ isSafe: unsafe.length === 0, facts });
	const rows = facts.map(({ fact, value, isSafe }) => {
		const told = value === undefined ? "not told" : printable(String(value));
		return [fact, told, isSafe ? "safe" : "UNSAFE"];
	});
	printTable(["FACT", "DEVICE SAYS", ""], rows);
	print(unsafe.length === 0 ? "every fact is safe" : `${unsafe.length} of ${facts.length} unsafe`);
}
