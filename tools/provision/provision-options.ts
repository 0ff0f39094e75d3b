// Reads what the person at the bench asked for into what the station needs. Secrets come from files
// or the environment: an argument would be there for every process of the machine to see.
import { readFileSync } from "node:fs";
import { encodeUTF8 } from "../../src/bytes/text.js";
import { Secret } from "../../src/bytes/secret.js";
import type { Authentication, LinkSecurity, Server } from "../../src/credentials/configuration.js";
import { isDeviceId, isHost } from "../../src/credentials/names.js";
import { quote, UsageError } from "../command-line.js";
import type { UnitSettings } from "./unit-settings.js";

/** As commander gives them. */
export interface ProvisionOptions {
	readonly port: readonly string[];
	readonly fleet: string;
	readonly server: readonly string[];
	readonly serverName?: string;
	readonly pin?: readonly string[];
	readonly id?: string;
	readonly idPrefix?: string;
	readonly sampleInterval?: number;
	readonly keepAlive?: number;
	readonly wifiSsid?: string;
	readonly wifiPasswordFile?: string;
	readonly wifiSecurity?: LinkSecurity;
	readonly mqttUser?: string;
	readonly mqttPasswordFile?: string;
	readonly tokenAudience?: string;
	readonly tokenLifetime?: number;
	readonly unlock?: string;
	readonly lock: boolean;
	readonly json?: boolean;
}

export const ID_PREFIX_DEFAULT = "sensor-";
export const PORT_DEFAULT = 8883;
const WIFI_PASSWORD_VARIABLE = "HOLDFAST_WIFI_PASSWORD";
const MQTT_PASSWORD_VARIABLE = "HOLDFAST_MQTT_PASSWORD";
const TOKEN_LIFETIME_S_DEFAULT = 3600;

/** `host`, `host:port`, `[address]:port`, each with or without `mqtts://`. */
export function readServer(text: string): Server {
	const [scheme, rest] = text.includes("://") ? splitOnce(text, "://") : ["mqtts", text];
	if (scheme !== "mqtts") {
		throw new UsageError(`--server: devices speak mqtts alone, not ${quote(`${scheme}://`)}`);
	}
	const match = /^(?:\[([^\]]+)\]|([^:]+))(?::([0-9]{1,5}))?\/?$/.exec(rest);
	const host = match?.[1] ?? match?.[2];
	const port = match?.[3] === undefined ? PORT_DEFAULT : Number(match[3]);
	if (!isHost(host) || port < 1 || port > 65_535) {
		throw new UsageError(`--server: host:port or mqtts://host:port, not ${quote(text)}`);
	}
	return { host, port };
}

/** The name of a unit that has none: a prefix and its hardware id. */
export function unitNamer(prefix: string): (hardwareId: string) => string {
	if (prefix !== "" && !isDeviceId(prefix)) {
		throw new UsageError(`--id-prefix: letters, digits, "_" and "-", not ${quote(prefix)}`);
	}
	return (hardwareId) => `${prefix}${hardwareId.replace(/[^A-Za-z0-9_-]/g, "-")}`.slice(0, 64);
}

/** Throws {@link UsageError} for options that contradict each other. */
export function checkOptions(options: ProvisionOptions): void {
	const { id, idPrefix, port } = options;
	if (id !== undefined && idPrefix !== undefined) {
		throw new UsageError("--id and --id-prefix: give one of them");
	}
	if (id !== undefined && port.length > 1) {
		throw new UsageError("--id names one device; with several ports give --id-prefix");
	}
	if (id !== undefined && !isDeviceId(id)) {
		throw new UsageError(`--id: 1 to 64 letters, digits, "_" and "-", not ${quote(id)}`);
	}
	if (new Set(port).size !== port.length) throw new UsageError("--port: the same port twice");
}

export function unitSettings(options: ProvisionOptions): UnitSettings {
	const { serverName, sampleInterval, keepAlive } = options;
	if (serverName !== undefined && !isHost(serverName)) {
		throw new UsageError(`--server-name: a host name, not ${quote(serverName)}`);
	}
	const authentication = readAuthentication(options);
	return {
		servers: options.server.map(readServer),
		pins: (options.pin ?? []).map(readPin),
		link: readLink(options),
		...(serverName !== undefined && { serverName }),
		...(authentication !== undefined && { authentication }),
		...(sampleInterval !== undefined && { sampleIntervalMs: sampleInterval }),
		...(keepAlive !== undefined && { keepAliveS: keepAlive }),
	};
}

function readPin(text: string): Uint8Array {
	if (!/^[0-9a-fA-F]{64}$/.test(text)) {
		throw new UsageError(`--pin: SHA-256 in 64 hexadecimal digits, not ${quote(text)}`);
	}
	return new Uint8Array(Buffer.from(text, "hex"));
}

function readLink({
	wifiSsid,
	wifiPasswordFile,
	wifiSecurity: security,
}: ProvisionOptions): NonNullable<UnitSettings["link"]> {
	if (wifiSsid === undefined) {
		if (wifiPasswordFile !== undefined)
			throw new UsageError("--wifi-password-file: no --wifi-ssid");
		if (security !== undefined) throw new UsageError("--wifi-security: no --wifi-ssid");
		return {};
	}
	const password = readSecret(wifiPasswordFile, WIFI_PASSWORD_VARIABLE);
	if (password === undefined && security !== undefined) {
		throw new UsageError(
			`--wifi-security: --wifi-password-file or ${WIFI_PASSWORD_VARIABLE} is needed`,
		);
	}
	return {
		ssid: wifiSsid,
		...(password !== undefined && { password }),
		...(security !== undefined && { security }),
	};
}

function readAuthentication(options: ProvisionOptions): Authentication | undefined {
	const { mqttUser: user, mqttPasswordFile, tokenAudience, tokenLifetime } = options;
	if (tokenAudience !== undefined) {
		if (mqttPasswordFile !== undefined) {
			throw new UsageError("--token-audience and --mqtt-password-file: give one of them");
		}
		const lifetimeS = tokenLifetime ?? TOKEN_LIFETIME_S_DEFAULT;
		return { kind: "token", audience: tokenAudience, user: user ?? "", lifetimeS };
	}
	if (user === undefined) {
		if (mqttPasswordFile !== undefined)
			throw new UsageError("--mqtt-password-file: no --mqtt-user");
		return undefined;
	}
	const password = readSecret(mqttPasswordFile, MQTT_PASSWORD_VARIABLE);
	if (password === undefined) {
		throw new UsageError(
			`--mqtt-user: --mqtt-password-file or ${MQTT_PASSWORD_VARIABLE} is needed`,
		);
	}
	return { kind: "password", user, password };
}

/** The first line of `file`, or the environment variable. */
function readSecret(file: string | undefined, variable: string): Secret | undefined {
	const text = file === undefined ? process.env[variable] : readSecretFile(file);
	if (text === undefined) return undefined;
	if (text === "") throw new UsageError(`${file ?? variable}: the password is empty`);
	return new Secret(encodeUTF8(text));
}

function readSecretFile(file: string): string {
	try {
		return readFileSync(file, "utf8").split(/\r?\n/, 1)[0] ?? "";
	} catch (error) {
		const code = (error as NodeJS.ErrnoException).code ?? "unknown";
		throw new UsageError(`${file} cannot be read (${code})`);
	}
}

function splitOnce(text: string, separator: string): [string, string] {
	const at = text.indexOf(separator);
	return [text.slice(0, at), text.slice(at + separator.length)];
}
