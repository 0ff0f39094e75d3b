import { UsageError } from "../../../../tools/command-line.js";
import { provisionCommand } from "../../../../tools/provision/provision-command.js";
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
			{ wifiSecurity: "wpa3" },
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

	describe("of a Wi-Fi network", () => {
		beforeEach(() => void (process.env["HOLDFAST_WIFI_PASSWORD"] = "correct horse"));
		afterEach(() => void delete process.env["HOLDFAST_WIFI_PASSWORD"]);

		it("demands what is asked for, and nothing by itself", () => {
			const plain = unitSettings({ ...OPTIONS, wifiSsid: "hall" }).link;
			expect(Object.keys(plain ?? {})).toEqual(["ssid", "password"]);
			const strict = unitSettings({ ...OPTIONS, wifiSsid: "hall", wifiSecurity: "wpa3" }).link;
			expect(strict?.security).toBe("wpa3");
		});

		it("refuses to demand anything of a network without a password", () => {
			delete process.env["HOLDFAST_WIFI_PASSWORD"];
			const open: ProvisionOptions = { ...OPTIONS, wifiSsid: "hall" };
			expect(unitSettings(open).link).toEqual({ ssid: "hall" });
			expect(() => unitSettings({ ...open, wifiSecurity: "wpa2" })).toThrow(
				"--wifi-security: --wifi-password-file or HOLDFAST_WIFI_PASSWORD is needed",
			);
		});
	});
});

describe("--wifi-security", () => {
	const ran = (...words: string[]): string => {
		const said: string[] = [];
		const command = provisionCommand()
			.action(() => undefined)
			.exitOverride()
			.configureOutput({
				writeOut: (text) => said.push(text),
				writeErr: (text) => said.push(text),
			});
		expect(() => command.parse(words, { from: "user" })).toThrow();
		return said.join("").replace(/\s+/g, " ");
	};

	it("is explained by --help", () => {
		expect(ran("--help")).toContain('(default: "wpa2") (choices: "wpa2", "wpa3")');
	});

	it("names what there is, where something else is asked for", () => {
		const words = ["--port", "p", "--server", "s", "--wifi-security", "wep"];
		expect(ran(...words)).toMatch(
			/--wifi-security <floor>' argument 'wep' is invalid.* wpa2, wpa3/,
		);
	});
});
