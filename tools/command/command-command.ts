// `holdfast command`: a signed command to one device, and its signed answer.
import { readFileSync } from "node:fs";
import { Command } from "commander";
import {
	COMMAND_NAMES,
	type Command as DeviceCommand,
	type CommandName,
} from "../../src/command/command.js";
import {
	COMMAND_LIFETIME_S_MAX,
	SAMPLE_INTERVAL_MS_MAX,
	SAMPLE_INTERVAL_MS_MIN,
} from "../../src/limits.js";
import { parseBroker } from "../broker-connection.js";
import {
	addExamples,
	EXIT_FAILURE,
	fleetOption,
	jsonOption,
	print,
	printable,
	printJSON,
	printProgress,
	quote,
	UsageError,
	wholeNumber,
} from "../command-line.js";
import { Fleet } from "../pki/fleet.js";
import { ANSWER_MS, COMMAND_LIFETIME_S, sendCommand, type CommandAnswer } from "./send-command.js";

interface CommandOptions {
	readonly fleet: string;
	readonly operator: string;
	readonly broker: string;
	readonly ca?: string;
	readonly timeout: number;
	readonly lifetime: number;
	readonly json?: boolean;
}

export function commandCommand(): Command {
	const seconds = (what: string) => wholeNumber(what, 1, COMMAND_LIFETIME_S_MAX);
	const command = new Command("command")
		.description("Send a signed command to a device and wait for its signed answer.")
		.argument("<device>", "device id")
		.argument("<command>", `one of ${COMMAND_NAMES.join(", ")}`)
		.argument("[value]", "for set-interval: milliseconds between readings")
		.requiredOption("--broker <url>", "mqtts://HOST[:PORT]")
		.requiredOption("--operator <name>", "whose command it is")
		.addOption(fleetOption())
		.option("--ca <file>", "authority of the broker, PEM (default: the fleet's)")
		.option(
			"--timeout <seconds>",
			"how long to wait for the answer",
			seconds("--timeout"),
			ANSWER_MS / 1000,
		)
		.option(
			"--lifetime <seconds>",
			"how long the device may obey it",
			seconds("--lifetime"),
			COMMAND_LIFETIME_S,
		)
		.addOption(jsonOption())
		.action(
			async (device: string, name: string, value: string | undefined, options: CommandOptions) => {
				const request = parseCommand(name, value);
				parseBroker(options.broker);
				const authority = options.ca === undefined ? {} : { authority: readAuthority(options.ca) };
				const answer = await sendCommand({
					fleet: await Fleet.open(options.fleet),
					operator: options.operator,
					device,
					command: request,
					broker: options.broker,
					...authority,
					lifetimeS: options.lifetime,
					timeoutMs: options.timeout * 1000,
					onProgress: printProgress,
				});
				report(answer, device, options);
			},
		)
		.addHelpText(
			"after",
			"\nExit code: 0 if the device did it; 1 if it refused, failed or did not answer in time (2:" +
				"\nthe command line is wrong). A device obeys operators whose public keys were" +
				"\nprovisioned into it.",
		);
	return addExamples(command, [
		[
			"holdfast command sensor-1 identify --broker mqtts://broker.example --operator alice",
			"which board is it?",
		],
		[
			"holdfast command sensor-1 set-interval 5000 --broker … --operator alice",
			"a reading every 5 s",
		],
		["holdfast command sensor-1 report --broker … --operator alice --json", "posture and health"],
	]);
}

function parseCommand(name: string, value: string | undefined): DeviceCommand {
	const known = COMMAND_NAMES.find((candidate) => candidate === name);
	if (!known)
		throw new UsageError(`command: one of ${COMMAND_NAMES.join(", ")}, not ${quote(name)}`);
	if (known !== "set-interval") {
		if (value !== undefined) throw new UsageError(`${known}: takes no value, not ${quote(value)}`);
		return { name: known satisfies Exclude<CommandName, "set-interval"> };
	}
	if (value === undefined)
		throw new UsageError("set-interval: needs the milliseconds between readings");
	const parse = wholeNumber("set-interval", SAMPLE_INTERVAL_MS_MIN, SAMPLE_INTERVAL_MS_MAX);
	return { name: known, intervalMs: parse(value) };
}

function report(answer: CommandAnswer, device: string, options: CommandOptions): void {
	const isDone = answer.kind === "answered" && answer.result.outcome === "done";
	if (!isDone) process.exitCode = EXIT_FAILURE;
	if (options.json) {
		const { kind, sequence } = answer;
		if (answer.kind === "answered") return printJSON({ kind, device, sequence, ...answer.result });
		return printJSON({
			kind,
			device,
			sequence,
			expiresAt: answer.expiresAt,
			refused: answer.refused,
		});
	}
	if (answer.kind === "no-answer") {
		const until = new Date(answer.expiresAt * 1000).toISOString().replace(".000Z", "Z");
		const reasons = [...new Set(answer.refused.map(({ reason }) => reason))].join(", ");
		const refused = reasons ? `; answers that did not verify: ${reasons}` : "";
		const wait = `no answer from ${device} within ${options.timeout} s`;
		process.stderr.write(`holdfast: ${wait}${refused}; it may obey until ${until}\n`);
		return;
	}
	const { outcome, reason, detail } = answer.result;
	print(printable(`${device}: ${outcome}${reason ? ` (${reason})` : ""}`));
	for (const [name, fact] of Object.entries(detail ?? {})) print(printable(`  ${name}: ${fact}`));
}

function readAuthority(path: string): string {
	try {
		return readFileSync(path, "utf8");
	} catch (error) {
		throw new UsageError(`--ca: ${path} cannot be read (${(error as { code?: string }).code})`);
	}
}
