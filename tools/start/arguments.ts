// What `npm start` can be asked for. A wrong command line ends here, in one line.

import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { Command as CommandLine, CommanderError, Option } from "commander";
import { COMMAND_NAMES, type Command } from "../../src/command/command.js";
import { SAMPLE_INTERVAL_MS_MIN } from "../../src/limits.js";
import { parseBroker } from "../broker-connection.js";
import { addExamples, standAlone, UsageError, wholeNumber } from "../command-line.js";

/** Actions of a scripted run, in the order in which they are done. */
export const ACTIONS = ["cut-network", "restart-broker", "power-cut", "tamper", "command"] as const;
export type ActionName = (typeof ACTIONS)[number];

export const HOSTS = ["node", "linux"] as const;
export type HostName = (typeof HOSTS)[number];

/** A broker of one's own, and what it takes to join it. */
export interface OwnBroker {
	readonly host: string;
	readonly port: number;
	/** PEM files. Without `authorityFile` the fleet's authority is trusted. */
	readonly authorityFile?: string;
	/** The subscriber's certificate. Without it the operator's of the fleet. */
	readonly certificateFile?: string;
	readonly keyFile?: string;
	/** Log-in of device and subscriber, on top of certificates. */
	readonly user?: string;
	readonly passwordFile?: string;
}

export interface StartArguments {
	readonly broker?: OwnBroker;
	/** A fleet to use, instead of a throw-away one. */
	readonly fleetFolder?: string;
	readonly operator: string;
	readonly deviceId: string;
	/** What the sensor runs on: Node, or the XS engine on Linux. */
	readonly host: HostName;
	readonly sampleIntervalMs: number;
	readonly seed: number;
	/** A scripted run: end after so many verified readings. */
	readonly readings?: number;
	readonly json: boolean;
	readonly timeoutS: number;
	readonly actions: readonly ActionName[];
	readonly command: Command;
}

interface Given {
	broker?: string;
	ca?: string;
	cert?: string;
	key?: string;
	user?: string;
	passwordFile?: string;
	fleet?: string;
	operator: string;
	device?: string;
	host: HostName;
	sampleMs: number;
	seed: number;
	readings?: number;
	json?: boolean;
	timeout: number;
	cutNetwork?: boolean;
	restartBroker?: boolean;
	powerCut?: boolean;
	tamper?: boolean;
	command?: string;
}

/** What "set-interval" asks for here. */
const NEW_INTERVAL_MS = 500;

/**
 * The arguments, or the exit code where the command line asked for help. Throws {@link UsageError}.
 */
export function parseArguments(words: readonly string[]): StartArguments | number {
	const command = makeCommand();
	try {
		command.parse(words, { from: "user" });
	} catch (error) {
		if (!(error instanceof CommanderError)) throw error;
		if (error.exitCode === 0) return 0;
		throw new UsageError(error.message.replace(/^error: /, "").replaceAll("\n", " "));
	}
	return judge(command.opts<Given>());
}

function makeCommand(): CommandLine {
	const command = new CommandLine("npm start --")
		.description(
			"Shows the whole walk: a throw-away fleet, a broker with mutual TLS, a simulated sensor, " +
				"provisioned through a pseudo-terminal, and its signed readings as they are verified.\n" +
				"Keys: n network, b broker, p power cut, t tamper, c command, q quit.",
		)
		.optionsGroup("A broker of your own:")
		.option("--broker <address>", "mqtts://HOST[:PORT] (default: a broker inside this program)")
		.option("--ca <file>", "authority of the broker's certificate, PEM (default: the fleet's)")
		.option("--cert <file>", "certificate of the subscriber, PEM (default: the operator's)")
		.option("--key <file>", "its private key, PEM")
		.option("--user <name>", "user name with which device and subscriber log in")
		.option("--password-file <file>", "file with the password of that user")
		.option("--fleet <folder>", "the fleet that this broker trusts (default: a throw-away one)")
		.optionsGroup("The run:")
		.option("--operator <name>", "operator who subscribes and commands", "operator")
		.option("--device <id>", "name of the sensor (default: sensor-1; in your fleet a new one)")
		.addOption(
			new Option("--host <name>", "what the sensor runs on; linux: the XS engine, npm run linux")
				.choices(HOSTS)
				.default("node"),
		)
		.option(
			"--sample-ms <ms>",
			"interval of the readings",
			wholeNumber("--sample-ms", SAMPLE_INTERVAL_MS_MIN, 3_600_000),
			1000,
		)
		.option(
			"--seed <number>",
			"seed of the simulated sensor",
			wholeNumber("--seed", 0, 0xffffffff),
			1,
		)
		.optionsGroup("Without a terminal:")
		.option(
			"--readings <count>",
			"end after so many verified readings",
			wholeNumber("--readings", 1, 1e9),
		)
		.option("--json", "print a summary as JSON and nothing else")
		.option(
			"--timeout <seconds>",
			"give up after so long",
			wholeNumber("--timeout", 1, 86_400),
			120,
		)
		.option("--cut-network", "cut the network on the way, and restore it")
		.option("--restart-broker", "restart the broker on the way")
		.option("--power-cut", "cut the sensor's power on the way")
		.option("--tamper", "let the broker deliver an altered message on the way")
		.addOption(
			new Option("--command <name>", "send a signed command on the way").choices(COMMAND_NAMES),
		);
	return addExamples(standAlone(command), EXAMPLES);
}

const EXAMPLES: [command: string, what: string][] = [
	["npm start", "watch it, and break it with the keys"],
	["npm start -- --readings 20 --json", "for scripts: exit code 0 once 20 readings were verified"],
	["npm start -- --readings 20 --json --power-cut --tamper", "the same, with faults on the way"],
	[
		"npm start -- --broker mqtts://mqtt.example.org --fleet fleet --operator alice",
		"with a broker that trusts your fleet's authority",
	],
];

function judge(given: Given): StartArguments {
	const isScripted = given.readings !== undefined;
	const actions = ACTIONS.filter((action) => {
		const name = action.replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase());
		return Boolean(given[name as keyof Given]);
	});
	if (!isScripted && given.json) throw new UsageError("--json needs --readings");
	if (!isScripted && actions[0]) throw new UsageError(`--${actions[0]} needs --readings`);
	const broker = given.broker === undefined ? undefined : ownBroker(given);
	if (!broker) refuseWithoutBroker(given);
	if (broker && actions.includes("restart-broker")) {
		throw new UsageError("--restart-broker: a broker of your own is yours to restart");
	}
	// A fleet never gives a name twice, and each run has a new sensor.
	const suffix = given.fleet === undefined ? "1" : randomBytes(3).toString("hex");
	const deviceId = given.device ?? `sensor-${suffix}`;
	if (!/^[A-Za-z0-9_-]{1,64}$/.test(deviceId)) {
		throw new UsageError("--device: 1 to 64 letters, digits, - and _");
	}
	return {
		...(broker && { broker }),
		...(given.fleet !== undefined && { fleetFolder: existing("--fleet", given.fleet) }),
		operator: given.operator,
		deviceId,
		host: given.host,
		sampleIntervalMs: given.sampleMs,
		seed: given.seed,
		...(given.readings !== undefined && { readings: given.readings }),
		json: given.json === true,
		timeoutS: given.timeout,
		actions,
		command: commandNamed(given.command),
	};
}

function ownBroker(given: Given): OwnBroker {
	const { ca, cert, key, user, passwordFile } = given;
	if ((cert === undefined) !== (key === undefined)) {
		throw new UsageError("--cert and --key belong together");
	}
	if ((user === undefined) !== (passwordFile === undefined)) {
		throw new UsageError("--user and --password-file belong together");
	}
	return {
		...parseBroker(given.broker ?? ""),
		...(ca !== undefined && { authorityFile: existing("--ca", ca) }),
		...(cert !== undefined && { certificateFile: existing("--cert", cert) }),
		...(key !== undefined && { keyFile: existing("--key", key) }),
		...(user !== undefined && { user }),
		...(passwordFile !== undefined && {
			passwordFile: existing("--password-file", passwordFile),
		}),
	};
}

function refuseWithoutBroker(given: Given): void {
	// A fleet of one's own is not touched by a broker that lasts a minute.
	const orphans = (["fleet", "ca", "cert", "key", "user", "passwordFile"] as const).filter(
		(name) => given[name] !== undefined,
	);
	const [first] = orphans;
	if (first === undefined) return;
	const flag = first === "passwordFile" ? "password-file" : first;
	throw new UsageError(`--${flag} needs --broker`);
}

function commandNamed(name: string | undefined): Command {
	if (name === "set-interval") return { name, intervalMs: NEW_INTERVAL_MS };
	return { name: (name ?? "identify") as Exclude<Command["name"], "set-interval"> };
}

function existing(option: string, path: string): string {
	if (existsSync(path)) return path;
	throw new UsageError(`${option}: there is no ${path}`);
}
