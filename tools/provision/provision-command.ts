// `holdfast provision`: the factory station on the command line, for one or many ports at once.
import { randomFillSync } from "node:crypto";
import { Command, Option } from "commander";
import { LINK_SECURITIES } from "../../src/credentials/configuration.js";
import {
	KEEP_ALIVE_S_MAX,
	KEEP_ALIVE_S_MIN,
	SAMPLE_INTERVAL_MS_MAX,
	SAMPLE_INTERVAL_MS_MIN,
	TOKEN_LIFETIME_S_MAX,
	TOKEN_LIFETIME_S_MIN,
} from "../../src/limits.js";
import {
	EXIT_FAILURE,
	addExamples,
	fleetOption,
	jsonOption,
	print,
	wholeNumber,
} from "../command-line.js";
import { Fleet } from "../pki/fleet.js";
import { PendingFolder } from "./pending.js";
import { makeProgress, type ProvisioningProgress } from "./progress.js";
import {
	ID_PREFIX_DEFAULT,
	checkOptions,
	unitNamer,
	unitSettings,
	type ProvisionOptions,
} from "./provision-options.js";
import { openSerialStationPort } from "./serial-station-port.js";
import { Station, type StationOptions } from "./station.js";

export function provisionCommand(): Command {
	const command = new Command("provision")
		.summary("Provision boards at their serial ports.")
		.description(
			"Provision boards at their serial ports: keys made on the board, certificate, " +
				"configuration, proof, a signed record in the fleet, lock. " +
				"Interrupted runs are simply repeated.",
		)
		.requiredOption("--port <path...>", "serial ports, all at once")
		.addOption(fleetOption())
		.requiredOption("--server <host:port...>", "brokers, the preferred one first (mqtts, always)")
		.option("--server-name <name>", "name in the brokers' certificate, where it is not the host")
		.option("--pin <sha256...>", "SHA-256 of a public key of the brokers' chain, in hex")
		.option("--id <id>", "name of the one device")
		.option(
			"--id-prefix <text>",
			`names: this and the hardware id (default: "${ID_PREFIX_DEFAULT}")`,
		);
	addUnitOptions(command)
		.option("--unlock <operator>", "re-provision locked devices, in the name of this operator")
		.option("--no-lock", "leave the device unlocked: for development, not for the field")
		.addOption(jsonOption("print JSON lines: each step, then one result per unit"))
		.action((options: ProvisionOptions) => provision(options));
	return addExamples(command, [
		[
			"holdfast provision --port /dev/ttyUSB0 --fleet factory --server broker.example:8883",
			"one board, named by its hardware id",
		],
		[
			"holdfast provision --port /dev/ttyUSB* --id-prefix hall-7- --server broker.example",
			"every board that is plugged in",
		],
		[
			"holdfast provision --port /dev/ttyUSB0 --server new.example --unlock anna",
			"a locked board gets a new broker; it returns to the old one if that fails",
		],
	]);
}

function addUnitOptions(command: Command): Command {
	const interval = wholeNumber("--sample-interval", SAMPLE_INTERVAL_MS_MIN, SAMPLE_INTERVAL_MS_MAX);
	const keepAlive = wholeNumber("--keep-alive", KEEP_ALIVE_S_MIN, KEEP_ALIVE_S_MAX);
	const lifetime = wholeNumber("--token-lifetime", TOKEN_LIFETIME_S_MIN, TOKEN_LIFETIME_S_MAX);
	return command
		.option("--sample-interval <ms>", "milliseconds between samples (default: 10000)", interval)
		.option("--keep-alive <s>", "seconds of MQTT keep-alive (default: 60)", keepAlive)
		.option("--wifi-ssid <name>", "Wi-Fi network; its password is never an argument:")
		.option("--wifi-password-file <file>", "its first line, or else HOLDFAST_WIFI_PASSWORD")
		.addOption(
			new Option(
				"--wifi-security <floor>",
				"what the network must offer; wpa3: SAE and protected management frames " +
					'(default: "wpa2")',
			).choices(LINK_SECURITIES),
		)
		.option("--mqtt-user <name>", "MQTT user name, beside the client certificate")
		.option("--mqtt-password-file <file>", "its first line, or else HOLDFAST_MQTT_PASSWORD")
		.option("--token-audience <text>", "instead of a password: tokens that the device signs")
		.option("--token-lifetime <s>", "seconds that a token lasts (default: 3600)", lifetime);
}

async function provision(options: ProvisionOptions): Promise<void> {
	checkOptions(options);
	const settings = unitSettings(options);
	const nameUnit = unitNamer(options.idPrefix ?? ID_PREFIX_DEFAULT);
	const fleet = await Fleet.open(options.fleet);
	const { json = false, port: ports, id, unlock } = options;
	const common = {
		...{ fleet, settings, nameUnit },
		pending: new PendingFolder(fleet.folder),
		...(id !== undefined && { deviceId: id }),
		...(unlock !== undefined && { operator: fleet.operatorSigner(unlock) }),
		leaveUnlocked: !options.lock,
		timer: NODE_TIMER,
		entropy: { fill: (bytes: Uint8Array) => void randomFillSync(bytes) },
		unixSeconds: () => Math.floor(Date.now() / 1000),
	};
	const progress = makeProgress(ports, { json, isTerminal: process.stderr.isTTY === true });
	const done = await Promise.all(ports.map((port) => provisionOne(port, common, progress)));
	progress.end();
	const failures = done.filter((isDone) => !isDone).length;
	if (!json && ports.length > 1) print(`${ports.length - failures} of ${ports.length} done`);
	if (failures > 0) process.exitCode = EXIT_FAILURE;
}

/** `false` where the unit failed; the reason has been shown then. */
async function provisionOne(
	path: string,
	common: Omit<StationOptions, "onStep">,
	progress: ProvisioningProgress,
): Promise<boolean> {
	try {
		const port = await openSerialStationPort(path);
		try {
			const station = new Station({
				...common,
				onStep: (step, { percent }) => progress.step(path, step, percent),
			});
			progress.done(path, await station.provision(port));
			return true;
		} finally {
			await port.close();
		}
	} catch (error) {
		progress.failed(path, error);
		return false;
	}
}

const NODE_TIMER: StationOptions["timer"] = {
	set: (callback, delayMs) => setTimeout(callback, delayMs),
	clear: (handle) => clearTimeout(handle as NodeJS.Timeout),
};
