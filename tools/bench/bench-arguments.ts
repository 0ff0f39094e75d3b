// What `npm run bench` can be asked for.
import { Command, CommanderError, Option } from "commander";
import { addExamples, standAlone, UsageError, wholeNumber } from "../command-line.js";

/** Parts of the bench, in the order in which they run. */
export const PART_NAMES = [
	"signatures",
	"handshakes",
	"engine-heap",
	"tls-heap",
	"wire",
	"throughput",
	"steadiness",
] as const;
export type PartName = (typeof PART_NAMES)[number];

export interface BenchArguments {
	readonly json: boolean;
	readonly gate: boolean;
	readonly only: readonly PartName[];
	/** Messages of the run that watches the heap. */
	readonly messages: number;
}

interface Given {
	json?: boolean;
	gate?: boolean;
	only?: PartName[];
	messages: number;
}

/**
 * The arguments, or the exit code where the command line asked for help. Throws {@link UsageError}.
 */
export function parseBenchArguments(words: readonly string[]): BenchArguments | number {
	const command = makeCommand();
	try {
		command.parse(words, { from: "user" });
	} catch (error) {
		if (!(error instanceof CommanderError)) throw error;
		if (error.exitCode === 0) return 0;
		throw new UsageError(error.message.replace(/^error: /, "").replaceAll("\n", " "));
	}
	const { json = false, gate = false, only = [...PART_NAMES], messages } = command.opts<Given>();
	return { json, gate, only, messages };
}

function makeCommand(): Command {
	const command = new Command("npm run bench --")
		.description(
			"Measures what the product costs on the XS engine, side by side with what it is\n" +
				"compared to. Figures go to standard output, progress to standard error. What is\n" +
				"missing on this machine is named, and its figures are not measured.",
		)
		.option("--json", "print one JSON object instead of a table")
		.option("--gate", "exit 1 when a gate is missed, or a figure with a gate is not measured")
		.addOption(
			new Option("--only <parts...>", "only these parts, in their own order").choices(PART_NAMES),
		)
		.option(
			"--messages <count>",
			"messages of the part steadiness",
			wholeNumber("--messages", 1000, 10_000_000),
			100_000,
		);
	return addExamples(standAlone(command), [
		["npm run bench", "everything; some minutes"],
		["npm run bench -- --gate --json", "for scripts: exit code 1 where a gate is missed"],
		["npm run bench -- --only signatures handshakes", "two parts of it"],
	]);
}
