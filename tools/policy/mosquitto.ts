// mosquitto's access list (acl_file), from the policy table that devices carry. Text alone: it
// neither reads nor writes a file.
import type { PolicyRule } from "../../src/policy/rules.js";
import { deviceAccess, operatorAccess, type Access } from "./access.js";

export interface MosquittoOptions {
	readonly rules: readonly PolicyRule[];
	readonly operators: readonly string[];
	/** Paths for the configuration in the header. */
	readonly authorityFile?: string;
	readonly revocationListFile?: string;
}

/** The whole file. Everything that it does not name is denied. */
export function mosquittoAccessList(options: MosquittoOptions): string {
	const lines = [
		...headerLines(options),
		"",
		"# Devices: %u is the name in the client's certificate.",
		...deviceAccess("%u", options.rules).map((access) => `pattern ${entryOf(access)}`),
	];
	for (const name of options.operators) {
		lines.push("", `user ${name}`);
		lines.push(...operatorAccess(options.rules).map((access) => `topic ${entryOf(access)}`));
	}
	return `${lines.join("\n")}\n`;
}

function headerLines({ operators, authorityFile, revocationListFile }: MosquittoOptions): string[] {
	const who =
		operators.length > 0 ? "" : "# No operators: `--fleet FOLDER` adds those of a fleet.\n";
	return [
		"# mosquitto access list, written by `holdfast policy broker --for mosquitto`.",
		"# It means what it says only behind certificates. In mosquitto.conf:",
		"#",
		"#   listener 8883",
		`#   cafile ${authorityFile ?? "FLEET/ca.crt"}`,
		"#   certfile FLEET/broker/NAME.crt",
		"#   keyfile FLEET/broker/NAME.key",
		`#   crlfile ${revocationListFile ?? "FLEET/crl.pem"}`,
		"#   require_certificate true",
		"#   use_identity_as_username true",
		"#   tls_version tlsv1.2",
		"#   allow_anonymous false",
		"#   acl_file THIS FILE",
		"#   persistence true",
		"#   max_queued_messages 0",
		"#",
		"# `tls_version` is the least that is spoken. Any client that the authority knows may take any",
		"# client id: a listener for devices alone should also have `use_username_as_clientid true`,",
		"# which ends that (an operator there can have one connection at a time). mosquitto",
		"# acknowledges a QoS 1 message that this list denies, and drops it; some versions close the",
		"# connection then. Restart mosquitto after a new revocation list; SIGHUP is enough for a new",
		"# access list.",
		...(who ? [who.trimEnd()] : []),
	];
}

function entryOf({ right, filter }: Access): string {
	return `${right} ${filter}`;
}
