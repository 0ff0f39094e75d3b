// The devices of a fleet, as the stream verifier takes them.
import type { KnownDevice } from "../../hosts/support/verify/stream-verifier.js";
import type { Fleet } from "../pki/fleet.js";

export function devicesOf(fleet: Fleet): KnownDevice[] {
	const revoked = new Set(fleet.revoked());
	return fleet.devices().map(({ deviceId, signingKey, certificateSerial }) => ({
		device: deviceId,
		publicKey: new Uint8Array(Buffer.from(signingKey, "hex")),
		isRevoked: revoked.has(certificateSerial),
	}));
}
