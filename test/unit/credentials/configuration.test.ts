import { Secret } from "../../../src/bytes/secret.js";
import { encodeUTF8 } from "../../../src/bytes/text.js";
import type { CBORValue } from "../../../src/cbor/value.js";
import {
	LINK_SECURITIES,
	decodeConfiguration,
	type Configuration,
} from "../../../src/credentials/configuration.js";
import { CONFIGURATION_BYTES_MAX } from "../../../src/limits.js";
import {
	derOf,
	sampleBytes,
	sampleConfiguration,
	spoiltBytes,
} from "../../support/sample-configuration.js";

function decoded(bytes: Uint8Array): Configuration {
	const read = decodeConfiguration(bytes);
	if (read.kind === "invalid") throw new Error(`${read.path}: ${read.expected}`);
	return read.value;
}

function problem(bytes: Uint8Array): { path: string; expected: string } | "valid" {
	const read = decodeConfiguration(bytes);
	return read.kind === "valid" ? "valid" : { path: read.path, expected: read.expected };
}

describe("decodeConfiguration", () => {
	it("reads what encodeConfiguration writes", () => {
		const { link, ...rest } = sampleConfiguration({ serverName: "mqtt.example" });
		const read = decoded(sampleBytes({ serverName: "mqtt.example" }));
		const { link: readLink, ...readRest } = read;
		expect(readRest).toEqual(rest);
		expect(readLink.ssid).toBe(link.ssid);
		expect(readLink.password?.reveal()).toEqual(encodeUTF8("correct horse"));
	});

	it("reads what a network must offer, and adds nothing where nothing is said", () => {
		for (const security of LINK_SECURITIES) {
			const password = new Secret(encodeUTF8("correct horse"));
			const { link } = decoded(sampleBytes({ link: { ssid: "hall", password, security } }));
			expect(link.security).toBe(security);
			expect(link.password?.reveal()).toEqual(encodeUTF8("correct horse"));
		}
		expect(Object.keys(decoded(sampleBytes()).link)).toEqual(["ssid", "password"]);
		expect(decoded(sampleBytes({ link: { ssid: "hall" } })).link).toEqual({ ssid: "hall" });
	});

	it("refuses every other demand on a network, and any without a password", () => {
		for (const security of ["WPA3", "wpa", "open", "", 3, true, null]) {
			expect(problem(spoiltBytes(["link", "security"], security))).toEqual({
				path: "link.security",
				expected: "one of wpa2, wpa3",
			});
		}
		for (const security of LINK_SECURITIES) {
			expect(problem(sampleBytes({ link: { ssid: "hall", security } }))).toEqual({
				path: "link.security",
				expected: "nothing without a password",
			});
		}
	});

	it("reads each kind of authentication", () => {
		const password = new Secret(encodeUTF8("open sesame"));
		const byPassword = decoded(
			sampleBytes({ authentication: { kind: "password", user: "u", password }, certificates: [] }),
		).authentication;
		expect(byPassword.kind === "password" && byPassword.password.reveal()).toEqual(
			encodeUTF8("open sesame"),
		);
		const token = { kind: "token", audience: "project", user: "", lifetimeS: 3600 } as const;
		expect(decoded(sampleBytes({ authentication: token })).authentication).toEqual(token);
	});

	it("keeps passwords out of every text form", () => {
		const password = new Secret(encodeUTF8("open sesame"));
		const authentication = { kind: "password", user: "u", password } as const;
		const read = decoded(sampleBytes({ authentication }));
		const text = JSON.stringify(read) + String(read.link.password);
		expect(text.includes("sesame")).toBe(false);
		expect(text.includes("horse")).toBe(false);
		expect(text).toContain("[secret]");
	});

	it("names the first field that is wrong", () => {
		const wrong: [(string | number)[], CBORValue | undefined, string][] = [
			[["version"], 2, "version"],
			[["deviceId"], "a/b", "deviceId"],
			[["deviceId"], "x".repeat(65), "deviceId"],
			[["deviceId"], undefined, "deviceId"],
			[["servers"], [], "servers"],
			[["servers", 1, "port"], 65_536, "servers[1].port"],
			[["servers", 1, "port"], 0, "servers[1].port"],
			[["servers", 0, "scheme"], "mqtts", "servers[0].scheme"],
			[["serverName"], "a b", "serverName"],
			[["authorities"], [], "authorities"],
			[["authorities", 1], encodeUTF8("-----BEGIN CERTIFICATE-----"), "authorities[1]"],
			[["pins", 0], new Uint8Array(31), "pins[0]"],
			[["certificates", 0], derOf(500).subarray(0, 499), "certificates[0]"],
			[["certificates"], [], "authentication"],
			[["keyName"], "signing", "keyName"],
			[["authentication", "kind"], "none", "authentication.kind"],
			[["authentication", "user"], "u", "authentication.user"],
			[["operators", 0, "publicKey"], new Uint8Array(33), "operators[0].publicKey"],
			[["operators", 0, "commands", 1], "", "operators[0].commands[1]"],
			[["policy"], undefined, "policy"],
			[["sampleIntervalMs"], 99, "sampleIntervalMs"],
			[["keepAliveS"], 0, "keepAliveS"],
			[["keepAliveS"], 60.5, "keepAliveS"],
			[["link", "password"], new Uint8Array(65), "link.password"],
			[["time"], -1, "time"],
			[["colour"], 1, "colour"],
		];
		for (const [path, value, expected] of wrong) {
			const found = problem(spoiltBytes(path, value));
			expect(found === "valid" ? "valid" : found.path).toBe(expected);
		}
	});

	it("refuses a broker that is not given as host and port, for it is always mqtts", () => {
		const urls = ["mqtt://broker.example", "mqtts://broker.example", "broker.example:1883"];
		for (const url of urls) {
			expect(problem(spoiltBytes(["servers", 0], url))).toEqual({
				path: "servers[0]",
				expected: "a map of host and port (always mqtts)",
			});
			const host = problem(spoiltBytes(["servers", 0, "host"], url));
			expect(host === "valid" ? host : host.path).toBe("servers[0].host");
		}
		for (const host of [
			"",
			"a b",
			"a/b",
			"user@host",
			"[::1]",
			"-a.b",
			"a..b",
			".a",
			"é.example",
		]) {
			const found = problem(spoiltBytes(["servers", 0, "host"], host));
			expect(found === "valid" ? host : found.path).toBe("servers[0].host");
		}
	});

	it("takes host names and literal addresses", () => {
		for (const host of [
			"a",
			"localhost",
			"a.b-c.example.",
			"192.0.2.1",
			"::1",
			"fd00::192.0.2.1",
		]) {
			expect(problem(spoiltBytes(["servers", 0, "host"], host))).toBe("valid");
		}
	});

	it("bounds chains and authorities as a whole", () => {
		const chain = [derOf(2000), derOf(1500)];
		expect(problem(spoiltBytes(["certificates"], chain))).toBe("valid");
		expect(problem(spoiltBytes(["certificates"], [...chain, derOf(100)]))).toEqual({
			path: "certificates",
			expected: "at most 3500 bytes in all",
		});
		const authorities = [derOf(1500), derOf(1001)];
		expect(problem(spoiltBytes(["authorities"], authorities))).toEqual({
			path: "authorities",
			expected: "at most 2500 bytes in all",
		});
	});

	it("refuses bytes that are too many, no CBOR, or not deterministic", () => {
		expect(problem(new Uint8Array(CONFIGURATION_BYTES_MAX + 1))).toEqual({
			path: "",
			expected: "at most 7168 bytes",
		});
		const bytes = sampleBytes();
		for (let length = 0; length < bytes.length; length++) {
			expect(problem(bytes.subarray(0, length)) === "valid").toBe(false);
		}
		expect(problem(Uint8Array.of(0xb8, 0x00))).toEqual({
			path: "",
			expected: "deterministic CBOR (not-deterministic at 2)",
		});
		expect(problem(Uint8Array.of(0x01))).toEqual({ path: "", expected: "a map" });
	});
});
