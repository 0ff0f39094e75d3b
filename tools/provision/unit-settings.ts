// What the station installs beside certificates: the part of a configuration that is the same for
// all units of one run, and how it becomes the configuration of one of them.
import {
	TLS_KEY_NAMES,
	decodeConfiguration,
	type Authentication,
	type Configuration,
	type Server,
} from "../../src/credentials/configuration.js";
import { encodeConfiguration } from "../../src/credentials/encode-configuration.js";
import { DEFAULT_RULES, encodeRules, type PolicyRule } from "../../src/policy/rules.js";
import { StationError } from "./station-error.js";

/** What operators of the fleet may tell its devices to do. */
export const OPERATOR_COMMANDS = ["identify", "report", "set-interval", "restart", "unlock"];

export interface UnitSettings {
	readonly servers: readonly Server[];
	readonly serverName?: string;
	readonly pins?: readonly Uint8Array[];
	/** Client certificate alone, when absent. */
	readonly authentication?: Authentication;
	readonly link?: Configuration["link"];
	/** Milliseconds between samples. */
	readonly sampleIntervalMs?: number;
	/** Seconds of MQTT keep-alive. */
	readonly keepAliveS?: number;
	/** The default table, when absent. */
	readonly policy?: readonly PolicyRule[];
}

export const SAMPLE_INTERVAL_MS_DEFAULT = 10_000;
export const KEEP_ALIVE_S_DEFAULT = 60;

/** What is of one unit alone, and what the fleet gives. */
export interface UnitIdentity {
	readonly deviceId: string;
	readonly keyName: string;
	readonly chain: readonly Uint8Array[];
	readonly authorities: readonly Uint8Array[];
	readonly operators: readonly { readonly publicKey: Uint8Array }[];
	readonly unixSeconds: number;
}

/** The encoded configuration of one unit. The device would refuse what is refused here. */
export function configurationOf(settings: UnitSettings, identity: UnitIdentity): Uint8Array {
	const { deviceId, chain, authorities, operators, unixSeconds } = identity;
	const keyName = TLS_KEY_NAMES.find((name) => name === identity.keyName);
	if (keyName === undefined) throw new StationError("protocol", "the device has no such key name");
	const configuration: Configuration = {
		version: 1,
		deviceId,
		servers: settings.servers,
		...(settings.serverName !== undefined && { serverName: settings.serverName }),
		authorities,
		pins: settings.pins ?? [],
		certificates: chain,
		keyName,
		authentication: settings.authentication ?? { kind: "certificate" },
		operators: operators.map(({ publicKey }) => ({ publicKey, commands: OPERATOR_COMMANDS })),
		policy: encodeRules(settings.policy ?? DEFAULT_RULES),
		sampleIntervalMs: settings.sampleIntervalMs ?? SAMPLE_INTERVAL_MS_DEFAULT,
		keepAliveS: settings.keepAliveS ?? KEEP_ALIVE_S_DEFAULT,
		link: settings.link ?? {},
		time: unixSeconds,
	};
	const bytes = encodeConfiguration(configuration);
	const read = decodeConfiguration(bytes);
	if (read.kind === "valid") return bytes;
	const refusal = { code: "configuration", path: read.path, expected: read.expected };
	const message = `configuration: ${read.path || "the whole"}: expected ${read.expected}`;
	throw new StationError("refused", message, refusal);
}
