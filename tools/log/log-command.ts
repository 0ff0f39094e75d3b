// `holdfast log`: the security log of devices, from the flash of a board or as it was uploaded.
import { Command } from "commander";
import { isTopicFilter } from "../../src/policy/topic-filter.js";
import { parseBroker } from "../broker-connection.js";
import {
	addExamples,
	EXIT_FAILURE,
	jsonOption,
	printProgress,
	quote,
	UsageError,
	wholeNumber,
} from "../command-line.js";
import { Fleet } from "../pki/fleet.js";
import { devicesOf } from "../verify/devices-of.js";
import { readKey } from "../verify/key-file.js";
import { readLines } from "../verify/lines.js";
import { listen } from "../verify/listen.js";
import { parseMessageLine } from "../verify/message-line.js";
import { filtersOverlap } from "../verify/topic-overlap.js";
import { openLogSource } from "./log-source.js";
import { LOG_FILTER, LogRun } from "./log-run.js";

interface LogVerifyOptions {
	readonly fleet?: string;
	readonly key?: string;
	readonly device?: string;
	readonly broker?: string;
	readonly operator?: string;
	readonly ca?: string;
	readonly session?: string;
	readonly from?: number;
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
		.argument(
			"[source...]",
			"files, - for standard input; with --broker the topic (default: every device's log)",
		)
		.option("--fleet <folder>", 'folder of the fleet, for the devices\' keys (default: "fleet")')
		.option("--key <file>", "instead of a fleet: a device's record, or its public key in PEM")
		.option("--device <id>", "whose the key or the partition is")
		.option("--broker <url>", "read from this broker instead: mqtts://HOST[:PORT]")
		.option("--operator <name>", "with --broker: whose certificate to connect with")
		.option("--ca <file>", "with --broker: authority of the broker, PEM (default: the fleet's)")
		.option("--session <name>", "with --broker: a session that the broker keeps between runs")
		.option(
			"--from <n>",
			"entries must be there from this one on: 1 for the whole life",
			wholeNumber("--from", 1, 1e15),
		)
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
A file is taken for a partition, or for messages, by what is in it. A partition must be whole:
decrypt it first where flash is encrypted. Messages are one JSON object a line:
{"topic": …, "payload": base64} or {"topic": …, "hex": …}. Entries behind the last checkpoint are
said to be unsigned: nothing vouches for them yet. All keys count that the fleet recorded for a
device. Uploads that came twice or out of order are told, and are no failure.
Exit code: 0 if nothing is altered, reordered on flash, removed or missing, and no key is revoked
that alone vouches for it; else 1 (2: the command line is wrong).`;

async function makeRun(options: LogVerifyOptions): Promise<LogRun> {
	const { json = false, broker, key, device, from } = options;
	const settings = { json, ...(from !== undefined && { from }) };
	if (broker !== undefined) parseBroker(broker);
	if (key === undefined) {
		const devices = devicesOf(await Fleet.open(fleetFolder(options)));
		if (device !== undefined && !devices.some((known) => known.device === device)) {
			throw new UsageError(`--device: no device ${quote(device)} in this fleet`);
		}
		return new LogRun({ devices, ...settings });
	}
	if (options.fleet || broker) throw new UsageError("--key: not together with --fleet or --broker");
	return new LogRun({ devices: [readKey(key, device)], ...settings });
}

async function readFiles(
	run: LogRun,
	sources: readonly string[],
	options: LogVerifyOptions,
): Promise<void> {
	if (sources.length === 0) throw new UsageError("a file, - or --broker is needed");
	for (const path of sources) {
		const name = path === "-" ? "standard input" : path;
		const source = await openLogSource(path);
		if (source.kind === "unusable") run.unreadable(name, source.why);
		else if (source.kind === "image") run.acceptImage(name, source.bytes, options.device);
		else await readMessages(run, name, source.chunks, options.count);
	}
}

async function readMessages(
	run: LogRun,
	name: string,
	chunks: AsyncIterable<Uint8Array>,
	count: number | undefined,
): Promise<void> {
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

/** The topic to listen to. A file's name is a valid topic too, and no log ever comes on it. */
function logTopic(sources: readonly string[]): string {
	const [topic = LOG_FILTER, ...more] = sources;
	if (more.length > 0) throw new UsageError("one topic at the most goes with --broker");
	if (!isTopicFilter(topic)) throw new UsageError(`${quote(topic)} is no topic filter of MQTT`);
	if (!filtersOverlap(topic, LOG_FILTER)) {
		const hint = `logs come on ${LOG_FILTER}; a file is read without --broker`;
		throw new UsageError(`no log comes on topic ${quote(topic)}: ${hint}`);
	}
	return topic;
}

async function readBroker(
	run: LogRun,
	sources: readonly string[],
	options: LogVerifyOptions,
): Promise<void> {
	await listen({
		...options,
		broker: options.broker as string,
		fleet: fleetFolder(options),
		filters: [logTopic(sources)],
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
