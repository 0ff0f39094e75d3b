// The configuration that the factory station installs: whom to trust, who we are, where to connect.
// Reading it refuses whatever is wrong with the path of the field; the policy inside is left to
// policy/.

import { deepFreeze } from "../deep-freeze.js";
import { decode } from "../cbor/decode.js";
import { readFields, type Field, type FieldReader, type FieldsRead } from "../cbor/fields.js";
import type { CBORValue } from "../cbor/value.js";
import { Secret } from "../bytes/secret.js";
import {
	AUTHORITIES_BYTES_MAX,
	AUTHORITIES_MAX,
	CHAIN_BYTES_MAX,
	CHAIN_CERTIFICATES_MAX,
	COMMAND_NAME_CHARACTERS_MAX,
	CONFIGURATION_BYTES_MAX,
	KEEP_ALIVE_S_MAX,
	KEEP_ALIVE_S_MIN,
	LINK_PASSWORD_BYTES_MAX,
	OPERATOR_COMMANDS_MAX,
	OPERATORS_MAX,
	PASSWORD_BYTES_MAX,
	PINS_MAX,
	SAMPLE_INTERVAL_MS_MAX,
	SAMPLE_INTERVAL_MS_MIN,
	SERVERS_MAX,
	SSID_CHARACTERS_MAX,
	TOKEN_LIFETIME_S_MAX,
	TOKEN_LIFETIME_S_MIN,
	USER_CHARACTERS_MAX,
} from "../limits.js";
import { isDeviceId, isHost } from "./names.js";

/** The version that `decodeConfiguration` reads and `encodeConfiguration` writes. */
export const CONFIGURATION_VERSION = 1;

/** Names of the TLS key in the key store: a new key never takes the name of the one in use. */
export const TLS_KEY_NAMES = deepFreeze(["tls-0", "tls-1"]);
export type TLSKeyName = (typeof TLS_KEY_NAMES)[number];

/** The least that a Wi-Fi network with a password must offer; "wpa2" where nothing is said. */
export const LINK_SECURITIES = deepFreeze(["wpa2", "wpa3"]);
export type LinkSecurity = (typeof LINK_SECURITIES)[number];

/** A broker. The scheme is mqtts, always: there is no field for another. */
export interface Server {
	readonly host: string;
	readonly port: number;
}

export interface Operator {
	/** Ed25519, 32 bytes. */
	readonly publicKey: Uint8Array;
	/** Names of the commands that this operator may give. */
	readonly commands: readonly string[];
}

/** How MQTT CONNECT identifies us. With `certificates` each of these is on top of mutual TLS. */
export type Authentication =
	| { readonly kind: "certificate" }
	| { readonly kind: "password"; readonly user: string; readonly password: Secret }
	/** A token minted on the device; its signature is by the "signing" key. */
	| {
			readonly kind: "token";
			readonly audience: string;
			readonly user: string;
			readonly lifetimeS: number;
	  };

export interface Configuration {
	readonly version: typeof CONFIGURATION_VERSION;
	readonly deviceId: string;
	readonly servers: readonly Server[];
	/** The name in the broker's certificate, where it is not the host that we connect to. */
	readonly serverName?: string;
	/** Trusted authorities, DER. */
	readonly authorities: readonly Uint8Array[];
	/** SHA-256 of SubjectPublicKeyInfo. Empty: no pinning. */
	readonly pins: readonly Uint8Array[];
	/** Our chain, DER, leaf first. Empty: no client certificate. */
	readonly certificates: readonly Uint8Array[];
	/** The key store's name of the chain's private key. */
	readonly keyName: TLSKeyName;
	readonly authentication: Authentication;
	readonly operators: readonly Operator[];
	/** The policy table as policy/ reads it. */
	readonly policy: CBORValue;
	readonly sampleIntervalMs: number;
	readonly keepAliveS: number;
	readonly link: {
		readonly ssid?: string;
		readonly password?: Secret;
		/** Only with a password: nobody who demands security joins an open network by it. */
		readonly security?: LinkSecurity;
	};
	/** The station's clock when it made this configuration, in Unix seconds. */
	readonly time: number;
}

/** Reads an encoded configuration; the answer names the first field that is wrong. */
export function decodeConfiguration(bytes: Uint8Array): FieldsRead<Configuration> {
	if (bytes.length > CONFIGURATION_BYTES_MAX) {
		return { kind: "invalid", path: "", expected: `at most ${CONFIGURATION_BYTES_MAX} bytes` };
	}
	const decoded = decode(bytes);
	if (decoded.kind === "rejected") {
		const expected = `deterministic CBOR (${decoded.reason} at ${decoded.offset})`;
		return { kind: "invalid", path: "", expected };
	}
	return readFields(decoded.value, readConfiguration);
}

const FIELDS: readonly string[] = Object.freeze([
	...["version", "deviceId", "servers", "serverName", "authorities", "pins", "certificates"],
	...["keyName", "authentication", "operators", "policy", "sampleIntervalMs", "keepAliveS"],
	...["link", "time"],
]);

function readConfiguration(root: Field): Configuration {
	return root.map(FIELDS, (fields) => {
		const version = fields.required("version").oneOf([CONFIGURATION_VERSION]);
		const certificates = readDERList(fields.required("certificates"), {
			min: 0,
			max: CHAIN_CERTIFICATES_MAX,
			bytesMax: CHAIN_BYTES_MAX,
		});
		const serverName = fields.optional("serverName");
		const read: Configuration = {
			version,
			deviceId: readDeviceId(fields.required("deviceId")),
			servers: fields.required("servers").list({ min: 1, max: SERVERS_MAX }, readServer),
			...(serverName === undefined ? {} : { serverName: readHost(serverName) }),
			authorities: readDERList(fields.required("authorities"), {
				min: 1,
				max: AUTHORITIES_MAX,
				bytesMax: AUTHORITIES_BYTES_MAX,
			}),
			pins: fields
				.required("pins")
				.list({ min: 0, max: PINS_MAX }, (pin) => pin.bytes({ min: 32, max: 32 })),
			certificates,
			keyName: fields.required("keyName").oneOf(TLS_KEY_NAMES),
			authentication: readAuthentication(fields.required("authentication"), certificates.length),
			operators: fields.required("operators").list({ min: 0, max: OPERATORS_MAX }, readOperator),
			policy: fields.required("policy").value,
			...readTimings(fields),
			link: readLink(fields.required("link")),
			time: fields.required("time").integer({ min: 0, max: 2 ** 40 }),
		};
		return read;
	});
}

function readTimings(fields: FieldReader): { sampleIntervalMs: number; keepAliveS: number } {
	return {
		sampleIntervalMs: fields
			.required("sampleIntervalMs")
			.integer({ min: SAMPLE_INTERVAL_MS_MIN, max: SAMPLE_INTERVAL_MS_MAX }),
		keepAliveS: fields
			.required("keepAliveS")
			.integer({ min: KEEP_ALIVE_S_MIN, max: KEEP_ALIVE_S_MAX }),
	};
}

function readDeviceId(field: Field): string {
	if (!isDeviceId(field.value)) field.refuse("1 to 64 of A-Z a-z 0-9 _ -");
	return field.value;
}

function readHost(field: Field): string {
	if (!isHost(field.value)) field.refuse("a host name or address, no scheme");
	return field.value;
}

function readServer(field: Field): Server {
	// A URL would bring a scheme with it, and with the scheme the question of plaintext.
	if (typeof field.value === "string") field.refuse("a map of host and port (always mqtts)");
	return field.map(["host", "port"], (fields) => ({
		host: readHost(fields.required("host")),
		port: fields.required("port").integer({ min: 1, max: 65_535 }),
	}));
}

interface DERListBounds {
	readonly min: number;
	readonly max: number;
	/** Of all certificates together. */
	readonly bytesMax: number;
}

function readDERList(field: Field, bounds: DERListBounds): Uint8Array[] {
	let total = 0;
	return field.list(bounds, (item) => {
		const bytes = item.bytes({ min: 1, max: bounds.bytesMax });
		if (!isDERSequence(bytes)) item.refuse("an X.509 certificate in DER");
		total += bytes.length;
		if (total > bounds.bytesMax) field.refuse(`at most ${bounds.bytesMax} bytes in all`);
		return bytes;
	});
}

/** One DER SEQUENCE that fills `bytes`: tells PEM and truncated files apart from certificates. */
function isDERSequence(bytes: Uint8Array): boolean {
	const [tag, first, second, third] = bytes;
	if (tag !== 0x30 || first === undefined) return false;
	if (first < 0x80) return bytes.length === 2 + first;
	if (first === 0x81) return bytes.length === 3 + (second ?? 0);
	return first === 0x82 && bytes.length === 4 + (second ?? 0) * 256 + (third ?? 0);
}

function readAuthentication(field: Field, certificates: number): Authentication {
	const fieldsOf = ["kind", "user", "password", "audience", "lifetimeS"];
	const kind: Authentication["kind"] = field.map(fieldsOf, (fields) =>
		fields.required("kind").oneOf(["certificate", "password", "token"]),
	);
	const user = { min: 1, max: USER_CHARACTERS_MAX };
	switch (kind) {
		case "certificate":
			if (certificates === 0) field.refuse("certificates for this kind");
			return field.map(["kind"], () => ({ kind }));
		case "password":
			return field.map(["kind", "user", "password"], (fields) => ({
				kind,
				user: fields.required("user").text(user),
				password: readSecret(fields.required("password"), PASSWORD_BYTES_MAX),
			}));
		case "token":
			return field.map(["kind", "user", "audience", "lifetimeS"], (fields) => ({
				kind,
				user: fields.required("user").text({ min: 0, max: USER_CHARACTERS_MAX }),
				audience: fields.required("audience").text(user),
				lifetimeS: fields
					.required("lifetimeS")
					.integer({ min: TOKEN_LIFETIME_S_MIN, max: TOKEN_LIFETIME_S_MAX }),
			}));
	}
}

function readOperator(field: Field): Operator {
	const name = { min: 1, max: COMMAND_NAME_CHARACTERS_MAX };
	return field.map(["publicKey", "commands"], (fields) => ({
		publicKey: fields.required("publicKey").bytes({ min: 32, max: 32 }),
		commands: fields
			.required("commands")
			.list({ min: 0, max: OPERATOR_COMMANDS_MAX }, (command) => command.text(name)),
	}));
}

function readLink(field: Field): Configuration["link"] {
	return field.map(["ssid", "password", "security"], (fields) => {
		const ssid = fields.optional("ssid")?.text({ min: 1, max: SSID_CHARACTERS_MAX });
		const password = fields.optional("password");
		const security = fields.optional("security");
		if (password === undefined) security?.refuse("nothing without a password");
		return {
			...(ssid === undefined ? {} : { ssid }),
			...(password === undefined
				? {}
				: { password: readSecret(password, LINK_PASSWORD_BYTES_MAX) }),
			...(security === undefined ? {} : { security: security.oneOf(LINK_SECURITIES) }),
		};
	});
}

function readSecret(field: Field, max: number): Secret {
	const bytes = field.bytes({ min: 1, max });
	const secret = new Secret(bytes);
	bytes.fill(0);
	return secret;
}
