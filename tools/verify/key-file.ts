// A device's key from a file, for whoever verifies without the fleet's folder.
import { readFileSync } from "node:fs";
import type { KnownDevice } from "../../hosts/support/verify/stream-verifier.js";
import { quote, UsageError } from "../command-line.js";
import { parseDeviceRecord, rawPublicKey, type DeviceRecord } from "../pki/device-record.js";

/**
 * A public key in PEM, or the record of a device; without its fleet the record's signature is not
 * judged.
 */
export function readKey(path: string, device: string | undefined): KnownDevice {
	const text = readText("--key", path);
	if (!text.includes("-----BEGIN PUBLIC KEY-----")) {
		const record = readRecord(text, path);
		if (device !== undefined && device !== record.deviceId) {
			throw new UsageError(`--device: ${path} is the record of ${quote(record.deviceId)}`);
		}
		return { device: record.deviceId, publicKey: Buffer.from(record.signingKey, "hex") };
	}
	if (!device) throw new UsageError("--key: a public key needs --device, whose it is");
	if (!/^[A-Za-z0-9_-]{1,64}$/.test(device)) throw new UsageError(`--device: ${quote(device)}`);
	let publicKey: Uint8Array;
	try {
		publicKey = rawPublicKey(text);
	} catch {
		throw new UsageError(`--key: ${path} is not a public key`);
	}
	if (publicKey.length !== 32) throw new UsageError(`--key: ${path} is not an Ed25519 key`);
	return { device, publicKey };
}

function readRecord(text: string, path: string): DeviceRecord {
	try {
		return parseDeviceRecord(text, path);
	} catch (error) {
		const what = "neither a public key in PEM nor a device's record";
		throw new UsageError(`--key: ${what} (${(error as Error).message})`);
	}
}

export function readText(option: string, path: string): string {
	try {
		return readFileSync(path, "utf8");
	} catch (error) {
		throw new UsageError(
			`${option}: ${path} cannot be read (${(error as { code?: string }).code})`,
		);
	}
}
