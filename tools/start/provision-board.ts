// Provisions the demonstration's sensor as the factory does: through its serial port, by the
// station.

import { randomFillSync } from "node:crypto";
import type { DeviceRecord } from "../pki/device-record.js";
import type { Fleet } from "../pki/fleet.js";
import { PendingFolder } from "../provision/pending.js";
import { openSerialStationPort } from "../provision/serial-station-port.js";
import { Station, type StationFleet, type StationStep } from "../provision/station.js";
import type { UnitSettings } from "../provision/unit-settings.js";

export interface ProvisionBoardOptions {
	readonly port: string;
	readonly fleet: Fleet;
	/** Authorities of the broker, DER, where they are not the fleet's own. */
	readonly authorities?: readonly Uint8Array[];
	readonly deviceId: string;
	readonly settings: UnitSettings;
	readonly onStep?: (step: StationStep) => void;
}

/** Resolves to the signed record of the unit, which is locked then. */
export async function provisionBoard(options: ProvisionBoardOptions): Promise<DeviceRecord> {
	const { fleet, deviceId, settings, onStep } = options;
	const port = await openSerialStationPort(options.port);
	try {
		const station = new Station({
			fleet: stationFleet(fleet, options.authorities),
			pending: new PendingFolder(fleet.folder),
			settings,
			nameUnit: () => deviceId,
			deviceId,
			timer: {
				set: (callback, delayMs) => setTimeout(callback, delayMs),
				clear: (handle) => clearTimeout(handle as NodeJS.Timeout),
			},
			entropy: { fill: (bytes) => void randomFillSync(bytes) },
			unixSeconds: () => Math.floor(Date.now() / 1000),
			onStep: (step) => onStep?.(step),
		});
		return (await station.provision(port)).record;
	} finally {
		await port.close();
	}
}

function stationFleet(fleet: Fleet, authorities?: readonly Uint8Array[]): StationFleet {
	return {
		authorities: () => authorities ?? fleet.authorities(),
		operators: () => fleet.operators(),
		issueDeviceCertificate: (request) => fleet.issueDeviceCertificate(request),
		device: (deviceId) => fleet.device(deviceId),
		devices: () => fleet.devices(),
		writeDevice: (facts) => fleet.writeDevice(facts),
	};
}
