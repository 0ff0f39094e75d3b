// `holdfast verify`: messages from a broker, a file or standard input, judged one by one.
import { createReadStream } from "node:fs";
import { Command } from "commander";
import { StreamVerifier } from "../../hosts/support/verify/stream-verifier.js";
import { DEFAULT_RULES } from "../../src/policy/rules.js";
import { parseBroker } from "../broker-connection.js";
import { addExamples, EXIT_FAILURE, jsonOption, UsageError, wholeNumber } from "../command-line.js";
import { Fleet } from "../pki/fleet.js";
import { operatorAccess } from "../policy/access.js";
import { devicesOf } from "./devices-of.js";
import { readKey } from "./key-file.js";
import { readLines } from "./lines.js";
import { listen } from "./listen.js";
import { parseBase64, parseMessageLine } from "./message-line.js";
import { verifierCrypto } from "./verifier-crypto.js";
import { VerifyRun } from "./verify-run.js";

interface VerifyOptions {
	readonly fleet?: string;
	readonly key?: string;
	readonly device?: string;
	readonly topic?: string;
	readonly broker?: string;
	readonly operator?: string;
	readonly ca?: string;
	readonly session?: string;
	readonly count?: number;
	readonly seconds?: number;
	readonly json?: boolean;
}

/**
 * The first byte of a tagged COSE_Sign1: input with a topic of its own may be one envelope as it
 * is.
 */
const SIGN1_TAG = 0xd2;
const RAW_BYTES_MAX = 1 << 20;

export function verifyCommand(): Command {
	const command = new Command("verify")
		.description(
			"Verify messages of devices: print each, or why it is refused, and at the end what is" +
				" missing.",
		)
		.argument("[file]", "messages to read (standard input without it, or with -)")
		.option("--fleet <folder>", 'folder of the fleet, for the devices\' keys (default: "fleet")')
		.option("--key <file>", "instead of a fleet: a device's record, or its public key in PEM")
		.option("--device <id>", "with a public key: whose it is")
		.option("--topic <topic>", "the input has no topics: one raw envelope, or base64 by lines")
		.option("--broker <url>", "read from this broker instead: mqtts://HOST[:PORT]")
		.option("--operator <name>", "with --broker: whose certificate to connect with")
		.option("--ca <file>", "with --broker: authority of the broker, PEM (default: the fleet's)")
		.option("--session <name>", "with --broker: a session that the broker keeps between runs")
		.option("--count <n>", "stop after so many verified messages", wholeNumber("--count", 1, 1e9))
		.option("--seconds <n>", "with --broker: stop after so long", wholeNumber("--seconds", 1, 1e6))
		.addOption(jsonOption("one JSON object per message, then a summary"))
		.action(async (file: string | undefined, options: VerifyOptions) => {
			const run = await makeRun(options);
			if (options.broker) await readBroker(run, file, options);
			else await readInput(run, file, options);
			if (!run.finish()) process.exitCode = EXIT_FAILURE;
		})
		.addHelpText("after", DETAILS);
	return addExamples(command, [
		[
			"holdfast verify --broker mqtts://broker.example --operator alice",
			"what arrives, until Ctrl-C; then what is missing",
		],
		[
			`mosquitto_sub … -F '{"topic":"%t","hex":"%x"}' -t 'holdfast/#' | holdfast verify`,
			"with another subscriber",
		],
		["holdfast verify messages.jsonl --json", "a recorded stream, for programs"],
		[
			"holdfast verify reading.bin --topic holdfast/sensor-1/telemetry",
			"one envelope as it was on the wire",
		],
	]);
}

const DETAILS = `
Input: one JSON object a line, {"topic": …, "payload": base64} or {"topic": …, "hex": …}.
Exit code: 0 if every message was verified and none is missing without a signed explanation, else 1
(2: the command line is wrong). From a broker, a message that is delivered twice is no failure.`;

async function makeRun(options: VerifyOptions): Promise<VerifyRun> {
	const { json = false, broker } = options;
	if (broker !== undefined) parseBroker(broker);
	if (options.key) {
		if (options.fleet || broker) {
			throw new UsageError("--key: not together with --fleet or --broker");
		}
		const verifier = new StreamVerifier({
			devices: [readKey(options.key, options.device)],
			crypto: verifierCrypto(),
		});
		return new VerifyRun({ verifier, json, mayRepeat: false });
	}
	const fleet = await Fleet.open(fleetFolder(options));
	const devices = () => devicesOf(fleet);
	const verifier = new StreamVerifier({ devices: devices(), crypto: verifierCrypto() });
	return new VerifyRun({ verifier, json, mayRepeat: broker !== undefined, devices });
}

function fleetFolder(options: VerifyOptions): string {
	return options.fleet ?? "fleet";
}

async function readInput(
	run: VerifyRun,
	file: string | undefined,
	options: VerifyOptions,
): Promise<void> {
	const isStandardInput = file === undefined || file === "-";
	const name = isStandardInput ? "standard input" : file;
	const input = isStandardInput ? process.stdin : createReadStream(file);
	const enough = () => options.count !== undefined && run.verified >= options.count;
	try {
		if (options.topic !== undefined) return await readTopicless(run, input, name, options.topic);
		for await (const line of readLines(input)) {
			if (line.kind === "too-long")
				run.unreadable(`${name}:${line.number}`, "the line is too long");
			else if (line.text.trim() !== "") readLine(run, `${name}:${line.number}`, line.text);
			if (enough()) return;
		}
	} catch (error) {
		const { code } = error as NodeJS.ErrnoException;
		if (code === undefined) throw error;
		throw new Error(`${name} cannot be read (${code})`, { cause: error });
	}
}

function readLine(run: VerifyRun, where: string, text: string): void {
	const message = parseMessageLine(text);
	if (message.kind === "message") run.accept(message.topic, message.bytes);
	else run.unreadable(where, message.why);
}

/** Input without topics: one envelope as it is, or one in base64 on each line. */
async function readTopicless(
	run: VerifyRun,
	input: AsyncIterable<Uint8Array>,
	name: string,
	topic: string,
): Promise<void> {
	const chunks: Uint8Array[] = [];
	let length = 0;
	for await (const chunk of input) {
		chunks.push(chunk);
		length += chunk.length;
		if (length > RAW_BYTES_MAX) throw new Error(`${name}: more than ${RAW_BYTES_MAX} bytes`);
	}
	const all = Buffer.concat(chunks);
	if (all[0] === SIGN1_TAG) return run.accept(topic, new Uint8Array(all));
	const lines = all.toString("latin1").split("\n");
	for (const [index, line] of lines.entries()) {
		if (line.trim() === "") continue;
		const bytes = parseBase64(line.trim());
		if (bytes) run.accept(topic, bytes);
		else run.unreadable(`${name}:${index + 1}`, "neither an envelope nor base64");
	}
}

async function readBroker(
	run: VerifyRun,
	file: string | undefined,
	options: VerifyOptions,
): Promise<void> {
	if (file !== undefined) throw new UsageError("a file and --broker do not go together");
	const readable = operatorAccess(DEFAULT_RULES).filter(({ right }) => right === "read");
	await listen({
		...options,
		broker: options.broker as string,
		fleet: fleetFolder(options),
		filters: readable.map(({ filter }) => filter),
		onMessage: (topic, payload) => {
			run.accept(topic, payload);
			return options.count !== undefined && run.verified >= options.count ? "enough" : "more";
		},
	});
}
