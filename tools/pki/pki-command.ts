// `holdfast pki`: the fleet's keys and certificates, on the command line.
import { readFileSync, writeFileSync } from "node:fs";
import { Command } from "commander";
import {
	addExamples,
	fleetOption,
	jsonOption,
	print,
	printJSON,
	printTable,
	UsageError,
	wholeNumber,
} from "../command-line.js";
import { VALIDITY_DAYS } from "./certificate-authority.js";
import type { CertificateEntry } from "./certificate-entry.js";
import { Fleet, type Issued } from "./fleet.js";

const DAYS_MAX = 50 * 365;

interface CommonOptions {
	readonly fleet: string;
	readonly json?: boolean;
	readonly days?: number;
	readonly force?: boolean;
}

export function pkiCommand(): Command {
	const issue = new Command("issue")
		.description("Issue a certificate.")
		.addCommand(issueBrokerCommand())
		.addCommand(issueOperatorCommand())
		.addCommand(issueDeviceCommand());
	return new Command("pki")
		.description("Make and look after a fleet's keys and certificates.")
		.addCommand(initCommand())
		.addCommand(issue)
		.addCommand(listCommand())
		.addCommand(revokeCommand());
}

function initCommand(): Command {
	const command = new Command("init")
		.description("Make a fleet: its authority, its station's key and an empty revocation list.")
		.addOption(fleetOption())
		.option("--name <name>", "name of the fleet, as its authority bears it", "Holdfast")
		.option("--days <days>", daysText("authority"), wholeNumber("--days", 1, DAYS_MAX))
		.option("--force", "move a fleet that is there aside (nothing is deleted)")
		.addOption(jsonOption())
		.action(async (options: CommonOptions & { name: string }) => {
			const fleet = await Fleet.create(options.fleet, {
				name: options.name,
				...issueOptions(options),
			});
			const { folder, name, authorityFile, revocationListFile } = fleet;
			if (options.json) return printJSON({ folder, name, authorityFile, revocationListFile });
			print(
				`Fleet "${name}" made in ${folder}. Its private keys are yours alone to read: back it up.`,
			);
		});
	return addExamples(command, [
		["holdfast pki init --fleet factory --name Acme", "a fleet in the folder factory"],
	]);
}

function issueBrokerCommand(): Command {
	const command = new Command("broker")
		.description("Issue a server certificate and its key for a broker.")
		.argument("<name>", "name of the broker within the fleet")
		.requiredOption("--host <host...>", "DNS names and IP addresses by which clients reach it")
		.addOption(fleetOption())
		.option("--days <days>", daysText("broker"), wholeNumber("--days", 1, DAYS_MAX))
		.option("--force", "replace the certificate and key of that name")
		.addOption(jsonOption())
		.action(async (name: string, options: CommonOptions & { host: string[] }) => {
			const fleet = await Fleet.open(options.fleet);
			const issued = await fleet.issueBrokerCertificate({
				name,
				hosts: options.host,
				...issueOptions(options),
			});
			report(issued, options, [
				`Broker certificate ${issued.serial} for ${options.host.join(", ")}:`,
				`  ${issued.certificateFile}`,
				`  ${issued.keyFile}`,
			]);
		});
	return addExamples(command, [
		[
			"holdfast pki issue broker main --host broker.example 192.0.2.7",
			"one broker, two ways to it",
		],
	]);
}

function issueOperatorCommand(): Command {
	const command = new Command("operator")
		.description("Issue a TLS client certificate and a command-signing key for a person.")
		.argument("<name>", "name of the operator")
		.addOption(fleetOption())
		.option("--days <days>", daysText("operator"), wholeNumber("--days", 1, DAYS_MAX))
		.option("--force", "replace the keys of that name; devices know only the old ones")
		.addOption(jsonOption())
		.action(async (name: string, options: CommonOptions) => {
			const fleet = await Fleet.open(options.fleet);
			const issued = await fleet.issueOperator({ name, ...issueOptions(options) });
			report(issued, options, [
				`Operator ${name}, certificate ${issued.serial}, signing key ${toHex(issued.keyId)}:`,
				`  ${issued.certificateFile}`,
				`  ${issued.keyFile}`,
				"Devices that are provisioned from now on accept this operator's commands.",
			]);
		});
	return addExamples(command, [["holdfast pki issue operator alice", "keys for alice"]]);
}

function issueDeviceCommand(): Command {
	const command = new Command("device")
		.description("Certify the key of a device. The factory station does this by itself.")
		.argument("<id>", "device id, the common name of the request")
		.requiredOption("--csr <file>", "certificate request, PKCS #10, PEM or DER")
		.option("--out <file>", "where the certificate goes, PEM (standard output without it)")
		.addOption(fleetOption())
		.option("--days <days>", daysText("device"), wholeNumber("--days", 1, DAYS_MAX))
		.addOption(jsonOption())
		.action(async (deviceId: string, options: CommonOptions & { csr: string; out?: string }) => {
			const csr = readRequest(options.csr);
			const fleet = await Fleet.open(options.fleet);
			const issued = await fleet.issueDeviceCertificate({
				deviceId,
				csr,
				...issueOptions(options),
			});
			if (options.out) writeFileSync(options.out, issued.pem);
			const lines = options.out
				? [`Device certificate ${issued.serial}: ${options.out}`]
				: [issued.pem];
			report(issued, options, lines);
		});
	return addExamples(command, [
		["holdfast pki issue device sensor-1 --csr sensor-1.csr", "print the certificate"],
	]);
}

function listCommand(): Command {
	const command = new Command("list")
		.description("List every certificate that the fleet issued.")
		.addOption(fleetOption())
		.addOption(jsonOption("one JSON array"))
		.action(async (options: CommonOptions) => {
			const entries = (await Fleet.open(options.fleet)).list();
			if (options.json) return printJSON(entries);
			const rows = entries.map((entry) => {
				return [entry.kind, entry.name, entry.serial, entry.notAfter.slice(0, 10), stateOf(entry)];
			});
			printTable(["KIND", "NAME", "SERIAL", "EXPIRES", "STATE"], rows);
		});
	return addExamples(command, [["holdfast pki list --json", "for programs"]]);
}

function revokeCommand(): Command {
	const command = new Command("revoke")
		.description("Revoke a certificate and write the revocation list (crl.pem) anew.")
		.argument("<serial>", "serial number, as `holdfast pki list` shows it")
		.addOption(fleetOption())
		.addOption(jsonOption())
		.action(async (serial: string, options: CommonOptions) => {
			const fleet = await Fleet.open(options.fleet);
			const revocationListFile = await fleet.revoke(serial);
			if (options.json) return printJSON({ serial, revocationListFile });
			print(`Revoked ${serial}. Give brokers the new ${revocationListFile} and restart them.`);
		});
	return addExamples(command, [
		["holdfast pki revoke 4f0c…", "brokers refuse the certificate once they have the new list"],
	]);
}

function issueOptions(options: CommonOptions) {
	const { days, force } = options;
	return { ...(days ? { validity: { days } } : {}), ...(force ? { force } : {}) };
}

function report(issued: Issued, options: CommonOptions, lines: readonly string[]): void {
	if (!options.json) return print(lines.join("\n").trimEnd());
	const values = Object.entries(issued).filter(
		([name]) => !["certificate", "chain"].includes(name),
	);
	printJSON(
		Object.fromEntries(
			values.map(([name, value]: [string, unknown]) => {
				return [name, value instanceof Uint8Array ? toHex(value) : value];
			}),
		),
	);
}

function readRequest(path: string): Uint8Array {
	let bytes: Buffer;
	try {
		bytes = readFileSync(path);
	} catch (error) {
		throw new UsageError(`--csr: ${path} cannot be read (${(error as { code?: string }).code})`);
	}
	const pem = /-----BEGIN [A-Z ]*CERTIFICATE REQUEST-----([^-]*)-----END/.exec(
		bytes.toString("latin1"),
	);
	return new Uint8Array(pem ? Buffer.from(pem[1] as string, "base64") : bytes);
}

function stateOf(entry: CertificateEntry): string {
	if (entry.revokedAt) return `revoked ${entry.revokedAt.slice(0, 10)}`;
	const now = new Date().toISOString();
	if (now > entry.notAfter) return "expired";
	return now < entry.notBefore ? "not yet valid" : "valid";
}

function daysText(kind: keyof typeof VALIDITY_DAYS): string {
	return `days until it expires (without it: ${VALIDITY_DAYS[kind]})`;
}

function toHex(bytes: Uint8Array): string {
	return Buffer.from(bytes).toString("hex");
}
