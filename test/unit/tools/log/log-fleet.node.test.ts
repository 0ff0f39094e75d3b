// `holdfast log verify` with the keys of a fleet: devices that had other keys before, that were
// revoked, or that nobody here knows.

import { writeFileSync } from "node:fs";
import { LOG_BOOT_HOLD_MS, LOG_CHECKPOINT_MS } from "../../../../src/limits.js";
import type { ByteSource } from "../../../../src/ports.js";
import { keyIdOf } from "../../../../tools/pki/device-record.js";
import { Fleet } from "../../../../tools/pki/fleet.js";
import { makeRequest } from "../../../support/certificate-request.js";
import type { DeviceImage } from "../../../support/device-bench.js";
import { online, provisioned } from "../../../support/device-bench.js";
import { jsonLines, runHoldfast } from "../../../support/run-holdfast.js";
import { SeededKeyStore } from "../../../support/seeded-key-store.js";
import { TemporaryFolder } from "../../../support/temporary-folder.js";

let folder: TemporaryFolder;
let fleet: Fleet;

/** The keys of a device after a factory reset: another one signs. */
class RenewedKeys extends SeededKeyStore {
	override publicKey(name: string): ArrayBuffer | undefined {
		return super.publicKey(name === "signing" ? "renewed" : name);
	}

	override sign(name: string, message: ByteSource): ArrayBuffer {
		return super.sign(name === "signing" ? "renewed" : name, message);
	}
}

beforeEach(async () => {
	folder = new TemporaryFolder();
	fleet = await Fleet.create(folder.file("fleet"), { name: "Test" });
});

afterEach(() => folder.remove());

/** Records the key that `image` has now. Resolves to the serial of its certificate. */
async function record(image: DeviceImage, deviceId = "sensor-1"): Promise<string> {
	const { csr } = makeRequest(deviceId);
	const issued = await fleet.issueDeviceCertificate({ deviceId, csr });
	fleet.writeDevice({
		deviceId,
		hardwareId: deviceId,
		signingKey: Buffer.from(image.publicKey).toString("hex"),
		keyId: Buffer.from(keyIdOf(image.publicKey)).toString("hex"),
		certificateSerial: issued.serial,
		certificateFingerprint: issued.fingerprint,
		provisionedAt: "2026-01-01T00:00:00Z",
	});
	return issued.serial;
}

function attack(image: DeviceImage): void {
	const life = online(image);
	life.deliver(Uint8Array.of(1, 2, 3));
	life.run(LOG_BOOT_HOLD_MS + LOG_CHECKPOINT_MS + 1000);
}

function renewKey(image: DeviceImage): void {
	const keys = new RenewedKeys();
	for (const name of ["renewed", "tls-0", "tls-1", "operator"]) keys.generate(name);
	Object.assign(image, { keyStore: keys });
}

async function verify(image: DeviceImage, ...words: string[]) {
	const file = folder.file("log.bin");
	writeFileSync(file, image.logChip.image());
	return runHoldfast(["log", "verify", file, "--fleet", fleet.folder, ...words]);
}

describe("holdfast log verify with a fleet", () => {
	it("knows what a device signed before a factory reset gave it another key", async () => {
		const image = provisioned();
		const serial = await record(image);
		attack(image);
		renewKey(image);
		await record(image);
		attack(image);
		const { code, output } = await verify(image);
		expect(output).toContain("sensor-1: 4 genuine");
		expect(output).toContain("the log is sound");
		expect(code).toBe(0);
		// The old certificate is of no matter: the new key signed what follows.
		await fleet.revoke(serial);
		expect((await verify(image)).code).toBe(0);
	});

	it("reads the log of a revoked device, and says that it is revoked", async () => {
		const image = provisioned();
		const serial = await record(image);
		attack(image);
		await fleet.revoke(serial);
		const { code, output } = await verify(image);
		expect(output).toContain("sensor-1: 2 genuine");
		expect(output).toContain(
			"revoked: through #2 only a key vouches whose certificate was revoked",
		);
		expect(output).not.toContain("did not sign");
		expect(code).toBe(1);
		const ran = await verify(image, "--json");
		expect(jsonLines(ran.output).at(-2)).toMatchObject({ revoked: { through: 2 }, isSound: false });
	});

	it("says of a log of another fleet that no key here signed it", async () => {
		const other = provisioned();
		renewKey(other);
		await record(other, "sensor-8");
		const image = provisioned();
		attack(image);
		const { code, output } = await verify(image);
		expect(output).toContain("unknown device: 0 genuine");
		expect(output).toContain("1 checkpoint that no key here signed");
		expect(code).toBe(1);
	});

	it("believes no log by the key of another device of the fleet", async () => {
		const other = provisioned();
		renewKey(other);
		await record(other, "sensor-8");
		const image = provisioned();
		await record(image);
		attack(image);
		const { code, output } = await verify(image, "--device", "sensor-8");
		expect(output).toContain("1 checkpoint that this device did not sign");
		expect(code).toBe(1);
	});

	it("refuses a device that the fleet does not have", async () => {
		const { code, output } = await verify(provisioned(), "--device", "sensor-7");
		expect(output).toContain('--device: no device "sensor-7" in this fleet');
		expect(code).toBe(2);
	});
});
