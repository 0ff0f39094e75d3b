// `npm start` as a person or a script runs it: the built program, its flags, its exit codes, and
// that it leaves nothing behind.

import { spawn, type ChildProcess } from "node:child_process";
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DEFAULT_RULES } from "../../src/policy/rules.js";
import { Fleet } from "../../tools/pki/fleet.js";
import { AedesAuthorizer } from "../../tools/policy/aedes-authorizer.js";
import { mosquittoAccessList } from "../../tools/policy/mosquitto.js";
import { EmbeddedBroker } from "../../tools/start/broker.js";
import { describeWithEachBroker, startBroker, type TestBroker } from "../support/brokers.js";
import { findSecrets } from "../support/secret-scan.js";
import { until } from "../support/socket-log.js";
import { TemporaryFolder } from "../support/temporary-folder.js";

const PROGRAM = join(process.cwd(), "build/start.js");

interface Ended {
	readonly code: number | null;
	readonly output: string;
	readonly errors: string;
}

describe("npm start", () => {
	let folder: TemporaryFolder;

	beforeEach(() => {
		folder = new TemporaryFolder();
		mkdirSync(folder.file("temporary"));
	});

	afterEach(() => {
		folder.remove();
	});

	/** Runs with a temporary folder of its own, so that what is left behind can be seen. */
	function start(...words: string[]): ChildProcess {
		return spawn(process.execPath, [PROGRAM, ...words], {
			env: { ...process.env, TMPDIR: folder.file("temporary") },
			stdio: ["ignore", "pipe", "pipe"],
		});
	}

	function leftBehind(): string[] {
		return readdirSync(folder.file("temporary"));
	}

	it("ends with a summary once the readings were verified", async () => {
		const words = ["--readings", "15", "--json", "--sample-ms", "100"];
		const { code, output, errors } = await ended(start(...words));
		expect(errors).toBe("");
		const lines = output.trim().split("\n");
		expect(lines).toHaveLength(1);
		expect(JSON.parse(lines[0] ?? "")).toMatchObject({ ok: true, refused: 0, missing: 0 });
		expect(JSON.parse(lines[0] ?? "").readings).toBeGreaterThanOrEqual(15);
		expect(JSON.parse(lines[0] ?? "").timeToFirstReadingMs).toBeGreaterThan(0);
		expect(code).toBe(0);
		expect(leftBehind()).toEqual([]);
	});

	it("does every action on the way and says what came of it", async () => {
		const flags = ["--cut-network", "--restart-broker", "--power-cut", "--tamper"];
		const words = ["--readings", "8", "--json", "--sample-ms", "200", ...flags];
		const { code, output } = await ended(start(...words, "--command", "report"));
		const summary = JSON.parse(output);
		expect(summary).toMatchObject({ ok: true, refused: 1, missing: 0 });
		expect(summary.reconnects).toBeGreaterThanOrEqual(3);
		const outcomes = Object.fromEntries(
			summary.actions.map((report: { action: string; outcome: string }) => [
				report.action,
				report.outcome,
			]),
		);
		expect(outcomes).toEqual({
			"cut-network": "recovered",
			"restart-broker": "recovered",
			"power-cut": "recovered",
			// Which bit is turned over decides which check sees it first.
			tamper: expect.stringMatching(/^[a-z-]+$/),
			command: "done",
		});
		expect(code).toBe(0);
	});

	it("says why when the readings do not come in time", async () => {
		const words = ["--readings", "100000", "--json", "--timeout", "8"];
		const { code, output } = await ended(start(...words));
		expect(JSON.parse(output).ok).toBe(false);
		expect(JSON.parse(output).reason).toContain("while waiting for 100000 readings");
		expect(code).toBe(1);
		expect(leftBehind()).toEqual([]);
	});

	it("prints lines without a terminal, and Ctrl-C leaves nothing behind", async () => {
		const child = start("--sample-ms", "200");
		const end = ended(child);
		await outputOf(child, /verified #\d+ +temperature/);
		expect(leftBehind()).toHaveLength(1);
		child.kill("SIGINT");
		const { code, output, errors } = await end;
		expect({ code, errors }).toEqual({ code: 0, errors: "" });
		expect(output).not.toContain("\u001b");
		expect(leftBehind()).toEqual([]);
	});

	it("ends at Ctrl-C while it is still getting ready", async () => {
		const child = start("--readings", "5", "--json");
		const end = ended(child);
		// Its folder is the first thing that it makes.
		await until(() => leftBehind().length > 0);
		child.kill("SIGINT");
		const { code, output } = await end;
		expect(JSON.parse(output)).toEqual(expect.objectContaining({ ok: false }));
		expect(code).toBe(1);
		expect(leftBehind()).toEqual([]);
	});

	it("explains itself", async () => {
		const { code, output } = await ended(start("--help"));
		for (const flag of ["--broker", "--ca", "--readings", "--json", "--power-cut", "--tamper"]) {
			expect(output).toContain(flag);
		}
		expect(code).toBe(0);
	});

	const mistakes: [words: string[], reason: string][] = [
		[["--nonsense"], "unknown option"],
		[["--readings", "none"], "--readings: a whole number"],
		[["--json"], "--json needs --readings"],
		[["--tamper"], "--tamper needs --readings"],
		[["--broker", "mqtt://localhost"], "mqtts://HOST"],
		[["--broker", "mqtts://localhost", "--ca", "nowhere.pem"], "there is no nowhere.pem"],
		[["--broker", "mqtts://localhost", "--cert", "package.json"], "--cert and --key"],
		[["--ca", "package.json"], "--ca needs --broker"],
		[["--device", "a/b"], "--device"],
		[["--fleet", "fleet"], "--fleet needs --broker"],
		[["--broker", "mqtts://localhost", "--fleet", "nowhere"], "there is no nowhere"],
		[["--readings", "1", "--command", "explode"], "explode"],
		[["extra"], "too many arguments"],
	];
	for (const [words, reason] of mistakes) {
		it(`refuses in one line: ${words.join(" ")}`, async () => {
			const { code, output, errors } = await ended(start(...words));
			expect(errors.trim().split("\n")).toHaveLength(1);
			expect(errors).toContain(reason);
			expect({ code, output }).toEqual({ code: 2, output: "" });
		});
	}
});

describeWithEachBroker("npm start with a broker of one's own", (kind) => {
	let folder: TemporaryFolder;
	let broker: TestBroker;

	beforeAll(async () => {
		folder = new TemporaryFolder();
		const fleet = await Fleet.create(folder.file("fleet"), { name: "own" });
		await fleet.issueOperator({ name: "carol" });
		const hosts = ["localhost", "127.0.0.1"];
		const issued = await fleet.issueBrokerCertificate({ name: "own", hosts });
		broker = await startBroker(kind, {
			folder: folder.file("broker"),
			authorityFile: fleet.authorityFile,
			certificateFile: issued.certificateFile,
			keyFile: issued.keyFile,
			access: new AedesAuthorizer({ operators: () => ["carol"] }),
			accessList: mosquittoAccessList({ rules: DEFAULT_RULES, operators: ["carol"] }),
		});
		writeFileSync(folder.file("password"), "a password that nobody may see\n");
	});

	afterAll(async () => {
		await broker.stop();
		folder.remove();
	});

	it("says why the sensor cannot connect when nothing comes in time", async () => {
		const fleet = await Fleet.open(folder.file("fleet"));
		const { certificate, key } = fleet.brokerIdentity("own");
		const access = new AedesAuthorizer({ operators: () => ["carol"] });
		const unkind = await EmbeddedBroker.start({
			authority: readFileSync(fleet.authorityFile),
			...{ certificate, key },
			access: {
				mayConnect: (name, clientId) => name === "carol" && access.mayConnect(name, clientId),
				mayPublish: () => false,
				maySubscribe: (name, filter) => access.maySubscribe(name, filter),
				mayReceive: () => false,
			},
		});
		const child = spawn(
			process.execPath,
			[
				...[PROGRAM, "--broker", `mqtts://localhost:${unkind.port}`],
				...["--fleet", folder.file("fleet"), "--operator", "carol"],
				...["--readings", "3", "--timeout", "8", "--json"],
			],
			{ stdio: ["ignore", "pipe", "pipe"] },
		);
		const { code, output } = await ended(child);
		await unkind.stop();
		const { reason } = JSON.parse(output) as { reason: string };
		expect(reason).toMatch(/the first reading; the sensor cannot connect: connack-identifier$/);
		expect(code).toBe(1);
	});

	it("delivers and verifies there, and never shows the password", async () => {
		const child = spawn(
			process.execPath,
			[
				...[PROGRAM, "--broker", `mqtts://localhost:${broker.port}`],
				...["--ca", folder.file("fleet/ca.crt"), "--fleet", folder.file("fleet")],
				...["--operator", "carol", "--readings", "3", "--sample-ms", "200"],
				...["--user", "carol", "--password-file", folder.file("password"), "--tamper"],
			],
			{ stdio: ["ignore", "pipe", "pipe"] },
		);
		const { code, output, errors } = await ended(child);
		expect({ code, errors }).toEqual({ code: 0, errors: "" });
		expect(output).toContain("verified #");
		expect(output).not.toContain("starting the broker");
		expect(findSecrets(output, { password: "a password that nobody may see" })).toEqual([]);
	});
});

function ended(child: ChildProcess): Promise<Ended> {
	let output = "";
	let errors = "";
	child.stdout?.on("data", (text) => (output += String(text)));
	child.stderr?.on("data", (text) => (errors += String(text)));
	return new Promise((resolve) => {
		child.once("close", (code) => resolve({ code, output, errors }));
	});
}

/** Resolves once the output has `pattern`; rejects where it ends without. */
function outputOf(child: ChildProcess, pattern: RegExp): Promise<void> {
	let output = "";
	return new Promise((resolve, reject) => {
		child.stdout?.on("data", (text) => {
			output += String(text);
			if (pattern.test(output)) resolve();
		});
		child.once("close", () => reject(new Error(`ended without ${pattern}: ${output}`)));
	});
}
