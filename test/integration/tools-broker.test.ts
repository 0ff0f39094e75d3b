// The command line against a real mosquitto that holds the generated access list, the fleet's
// certificates and its revocation list.
import { spawn } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { Sign1 } from "@auth0/cose";
import mqtt, { type MqttClient } from "mqtt";
import { open } from "../../src/envelope/open.js";
import { publicKeyObject } from "../../tools/pki/device-record.js";
import { Fleet } from "../../tools/pki/fleet.js";
import { verifierCrypto } from "../../tools/verify/verifier-crypto.js";
import { mosquittoPath, startBroker, type TestBroker } from "../support/brokers.js";
import { makeRequest } from "../support/certificate-request.js";
import { build, holdfast, startHoldfast } from "../support/holdfast-command-line.js";
import { SealingDevice, type Sealed } from "../support/sealing-device.js";
import { TemporaryFolder } from "../support/temporary-folder.js";

const BUILD_MS = 180_000;
const ACCESS_OF_AEDES = {
	mayConnect: () => false,
	mayPublish: () => false,
	maySubscribe: () => false,
	mayReceive: () => false,
};

/** A device: its signing key, and the certificate with which it connects. */
interface Unit {
	readonly sealing: SealingDevice;
	readonly certificate: string;
	readonly key: string;
}

let folder: TemporaryFolder;
let fleet: Fleet;
let broker: TestBroker;
let first: Unit;
let second: Unit;
const clients: MqttClient[] = [];

const withMosquitto = mosquittoPath() || process.env.CI ? describe : describe.skip;

async function makeUnit(deviceId: string): Promise<Unit> {
	const sealing = new SealingDevice(deviceId);
	const { csr, key } = makeRequest(deviceId);
	const issued = await fleet.issueDeviceCertificate({ deviceId, csr });
	fleet.writeDevice({
		deviceId,
		hardwareId: deviceId,
		signingKey: Buffer.from(sealing.publicKey).toString("hex"),
		keyId: Buffer.from(sealing.keyId).toString("hex"),
		certificateSerial: issued.serial,
		certificateFingerprint: issued.fingerprint,
		provisionedAt: "2026-01-01T00:00:00Z",
	});
	return { sealing, certificate: issued.pem, key };
}

async function connect(name: string, identity: { certificate: string; key: string }) {
	const client = await mqtt.connectAsync(`mqtts://localhost:${broker.port}`, {
		ca: readFileSync(fleet.authorityFile),
		cert: identity.certificate,
		key: identity.key,
		clientId: name,
		protocolVersion: 4,
		reconnectPeriod: 0,
	});
	client.on("error", () => undefined);
	clients.push(client);
	return client;
}

const connectUnit = (unit: Unit) => connect(unit.sealing.device, unit);

async function publish(client: MqttClient, { topic, bytes }: Sealed): Promise<void> {
	await client.publishAsync(topic, Buffer.from(bytes), { qos: 1 });
}

function address(): string[] {
	return ["--fleet", fleet.folder, "--broker", `mqtts://localhost:${broker.port}`];
}

function jsonLines(output: string): Record<string, unknown>[] {
	const lines = output.split("\n").filter((line) => line !== "");
	return lines.map((line) => JSON.parse(line) as Record<string, unknown>);
}

/** mosquitto's own subscriber, as an operator: `count` messages as lines of JSON. */
function mosquittoSubscriber(name: string, filter: string, count: number) {
	const operator = `${fleet.folder}/operators/${name}`;
	const tls = [
		"--cafile",
		fleet.authorityFile,
		"--cert",
		`${operator}.crt`,
		"--key",
		`${operator}.key`,
	];
	const want = ["-t", filter, "-q", "1", "-C", String(count), "-F", '{"topic":"%t","hex":"%x"}'];
	const words = ["-h", "localhost", "-p", String(broker.port), ...tls, ...want, "-d", "-W", "30"];
	// by lines: a pipe would otherwise hear of the subscription at the end
	const child = spawn("stdbuf", ["-oL", "mosquitto_sub", ...words]);
	let output = "";
	const subscribed = new Promise<void>((resolve) => {
		child.stdout.on("data", (chunk) => {
			output += String(chunk);
			if (output.includes("received SUBACK")) resolve();
		});
	});
	const ended = new Promise<string>((resolve) => {
		child.once("close", () => {
			resolve(
				output
					.split("\n")
					.filter((line) => line.startsWith("{"))
					.join("\n"),
			);
		});
	});
	return { subscribed, ended };
}

withMosquitto("with mosquitto, the command line", () => {
	beforeAll(async () => {
		await build();
		folder = new TemporaryFolder();
		const path = folder.file("fleet");
		const ran = await holdfast(["pki", "init", "--fleet", path, "--name", "Test"]);
		expect(ran.code).toBe(0);
		const issue = (...words: string[]) => holdfast(["pki", "issue", ...words, "--fleet", path]);
		await issue("broker", "main", "--host", "localhost");
		await issue("operator", "alice");
		await issue("operator", "mallory");
		fleet = await Fleet.open(path);
		first = await makeUnit("sensor-1");
		second = await makeUnit("sensor-2");
		const serial = fleet.list().find(({ name }) => name === "mallory")?.serial as string;
		expect((await holdfast(["pki", "revoke", serial, "--fleet", path])).code).toBe(0);
		const list = folder.file("access");
		const write = ["policy", "broker", "--for", "mosquitto", "--fleet", path, "--out", list];
		expect((await holdfast(write)).code).toBe(0);
		broker = await startBroker("mosquitto", {
			folder: folder.file("broker"),
			authorityFile: fleet.authorityFile,
			certificateFile: `${path}/broker/main.crt`,
			keyFile: `${path}/broker/main.key`,
			revocationListFile: fleet.revocationListFile,
			access: ACCESS_OF_AEDES,
			accessList: readFileSync(list, "utf8"),
		});
	}, BUILD_MS);
	afterEach(async () => {
		for (const client of clients.splice(0)) await client.endAsync(true);
	});
	afterAll(async () => {
		await broker?.stop();
		folder?.remove();
	});

	it("lets through what the access list allows, and nothing else", async () => {
		const alice = await connect("alice/test", fleet.operatorIdentity("alice"));
		const heard: string[] = [];
		alice.on("message", (topic) => heard.push(topic));
		await alice.subscribeAsync(["holdfast/#", "elsewhere"], { qos: 1 });
		for (const topic of [
			"holdfast/sensor-2/telemetry",
			"holdfast/sensor-1/command",
			"elsewhere",
			"holdfast/sensor-1/telemetry",
			"holdfast/sensor-1/event",
		]) {
			const device = await connectUnit(first);
			const closed = new Promise((resolve) => device.once("close", () => resolve(undefined)));
			// mosquitto acknowledges what it drops; 2.0.11 closes the connection after that
			await Promise.race([closed, device.publishAsync(topic, "x", { qos: 1 })]);
			await device.endAsync(true);
		}
		while (heard.at(-1) !== "holdfast/sensor-1/event")
			await new Promise((go) => setTimeout(go, 10));
		expect(heard).toEqual(["holdfast/sensor-1/telemetry", "holdfast/sensor-1/event"]);
	});

	it("gives a device its own commands alone, and those only from operators", async () => {
		const device = await connectUnit(first);
		const heard: string[] = [];
		device.on("message", (topic, payload) => heard.push(`${topic} ${String(payload)}`));
		await device.subscribeAsync(["holdfast/+/command", "holdfast/sensor-1/command"], { qos: 1 });
		const other = await connectUnit(second);
		await other.publishAsync("holdfast/sensor-1/command", "from sensor-2", { qos: 1 });
		const alice = await connect("alice/test", fleet.operatorIdentity("alice"));
		await alice.publishAsync("holdfast/sensor-2/command", "for sensor-2", { qos: 1 });
		await alice.publishAsync("holdfast/sensor-1/command", "for sensor-1", { qos: 1 });
		while (heard.length === 0) await new Promise((go) => setTimeout(go, 10));
		expect(new Set(heard)).toEqual(new Set(["holdfast/sensor-1/command for sensor-1"]));
	});

	it("keeps a revoked operator out", async () => {
		const ran = await holdfast(["verify", ...address(), "--operator", "mallory", "--seconds", "5"]);
		expect(ran.code).toBe(1);
		expect(ran.complaints).toHaveLength(1);
		expect(ran.complaints[0]).toMatch(/^holdfast: broker localhost:\d+: /);
	});

	it("verifies what mosquitto_sub receives and what a third party's COSE accepts", async () => {
		const subscriber = mosquittoSubscriber("alice", "holdfast/+/telemetry", 5);
		const ours = startHoldfast([
			"verify",
			...address(),
			"--operator",
			"alice",
			"--count",
			"5",
			"--json",
		]);
		await Promise.all([subscriber.subscribed, ours.said("listening to")]);
		const device = await connectUnit(first);
		for (let count = 0; count < 5; count++)
			await publish(device, first.sealing.reading(20 + count));
		const lines = await subscriber.ended;
		const piped = await holdfast(["verify", "--fleet", fleet.folder, "--json"], lines);
		expect(piped.code).toBe(0);
		const direct = await ours.ended;
		expect(jsonLines(direct.output).slice(0, 5)).toEqual(jsonLines(piped.output).slice(0, 5));
		expect(jsonLines(piped.output).at(-1)).toMatchObject({ kind: "summary", verified: 5 });
		const key = publicKeyObject(first.sealing.publicKey);
		for (const { topic, hex } of jsonLines(lines) as { topic: string; hex: string }[]) {
			const message = Sign1.decode(Buffer.from(hex, "hex"));
			await message.verify(key, { externalAAD: Buffer.from(topic) });
		}
	});

	it("hears in a kept session what was sent while it was away", async () => {
		const words = ["verify", ...address(), "--operator", "alice", "--session", "kept", "--json"];
		const before = startHoldfast(words);
		await before.said("listening to");
		const device = await connectUnit(second);
		await publish(device, second.sealing.reading(1));
		await before.said('"sequence":1');
		before.interrupt();
		expect((await before.ended).code).toBe(0);
		for (let count = 0; count < 3; count++)
			await publish(device, second.sealing.reading(2 + count));
		const after = await holdfast([...words, "--count", "3"]);
		const sequences = jsonLines(after.output)
			.slice(0, 3)
			.map(({ sequence }) => sequence);
		expect(sequences).toEqual([2, 3, 4]);
	});

	describe("holdfast command", () => {
		/** Stands in for the firmware: opens the command and answers with `answer`. */
		async function answering(answer: (sequence: number) => Sealed): Promise<void> {
			const device = await connectUnit(first);
			const operator = fleet.operators()[0]?.publicKey as Uint8Array;
			device.on("message", (topic, payload) => {
				const opened = open(new Uint8Array(payload), topic, () => operator, verifierCrypto());
				if (opened.kind === "opened") void publish(device, answer(opened.envelope.sequence));
			});
			await device.subscribeAsync("holdfast/sensor-1/command", { qos: 1 });
		}

		function resultFor(sequence: number, outcome: "done" | "refused" = "done"): Sealed {
			const operator = Buffer.from(fleet.operators()[0]?.keyId as Uint8Array).toString("hex");
			return first.sealing.result({
				command: sequence,
				operator,
				outcome,
				...(outcome === "refused" ? { reason: "expired" } : { detail: { note: "a\u001b[2Jb" } }),
			});
		}

		function command(...words: string[]) {
			return holdfast(["command", "sensor-1", ...words, ...address(), "--operator", "alice"]);
		}

		it("prints the signed result, and nothing that moves the cursor", async () => {
			await answering((sequence) => resultFor(sequence));
			const ran = await command("report");
			expect(ran.output).toBe("sensor-1: done\n  note: a\\x1b[2Jb\n");
			expect(ran.code).toBe(0);
		});

		it("never uses a sequence twice", async () => {
			const seen: number[] = [];
			await answering((sequence) => {
				seen.push(sequence);
				return resultFor(sequence);
			});
			await Promise.all([command("identify"), command("identify"), command("identify")]);
			expect(new Set(seen).size).toBe(3);
		});

		it("fails where the device refuses", async () => {
			await answering((sequence) => resultFor(sequence, "refused"));
			const ran = await command("set-interval", "5000", "--json");
			expect(ran.code).toBe(1);
			expect(jsonLines(ran.output)[0]).toMatchObject({ outcome: "refused", reason: "expired" });
		});

		it("believes no answer that the device did not sign", async () => {
			await answering((sequence) => {
				const { topic, bytes } = resultFor(sequence);
				const changed = bytes.slice();
				changed[changed.length - 40] = (changed[changed.length - 40] as number) ^ 1;
				return { topic, bytes: changed, sequence };
			});
			const ran = await command("identify", "--timeout", "2");
			expect(ran.code).toBe(1);
			expect(ran.complaints.at(-1)).toMatch(
				/^holdfast: no answer from sensor-1 within 2 s; answers that did not verify: signature/,
			);
		});

		it("names a device that the fleet does not have", async () => {
			const words = ["command", "sensor-9", "identify", ...address(), "--operator", "alice"];
			const ran = await holdfast(words);
			expect([ran.code, ran.complaints]).toEqual([
				1,
				["holdfast: no device sensor-9 in this fleet"],
			]);
		});
	});
});

describe("holdfast verify with files", () => {
	let files: TemporaryFolder;
	const device = new SealingDevice("sensor-1");

	beforeAll(async () => {
		await build();
		files = new TemporaryFolder();
		const pem = publicKeyObject(device.publicKey).export({ type: "spki", format: "pem" });
		writeFileSync(files.file("key.pem"), pem as string);
	}, BUILD_MS);
	afterAll(() => files.remove());

	const key = () => ["--key", files.file("key.pem"), "--device", "sensor-1"];
	const lineOf = ({ topic, bytes }: Sealed) =>
		JSON.stringify({ topic, payload: Buffer.from(bytes).toString("base64") });

	it("says what is verified, refused and missing, and names bad lines by number", async () => {
		const sealed = Array.from({ length: 5 }, () => device.reading());
		const [one, , three, , five] = sealed as [Sealed, Sealed, Sealed, Sealed, Sealed];
		const moved = { ...three, topic: "holdfast/sensor-2/telemetry" };
		const lines = [
			lineOf(one),
			"nonsense",
			lineOf(moved),
			lineOf(three),
			lineOf(one),
			lineOf(five),
		];
		const ran = await holdfast(["verify", ...key()], lines.join("\n"));
		expect(ran.code).toBe(1);
		expect(ran.complaints).toEqual(["holdfast: standard input:2: not JSON"]);
		const said = ran.output.split("\n").map((line) => line.replace(/ +/g, " "));
		expect(said.map((line) => line.split(" ").slice(0, 3).join(" "))).toEqual([
			"verified sensor-1 #1",
			"refused wrong-topic sensor-1",
			"verified sensor-1 #3",
			"refused replay sensor-1",
			"verified sensor-1 #5",
			"",
			`sensor-1 (key ${Buffer.from(device.keyId).toString("hex")}):`,
			" missing #2,",
			" missing #4,",
			"",
		]);
	});

	it("takes one raw envelope with a topic", async () => {
		const { topic, bytes } = device.reading();
		writeFileSync(files.file("raw"), bytes);
		const ran = await holdfast(["verify", files.file("raw"), "--topic", topic, ...key(), "--json"]);
		expect(ran.code).toBe(0);
		expect(jsonLines(ran.output)[0]).toMatchObject({ kind: "verified", device: "sensor-1" });
	});
});
