// The devices of a fleet, as the stream verifier takes them: each with every key that it ever had.
import type { KnownDevice } from "../../hosts/support/verify/stream-verifier.js";
import type { DeviceRecord } from "../pki/device-record.js";
import type { Fleet } from "../pki/fleet.js";

export function devicesOf(fleet: Fleet): KnownDevice[] {
	const revoked = new Set(fleet.revoked());
	const known = (isFormer: boolean) => (record: DeviceRecord) => ({
		device: record.deviceId,
		publicKey: new Uint8Array(Buffer.from(record.signingKey, "hex")),
		isRevoked: revoked.has(record.certificateSerial),
		isFormer,
	});
	return [...fleet.devices().map(known(false)), ...fleet.formerDevices().map(known(true))];
}
