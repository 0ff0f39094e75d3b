// `holdfast log`: the security log of devices, from the flash of a board or as it was uploaded.
import { readFileSync } from "node:fs";
import { Command } from "commander";
import { parseBroker } from "../broker-connection.js";
import {
	addExamples,
	EXIT_FAILURE,
	jsonOption,
	printProgress,
	UsageError,
	wholeNumber,
} from "../command-line.js";
import { Fleet } from "../pki/fleet.js";
import { devicesOf } from "../verify/devices-of.js";
import { readKey } from "../verify/key-file.js";
import { readLines } from "../verify/lines.js";
import { listen } from "../verify/listen.js";
import { parseMessageLine } from "../verify/message-line.js";
import { LOG_FILTER, LogRun } from "./log-run.js";
import { isPartitionImage } from "../../hosts/support/verify/partition-image.js";

interface LogVerifyOptions {
	readonly fleet?: string;
	readonly key?: string;
	readonly device?: string;
	readonly broker?: string;
	readonly operator?: string;
	readonly ca?: string;
	readonly session?: string;
	readonly count?: number;
	readonly seconds?: number;
	readonly json?: boolean;
}

export function logCommand(): Command {
	return new Command("log").description("Security logs of devices.").addCommand(verifyLogCommand());
}

function verifyLogCommand(): Command {
	const command = new Command("verify")
		.description(
			"Verify security logs: which entries are genuine, altered, reordered or missing. From" +
				" partitions, recorded uploads, or a broker; several of one device are judged together.",
		)
		.argument("[source...]", "files; with --broker the topic (default: every device's log)")
		.option("--fleet <folder>", 'folder of the fleet, for the devices\' keys (default: "fleet")')
		.option("--key <file>", "instead of a fleet: a device's record, or its public key in PEM")
		.option("--device <id>", "whose the key or the partition is")
		.option("--broker <url>", "read from this broker instead: mqtts://HOST[:PORT]")
		.option("--operator <name>", "with --broker: whose certificate to connect with")
		.option("--ca <file>", "with --broker: authority of the broker, PEM (default: the fleet's)")
		.option("--session <name>", "with --broker: a session that the broker keeps between runs")
		.option("--count <n>", "stop after so many uploaded entries", wholeNumber("--count", 1, 1e9))
		.option("--seconds <n>", "with --broker: stop after so long", wholeNumber("--seconds", 1, 1e6))
		.addOption(jsonOption("one JSON object per entry, one per log, then a summary"))
		.action(async (sources: string[], options: LogVerifyOptions) => {
			const run = await makeRun(options);
			if (options.broker) await readBroker(run, sources, options);
			else await readFiles(run, sources, options);
			if (!run.finish()) process.exitCode = EXIT_FAILURE;
		})
		.addHelpText("after", DETAILS);
	return addExamples(command, [
		["holdfast log verify log.bin", "what `esptool read_flash` took from the partition `log`"],
		["holdfast log verify log.bin uploads.jsonl", "the same, compared with what was uploaded"],
		[
			`mosquitto_sub … -F '{"topic":"%t","hex":"%x"}' -t 'holdfast/+/log' > uploads.jsonl`,
			"to record uploads",
		],
		[
			"holdfast log verify --broker mqtts://broker.example --operator alice --seconds 600",
			"what arrives within ten minutes",
		],
	]);
}

const DETAILS = `
A file of whole flash blocks is taken for a partition: decrypt it first where flash is encrypted.
Any other is read as messages: one JSON object a line, {"topic": …, "payload": base64} or
{"topic": …, "hex": …}. Entries behind the last checkpoint are said to be unsigned: nothing
vouches for them yet.
Exit code: 0 if nothing is altered, reordered, removed or missing, else 1 (2: the command line is
wrong).`;

async function makeRun(options: LogVerifyOptions): Promise<LogRun> {
	const { json = false, broker, key } = options;
	if (broker !== undefined) parseBroker(broker);
	if (key === undefined) {
		const fleet = await Fleet.open(fleetFolder(options));
		return new LogRun({ devices: devicesOf(fleet), json });
	}
	if (options.fleet || broker) throw new UsageError("--key: not together with --fleet or --broker");
	return new LogRun({ devices: [readKey(key, options.device)], json });
}

async function readFiles(
	run: LogRun,
	sources: readonly string[],
	options: LogVerifyOptions,
): Promise<void> {
	if (sources.length === 0) throw new UsageError("a file, or --broker, is needed");
	for (const source of sources) {
		const bytes = readSource(source);
		if (isPartitionImage(bytes)) run.acceptImage(source, new Uint8Array(bytes), options.device);
		else await readMessages(run, source, bytes, options.count);
	}
}

function readSource(path: string): Buffer {
	try {
		return readFileSync(path);
	} catch (error) {
		const { code } = error as NodeJS.ErrnoException;
		const hint = code === "ENOENT" && path.includes("/") ? "; a topic needs --broker" : "";
		throw new Error(`${path} cannot be read (${code})${hint}`, { cause: error });
	}
}

async function readMessages(
	run: LogRun,
	name: string,
	bytes: Uint8Array,
	count: number | undefined,
): Promise<void> {
	const chunks = (async function* () {
		yield bytes;
	})();
	for await (const line of readLines(chunks)) {
		const where = `${name}:${line.number}`;
		if (line.kind === "too-long") run.unreadable(where, "the line is too long");
		else if (line.text.trim() !== "") {
			const message = parseMessageLine(line.text);
			if (message.kind === "message") run.acceptMessage(message.topic, message.bytes);
			else run.unreadable(where, message.why);
		}
		if (count !== undefined && run.entries >= count) return;
	}
}

async function readBroker(
	run: LogRun,
	sources: readonly string[],
	options: LogVerifyOptions,
): Promise<void> {
	if (sources.length > 1) throw new UsageError("one topic at the most goes with --broker");
	await listen({
		...options,
		broker: options.broker as string,
		fleet: fleetFolder(options),
		filters: [sources[0] ?? LOG_FILTER],
		onMessage: (topic, payload) => {
			const brought = run.acceptMessage(topic, payload);
			if (brought !== undefined) printProgress(brought);
			return options.count !== undefined && run.entries >= options.count ? "enough" : "more";
		},
	});
}

function fleetFolder(options: LogVerifyOptions): string {
	return options.fleet ?? "fleet";
}
