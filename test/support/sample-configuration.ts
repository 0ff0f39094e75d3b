// A configuration for tests, and the CBOR map of it to spoil. Certificates are DER by their
// outermost length alone: nothing here reads further.
import { Secret } from "../../src/bytes/secret.js";
import { encodeUTF8 } from "../../src/bytes/text.js";
import { decode } from "../../src/cbor/decode.js";
import { encode } from "../../src/cbor/encode.js";
import type { CBORValue } from "../../src/cbor/value.js";
import type { Configuration } from "../../src/credentials/configuration.js";
import { encodeConfiguration } from "../../src/credentials/encode-configuration.js";

/** A DER SEQUENCE of `length` bytes in all, filled with `byte`. */
export function derOf(length: number, byte = 0x41): Uint8Array {
	const bytes = new Uint8Array(length).fill(byte);
	bytes.set(
		length < 260 ? [0x30, 0x81, length - 3] : [0x30, 0x82, (length - 4) >> 8, (length - 4) & 255],
	);
	return bytes;
}

export function sampleConfiguration(changes: Partial<Configuration> = {}): Configuration {
	return {
		version: 1,
		deviceId: "sensor-1",
		servers: [
			{ host: "broker.example", port: 8883 },
			{ host: "fd00::1", port: 443 },
		],
		authorities: [derOf(200), derOf(300, 0x42)],
		pins: [new Uint8Array(32).fill(7)],
		certificates: [derOf(500), derOf(400, 0x43)],
		keyName: "tls-0",
		authentication: { kind: "certificate" },
		operators: [{ publicKey: new Uint8Array(32).fill(9), commands: ["report", "unlock"] }],
		policy: [],
		sampleIntervalMs: 10_000,
		keepAliveS: 60,
		link: { ssid: "hall", password: new Secret(encodeUTF8("correct horse")) },
		time: 1_800_000_000,
		...changes,
	};
}

export function sampleBytes(changes: Partial<Configuration> = {}): Uint8Array {
	return encodeConfiguration(sampleConfiguration(changes));
}

/** The sample's bytes with one field put in, replaced, or (`undefined`) taken out. */
export function spoiltBytes(
	path: readonly (string | number)[],
	value: CBORValue | undefined,
): Uint8Array {
	const decoded = decode(sampleBytes());
	if (decoded.kind === "rejected") throw new Error(decoded.reason);
	let at = decoded.value as unknown;
	for (const step of path.slice(0, -1)) {
		at = at instanceof Map ? at.get(step) : (at as unknown[])[step as number];
	}
	const last = path[path.length - 1] as string | number;
	if (!(at instanceof Map)) (at as unknown[])[last as number] = value;
	else if (value === undefined) at.delete(last);
	else at.set(last, value);
	return encode(decoded.value);
}
