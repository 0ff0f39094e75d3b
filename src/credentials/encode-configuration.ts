// Writes a configuration as the device reads it. Used by the station; the device itself only reads.

import { encode } from "../cbor/encode.js";
import type { CBORKey, CBORValue } from "../cbor/value.js";
import type { Authentication, Configuration } from "./configuration.js";

/** Deterministic CBOR. The result holds passwords: the caller wipes it after use. */
export function encodeConfiguration(configuration: Configuration): Uint8Array {
	const { servers, operators, authentication, link, ...plain } = configuration;
	const { ssid, password, security } = link;
	return encode(
		mapOf({
			...plain,
			servers: servers.map(({ host, port }) => mapOf({ host, port })),
			operators: operators.map(({ publicKey, commands }) => mapOf({ publicKey, commands })),
			authentication: authenticationMap(authentication),
			link: mapOf({ ssid, password: password?.reveal(), security }),
		}),
	);
}

function authenticationMap(authentication: Authentication): CBORValue {
	if (authentication.kind !== "password") return mapOf({ ...authentication });
	const { kind, user, password } = authentication;
	return mapOf({ kind, user, password: password.reveal() });
}

function mapOf(fields: Readonly<Record<string, CBORValue | undefined>>): CBORValue {
	const map = new Map<CBORKey, CBORValue>();
	for (const [key, value] of Object.entries(fields)) {
		if (value !== undefined) map.set(key, value);
	}
	return map;
}
