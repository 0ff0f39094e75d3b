import { Secret } from "../../src/bytes/secret.js";
import { encodeUTF8 } from "../../src/bytes/text.js";
import { DeviceImage, DeviceLife, online, provisioned } from "../support/device-bench.js";

describe("Device, credentials", () => {
	it("keeps a candidate that connects and stays", () => {
		const image = provisioned();
		online(image);
		image.install({ keyName: "tls-1", time: 1_800_000_001 });
		const life = online(image, 60_000);
		life.run(600_000);
		expect(life.names).toContain("credential-promoted");
	});

	it("returns by itself from a candidate that is refused", () => {
		const image = provisioned();
		online(image);
		image.install({ keyName: "tls-1", time: 1_800_000_001 });
		const life = new DeviceLife(image, "power-on", 600_000);
		life.connackCode = 5;
		for (let count = 0; count < 400 && !life.names.includes("credential-reverted"); count++) {
			life.run(30_000);
		}
		life.connackCode = 0;
		life.run(1_200_000);
		expect(life.names).toContain("credential-reverted");
		expect(life.names).toContain("connection-online");
	});

	it("leaves a candidate that the station gave up for a new key", () => {
		const image = provisioned();
		online(image);
		image.install({ keyName: "tls-1", time: 1_800_000_001 });
		const life = online(image, 600_000);
		life.ask("keys");
		life.breakConnection();
		life.run(60_000);
		const started = life.reported("device-started").map(({ isCandidate }) => isCandidate);
		expect(started).toEqual([true, false]);
		expect(life.reported("connection-online")).toHaveLength(2);
	});

	it("does nothing more once it is stopped, whatever it was about to do", () => {
		const image = provisioned();
		online(image);
		image.install({ keyName: "tls-1", time: 1_800_000_001 });
		const life = new DeviceLife(image, "power-on", 600_000);
		life.connackCode = 5;
		life.stopsAfter = "credential-reverted";
		life.run(6_000_000);
		expect(life.reported("device-started")).toHaveLength(1);
	});

	it("blames a candidate for a missing server only after an hour", () => {
		const image = provisioned();
		online(image);
		image.install({ keyName: "tls-1", time: 1_800_000_001 });
		const life = new DeviceLife(image, "power-on", 600_000);
		life.isBrokerUp = false;
		life.run(3_000_000);
		expect(life.reported("connection-failed").length).toBeGreaterThan(5);
		expect(life.names).not.toContain("credential-reverted");
		life.run(4_000_000);
		expect(life.names).toContain("credential-reverted");
	});

	it("does not connect with a key that is not there", () => {
		const image = provisioned();
		image.keyStore.erase("tls-0");
		const life = new DeviceLife(image, "power-on");
		life.run(10_000);
		expect(life.script.sockets).toHaveLength(0);
		expect(life.reported("connection-failed")[0]).toMatchObject({
			failureClass: "credentials-missing",
		});
	});

	it("never reports or publishes a secret", () => {
		const image = new DeviceImage();
		const password = new Secret(encodeUTF8("planted-broker-password"));
		const wifi = new Secret(encodeUTF8("planted-wifi-password"));
		image.install({
			authentication: { kind: "password", user: "sensor-1", password },
			link: { ssid: "hall", password: wifi },
		});
		const life = online(image);
		life.run(3_000);
		const said = JSON.stringify([life.reports, life.published, life.stages]);
		expect(said).not.toContain("planted");
		expect(life.names).toContain("connection-online");
	});

	it("hands the link what its configuration demands of a network, and nothing by itself", () => {
		const image = new DeviceImage();
		const password = () => new Secret(encodeUTF8("correct horse"));
		image.install({ link: { ssid: "hall", password: password(), security: "wpa3" } });
		expect(online(image).linked).toEqual([
			{ ssid: "hall", password: encodeUTF8("correct horse"), security: "wpa3" },
		]);
		const plain = new DeviceImage();
		plain.install({ link: { ssid: "hall", password: password() } });
		expect(Object.keys(online(plain).linked[0] ?? {})).toEqual(["ssid", "password"]);
	});

	it("renews no token of a session that never had a socket", () => {
		const image = new DeviceImage();
		image.install({
			authentication: { kind: "token", user: "", audience: "broker", lifetimeS: 600 },
		});
		const life = new DeviceLife(image, "power-on", 60_000);
		life.tlsError = Object.assign(new Error("no memory"), { code: "tls-resources" });
		life.run(1_000_000);
		expect(life.reported("connection-failed").length).toBeGreaterThan(2);
		expect(life.reported("reconnect-planned")).toEqual([]);
	});

	it("mints a token for each session and renews it by a planned reconnect", () => {
		const image = new DeviceImage();
		image.install({
			authentication: { kind: "token", user: "", audience: "broker", lifetimeS: 600 },
		});
		const life = online(image, 60_000);
		life.run(540_000);
		expect(life.reported("reconnect-planned")).toMatchObject([{ reason: "token-renewal" }]);
		expect(life.reported("connection-online").length).toBe(2);
	});
});
