// Storage that cannot be read when the device boots: it answers the station, says what is wrong
// once, does nothing that could make it worse, and goes on by itself when the fault is over.

import { StorageError } from "../../hosts/simulator/storage-error.js";
import { crc32 } from "../../src/bytes/crc32.js";
import { STORAGE_RETRY_MS } from "../../src/limits.js";
import { CredentialSlots } from "../../src/credentials/slots.js";
import { DeviceImage, DeviceLife, online, provisioned } from "../support/device-bench.js";

const NAMESPACES = [
	...["hf-boot", "hf-cmd", "hf-cred", "hf-lock", "hf-log"],
	...["hf-mqtt", "hf-seq", "hf-set", "hf-time"],
];
const HOUR = 3_600_000;

/** What the credentials' namespace holds, briefly. */
function credentials(image: DeviceImage): readonly string[] {
	const contents = image.keyValue.contents().filter(([name]) => name.startsWith("hf-cred/"));
	return contents.map(([name, value]) => `${name} ${crc32(value)}`);
}

describe("Device, storage that cannot be read", () => {
	for (const path of NAMESPACES) {
		it(`boots and answers the station when ${path} cannot be opened`, () => {
			const image = provisioned();
			online(image).run(3_000);
			image.storage.failOpens(path);
			const life = new DeviceLife(image, "power-on");
			life.ask("hello");
			life.run(10_000);
			expect(life.names).toContain("device-booted");
			expect(life.answers).toBeGreaterThan(0);
			expect(life.names.includes("connection-online")).toBe(path !== "hf-cred");
			expect(life.bites).toBe(0);
		});

		it(`does the same when ${path} is opened and not read`, () => {
			const image = provisioned();
			online(image).run(3_000);
			image.storage.failReads(path);
			const life = new DeviceLife(image, "power-on");
			life.ask("hello");
			life.run(10_000);
			expect(life.answers).toBeGreaterThan(0);
			expect(life.names.includes("connection-online")).toBe(path !== "hf-cred");
		});
	}

	it("boots with no storage at all, says so once, and stays up", () => {
		const image = provisioned();
		online(image).run(3_000);
		image.storage.failOpens(...NAMESPACES);
		const life = new DeviceLife(image, "power-on");
		life.run(2 * HOUR);
		const complaints = life.reported("storage-failed").filter(({ path }) => path === "hf-cred");
		expect(complaints).toHaveLength(1);
		expect(life.stages).toContain("unreadable");
		expect(life.restarts).toBe(0);
		expect(life.bites).toBe(0);
	});

	it("takes unreadable credentials neither for new nor for worth repairing", () => {
		const image = provisioned();
		online(image).run(3_000);
		const before = credentials(image);
		image.storage.failOpens("hf-cred");
		const life = new DeviceLife(image, "power-on");
		life.ask("keys");
		life.run(HOUR);
		expect(life.names).not.toContain("device-unprovisioned");
		expect(life.names).not.toContain("provisioning-keys-made");
		expect(life.reported("provisioning-refused")[0]).toMatchObject({ code: "storage" });
		expect(credentials(image)).toEqual(before);
	});

	it("goes on by itself when the credentials can be read again", () => {
		const image = provisioned();
		online(image).run(3_000);
		image.storage.failOpens("hf-cred");
		const life = new DeviceLife(image, "power-on");
		life.run(10 * STORAGE_RETRY_MS);
		expect(life.names).not.toContain("device-started");
		image.storage.failOpens();
		life.run(2 * STORAGE_RETRY_MS);
		expect(life.names).toContain("connection-online");
		expect(life.accepted.length).toBeGreaterThan(0);
	});

	it("does not crash when the credentials become unreadable while it runs", () => {
		const image = provisioned();
		const life = online(image);
		image.storage.failReads("hf-cred");
		life.ask("hello");
		life.ask("status");
		life.breakConnection();
		life.run(60_000);
		expect(life.reported("connection-online").length).toBeGreaterThan(1);
	});

	it("waits for keys that cannot be read, and says so once", () => {
		const image = provisioned();
		const { keyStore } = image;
		const publicKey = keyStore.publicKey.bind(keyStore);
		keyStore.publicKey = () => {
			throw new StorageError("storage-unreadable", "read failed");
		};
		const life = new DeviceLife(image, "power-on");
		life.run(HOUR);
		const complaints = life.reported("storage-failed").filter(({ path }) => path === "keys");
		expect(complaints).toHaveLength(1);
		keyStore.publicKey = publicKey;
		life.run(2 * STORAGE_RETRY_MS);
		expect(life.names).toContain("connection-online");
	});

	it("treats a TLS key that becomes unreadable as missing credentials", () => {
		const image = provisioned();
		const life = online(image, 600_000);
		const publicKey = image.keyStore.publicKey.bind(image.keyStore);
		image.keyStore.publicKey = (name) => {
			if (name === "signing") return publicKey(name);
			throw new StorageError("storage-unreadable", "read failed");
		};
		life.breakConnection();
		life.run(60_000);
		const classes = life.reported("connection-failed").map(({ failureClass }) => failureClass);
		expect(classes).toContain("credentials-missing");
	});

	it("waits for a signing key that becomes unreadable, where it is needed for the token", () => {
		const image = new DeviceImage();
		image.install({
			authentication: { kind: "token", user: "", audience: "broker", lifetimeS: 600 },
		});
		const life = online(image, 600_000);
		image.keyStore.sign = () => {
			throw new StorageError("storage-unreadable", "read failed");
		};
		life.breakConnection();
		life.run(60_000);
		const classes = life.reported("connection-failed").map(({ failureClass }) => failureClass);
		expect(classes).toContain("credentials-missing");
	});

	it("mounts an outbox later that could not be mounted at boot", () => {
		const image = provisioned();
		image.chip.unreadableBytes = 0;
		const life = new DeviceLife(image, "power-on");
		life.run(HOUR);
		const complaints = life.reported("storage-failed").filter(({ path }) => path === "outbox");
		expect(complaints).toHaveLength(1);
		image.chip.unreadableBytes = Infinity;
		life.run(2 * STORAGE_RETRY_MS);
		expect(life.names).toContain("connection-online");
		expect(life.accepted.length).toBeGreaterThan(0);
	});
});

describe("CredentialSlots, unreadable", () => {
	it("throw to whoever asks, and change nothing", () => {
		const image = provisioned();
		image.storage.failReads("hf-cred");
		const before = credentials(image);
		const slots = new CredentialSlots(image.storage);
		expect(slots.isUnreadable).toBe(true);
		expect(slots.begin()).toBeUndefined();
		expect(slots.failed()).toBe("kept");
		expect(() => slots.active()).toThrow(StorageError);
		expect(() => slots.candidate()).toThrow(StorageError);
		expect(() => slots.release()).toThrow(StorageError);
		expect(() => slots.freeKeyName).toThrow(StorageError);
		expect(credentials(image)).toEqual(before);
	});

	it("says that the boot record was corrupt, for its reboots are denied for a day", () => {
		const image = provisioned();
		const booted = (life: DeviceLife) => life.reported("device-booted")[0] ?? {};
		expect("isRecordCorrupt" in booted(online(image))).toBe(false);
		image.keyValue.plant("hf-boot", "record", Uint8Array.of(1, 2, 3));
		const life = new DeviceLife(image, "power-on");
		expect(booted(life)).toMatchObject({ isRecordCorrupt: true, failedBoots: 0 });
	});
});
