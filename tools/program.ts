// The holdfast command line as a value: every command mounted, and one rule for how they fail.
import { Command, CommanderError } from "commander";
import { commandCommand } from "./command/command-command.js";
import { FIRMWARE_VERSION } from "../src/firmware-version.js";
import { describeFailure, EXIT_FAILURE, EXIT_USAGE, UsageError } from "./command-line.js";
import { logCommand } from "./log/log-command.js";
import { FleetError } from "./pki/fleet-error.js";
import { pkiCommand } from "./pki/pki-command.js";
import { policyCommand } from "./policy/policy-command.js";
import { postureCommand } from "./posture/posture-command.js";
import { provisionCommand } from "./provision/provision-command.js";
import { verifyCommand } from "./verify/verify-command.js";

const HELP_WANTED = new Set(["commander.helpDisplayed", "commander.version"]);

export function makeProgram(): Command {
	const program = new Command("holdfast")
		.description("Keys, provisioning, verified telemetry and signed commands for Holdfast sensors.")
		.version(FIRMWARE_VERSION)
		.addCommand(pkiCommand())
		.addCommand(policyCommand())
		.addCommand(provisionCommand())
		.addCommand(verifyCommand())
		.addCommand(logCommand())
		.addCommand(commandCommand())
		.addCommand(postureCommand())
		.addHelpText(
			"after",
			"\nExit codes: 0 done; 1 it could not be done, or something was refused; 2 the command line" +
				" is wrong." +
				"\nHOLDFAST_DEBUG=1 adds stack traces to error messages.",
		);
	failInOneLine(program);
	return program;
}

/**
 * Runs one command line (without the program's own name). Resolves to the exit code; never throws.
 */
export async function run(words: readonly string[]): Promise<number> {
	try {
		await makeProgram().parseAsync(words, { from: "user" });
		return typeof process.exitCode === "number" ? process.exitCode : 0;
	} catch (error) {
		if (error instanceof CommanderError) return HELP_WANTED.has(error.code) ? 0 : EXIT_USAGE;
		process.stderr.write(`${describeFailure(error)}\n`);
		return isUsage(error) ? EXIT_USAGE : EXIT_FAILURE;
	}
}

/** Whether typing the command line differently would have helped. */
function isUsage(error: unknown): boolean {
	if (error instanceof FleetError) return ["name", "host", "validity"].includes(error.code);
	return error instanceof UsageError;
}

/** commander's own complaints: one line, in our form, and an exception instead of an exit. */
function failInOneLine(command: Command): void {
	command.exitOverride();
	command.configureOutput({
		outputError: (text, write) => {
			const line = text
				.replace(/^error: /, "")
				.trim()
				.replaceAll("\n", " ");
			write(`${describeFailure(line)} (see: ${pathOf(command)} --help)\n`);
		},
	});
	for (const child of command.commands) failInOneLine(child);
}

function pathOf(command: Command): string {
	return command.parent ? `${pathOf(command.parent)} ${command.name()}` : command.name();
}
