// What a fleet knows of one device: the file that the factory station writes, signed by the
// station's key, and from which receivers take the device's public key. Contains nothing secret.
import { createHash, createPrivateKey, createPublicKey, sign, verify } from "node:crypto";
import { FleetError } from "./fleet-error.js";

/**
 * What the station states of a device. Only text, whole numbers and booleans: each has one JSON
 * form.
 */
export interface DeviceFacts {
	readonly deviceId: string;
	/** A name burnt into the hardware, as the device reports it. */
	readonly hardwareId: string;
	/** Ed25519 public key by which the device signs, 32 bytes in hex. */
	readonly signingKey: string;
	/** First 8 bytes of SHA-256 of `signingKey`, in hex: the `kid` of its envelopes. */
	readonly keyId: string;
	/** Serial of its client certificate, in hex. */
	readonly certificateSerial: string;
	/** SHA-256 of the certificate in DER, in hex. */
	readonly certificateFingerprint: string;
	/** When the device had proved itself: ISO 8601, UTC. */
	readonly provisionedAt: string;
	/** Anything else that the station saw: versions, port, operator. */
	readonly details?: Readonly<Record<string, string | number | boolean>>;
}

export interface DeviceRecord extends DeviceFacts {
	readonly format: 1;
	/** Key id of the station that wrote the record, in hex. */
	readonly station: string;
	/** Ed25519 signature of the station over the rest of the record, 64 bytes in hex. */
	readonly signature: string;
}

/** Sets these signatures apart from anything else that an Ed25519 key signs. */
const PREAMBLE = "Holdfast device record 1\n";

/** DER in front of a raw Ed25519 public key: SubjectPublicKeyInfo of RFC 8410. */
const ED25519_SPKI = Buffer.from("302a300506032b6570032100", "hex");

const HEX_FIELDS = {
	signingKey: 64,
	keyId: 16,
	certificateFingerprint: 64,
	station: 16,
	signature: 128,
} as const;
const TEXT_FIELDS = ["deviceId", "hardwareId", "certificateSerial", "provisionedAt"] as const;

/** First 8 bytes of SHA-256 of a public key: how envelopes name it. */
export function keyIdOf(publicKey: Uint8Array): Uint8Array {
	return new Uint8Array(createHash("sha256").update(publicKey).digest().subarray(0, 8));
}

/** The record of `facts`, signed by the station's private key (PKCS #8 in PEM). */
export function signDeviceRecord(facts: DeviceFacts, stationKey: string): DeviceRecord {
	const key = createPrivateKey(stationKey);
	const unsigned = {
		...facts,
		format: 1 as const,
		station: hex(keyIdOf(rawPublicKey(stationKey))),
	};
	return { ...unsigned, signature: hex(sign(null, signedBytes(unsigned), key)) };
}

/**
 * The record in `text` if `stationKey` (32 bytes, Ed25519) signed it; `file` is for messages alone.
 */
export function readDeviceRecord(text: string, stationKey: Uint8Array, file: string): DeviceRecord {
	const record = parseDeviceRecord(text, file);
	const { signature, ...unsigned } = record;
	const key = publicKeyObject(stationKey);
	if (!verify(null, signedBytes(unsigned), key, Buffer.from(signature, "hex"))) {
		throw new FleetError("record-signature", `${file}: not signed by this fleet's station`);
	}
	const keyId = hex(keyIdOf(Buffer.from(record.signingKey, "hex")));
	if (keyId !== record.keyId) {
		throw new FleetError("corrupt", `${file}: keyId is not that of signingKey`);
	}
	return record;
}

/** The record in `text` by its form alone: its signature is not looked at. */
export function parseDeviceRecord(text: string, file: string): DeviceRecord {
	let value: unknown;
	try {
		value = JSON.parse(text);
	} catch (error) {
		throw new FleetError("corrupt", `${file}: not JSON`, { cause: error });
	}
	const record = (value ?? {}) as Record<string, unknown>;
	if (record.format !== 1) throw new FleetError("corrupt", `${file}: not a device record`);
	for (const [name, length] of Object.entries(HEX_FIELDS)) {
		const field = record[name];
		if (typeof field !== "string" || field.length !== length || !/^[0-9a-f]+$/.test(field)) {
			throw new FleetError("corrupt", `${file}: ${name} is not ${length} hexadecimal digits`);
		}
	}
	for (const name of TEXT_FIELDS) {
		if (typeof record[name] !== "string") {
			throw new FleetError("corrupt", `${file}: ${name} is not a text`);
		}
	}
	return value as DeviceRecord;
}

/** The 32 bytes of an Ed25519 public key; `pem` is a private or a public key. */
export function rawPublicKey(pem: string): Uint8Array {
	const spki = createPublicKey(pem).export({ type: "spki", format: "der" });
	return new Uint8Array(spki.subarray(ED25519_SPKI.length));
}

/** A node key object of the 32 bytes of an Ed25519 public key. */
export function publicKeyObject(raw: Uint8Array) {
	return createPublicKey({
		key: Buffer.concat([ED25519_SPKI, raw]),
		format: "der",
		type: "spki",
	});
}

/** What is signed: the preamble, then JSON without spaces whose object keys are in order. */
function signedBytes(record: object): Buffer {
	const sorted = (_key: string, value: unknown) =>
		typeof value === "object" && value !== null && !Array.isArray(value)
			? Object.fromEntries(Object.entries(value).sort(([left], [right]) => (left < right ? -1 : 1)))
			: value;
	return Buffer.from(PREAMBLE + JSON.stringify(record, sorted));
}

function hex(bytes: Uint8Array): string {
	return Buffer.from(bytes).toString("hex");
}
