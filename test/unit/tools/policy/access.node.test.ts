import { topicMatches } from "../../../../src/policy/topic-filter.js";
import { deviceAccess, isCovered, operatorAccess } from "../../../../tools/policy/access.js";
import { AedesAuthorizer } from "../../../../tools/policy/aedes-authorizer.js";
import { mosquittoAccessList } from "../../../../tools/policy/mosquitto.js";
import { DEFAULT_RULES } from "../../../../src/policy/rules.js";

describe("access", () => {
	it("mirrors the rights of operators and devices", () => {
		expect(deviceAccess("sensor-1")).toEqual([
			{ right: "write", filter: "holdfast/sensor-1/telemetry" },
			{ right: "write", filter: "holdfast/sensor-1/event" },
			{ right: "write", filter: "holdfast/sensor-1/result" },
			{ right: "write", filter: "holdfast/sensor-1/log" },
			{ right: "read", filter: "holdfast/sensor-1/command" },
		]);
		expect(operatorAccess().at(-1)).toEqual({ right: "write", filter: "holdfast/+/command" });
	});

	it("covers a filter only where it covers every topic of that filter", () => {
		const levels = ["a", "b", "+", "#"];
		const filters = levels
			.flatMap((first) => [
				first,
				...(first === "#"
					? []
					: levels.flatMap((second) => [`${first}/${second}`, `${first}/b/${second}`])),
			])
			.filter((filter) => !/#./.test(filter));
		const topics = [
			"a",
			"b",
			"c",
			"a/a",
			"a/b",
			"b/b",
			"c/c",
			"a/b/a",
			"b/b/c",
			"c/b/c",
			"a/b/c/d",
		];
		for (const filter of filters) {
			for (const allowed of filters) {
				const escapes = topics.some((topic) => {
					return topicMatches(filter, topic) && !topicMatches(allowed, topic);
				});
				if (isCovered(filter, allowed))
					expect([filter, allowed, escapes]).toEqual([filter, allowed, false]);
			}
			expect(isCovered(filter, filter)).toBe(!filter.includes("#") || filter.endsWith("#"));
		}
		expect(isCovered("holdfast/#", "holdfast/+/telemetry")).toBe(false);
		expect(isCovered("#", "holdfast/+/telemetry")).toBe(false);
		expect(isCovered("holdfast/sensor-1/telemetry", "holdfast/+/telemetry")).toBe(true);
	});
});

describe("AedesAuthorizer", () => {
	const authorizer = new AedesAuthorizer({ operators: () => ["alice"] });

	it("keeps a device to its own topics", () => {
		expect(authorizer.mayPublish("sensor-1", "holdfast/sensor-1/telemetry")).toBe(true);
		expect(authorizer.mayPublish("sensor-1", "holdfast/sensor-2/telemetry")).toBe(false);
		expect(authorizer.mayPublish("sensor-1", "holdfast/sensor-1/command")).toBe(false);
		expect(authorizer.maySubscribe("sensor-1", "holdfast/sensor-1/command")).toBe(true);
		expect(authorizer.maySubscribe("sensor-1", "holdfast/+/command")).toBe(false);
		expect(authorizer.maySubscribe("sensor-1", "#")).toBe(false);
		expect(authorizer.mayReceive("sensor-1", "holdfast/sensor-2/command")).toBe(false);
	});

	it("lets an operator hear every device and command it, and no more", () => {
		expect(authorizer.maySubscribe("alice", "holdfast/+/telemetry")).toBe(true);
		expect(authorizer.maySubscribe("alice", "holdfast/sensor-1/result")).toBe(true);
		expect(authorizer.maySubscribe("alice", "holdfast/#")).toBe(false);
		expect(authorizer.mayPublish("alice", "holdfast/sensor-1/command")).toBe(true);
		expect(authorizer.mayPublish("alice", "holdfast/sensor-1/telemetry")).toBe(false);
	});

	it("gives a name with a wildcard nothing", () => {
		for (const name of ["+", "#", "a/b", ""]) {
			expect(authorizer.mayPublish(name, `holdfast/${name}/telemetry`)).toBe(false);
			expect(authorizer.maySubscribe(name, `holdfast/${name}/command`)).toBe(false);
			expect(authorizer.mayConnect(name, name)).toBe(false);
		}
	});

	it("ties the client id to the certificate's name", () => {
		expect(authorizer.mayConnect("sensor-1", "sensor-1")).toBe(true);
		expect(authorizer.mayConnect("sensor-1", "sensor-2")).toBe(false);
		expect(authorizer.mayConnect("sensor-1", "sensor-1/b")).toBe(false);
		expect(authorizer.mayConnect("alice", "alice/verify")).toBe(true);
		expect(authorizer.mayConnect("alice", "sensor-1")).toBe(false);
	});
});

describe("mosquittoAccessList", () => {
	it("writes patterns for devices and topics for each operator", () => {
		const list = mosquittoAccessList({ rules: DEFAULT_RULES, operators: ["alice", "bob"] });
		const entries = list.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
		const operator = [
			"topic read holdfast/+/telemetry",
			"topic read holdfast/+/event",
			"topic read holdfast/+/result",
			"topic read holdfast/+/log",
			"topic write holdfast/+/command",
		];
		expect(entries).toEqual([
			"pattern write holdfast/%u/telemetry",
			"pattern write holdfast/%u/event",
			"pattern write holdfast/%u/result",
			"pattern write holdfast/%u/log",
			"pattern read holdfast/%u/command",
			"user alice",
			...operator,
			"user bob",
			...operator,
		]);
		for (const setting of [
			"require_certificate true",
			"use_identity_as_username true",
			"crlfile ",
		]) {
			expect(list).toContain(setting);
		}
	});
});
