import { UsageError } from "../../../../tools/command-line.js";
import {
	readServer,
	unitNamer,
	unitSettings,
	type ProvisionOptions,
} from "../../../../tools/provision/provision-options.js";

const OPTIONS: ProvisionOptions = {
	port: ["/dev/null"],
	fleet: "fleet",
	server: ["broker.example"],
	lock: true,
};

describe("readServer", () => {
	it("reads hosts, ports and mqtts URLs", () => {
		expect(readServer("broker.example")).toEqual({ host: "broker.example", port: 8883 });
		expect(readServer("192.0.2.1:443")).toEqual({ host: "192.0.2.1", port: 443 });
		expect(readServer("[fd00::1]:8884")).toEqual({ host: "fd00::1", port: 8884 });
		expect(readServer("mqtts://a.b:1/")).toEqual({ host: "a.b", port: 1 });
	});

	it("refuses every other scheme, and what is no host and port", () => {
		const wrong = [
			"mqtt://a",
			"ws://a",
			"wss://a",
			"://a",
			"",
			"a:0",
			"a:65536",
			"a:b",
			"a b",
			"a/b",
		];
		for (const text of [...wrong, "fd00::1:8883", "user@a", "mqtts://", "a:1:2"]) {
			expect(() => readServer(text)).toThrow(UsageError);
		}
	});
});

describe("unitNamer", () => {
	it("makes a device id of whatever a hardware id is", () => {
		expect(unitNamer("hall-")("a0:b1/é")).toBe("hall-a0-b1--");
		expect(unitNamer("")("x".repeat(80))).toHaveLength(64);
	});

	it("refuses a prefix that no device id has", () => {
		expect(() => unitNamer("a/")).toThrow(UsageError);
	});
});

describe("unitSettings", () => {
	it("refuses options that contradict each other", () => {
		const wrong: Partial<ProvisionOptions>[] = [
			{ wifiPasswordFile: "f" },
			{ mqttPasswordFile: "f" },
			{ mqttUser: "u", mqttPasswordFile: "/no/such/file" },
			{ tokenAudience: "a", mqttPasswordFile: "f" },
			{ pin: ["00"] },
			{ serverName: "a b" },
		];
		for (const change of wrong) {
			expect(() => unitSettings({ ...OPTIONS, ...change })).toThrow(UsageError);
		}
	});

	it("asks for a token where an audience is given", () => {
		const settings = unitSettings({ ...OPTIONS, tokenAudience: "project" });
		const token = { kind: "token", audience: "project", user: "", lifetimeS: 3600 };
		expect(settings.authentication).toEqual(token);
	});
});
