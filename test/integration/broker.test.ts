// What the rest of the integration tests rely on: each broker asks for a certificate, holds the
// access policy in its own way, and keeps sessions across a restart.

import { readFileSync } from "node:fs";
import { connect, connectAsync } from "mqtt";
import type { IClientOptions, MqttClient } from "mqtt";
import { Fleet } from "../../tools/pki/fleet.js";
import { DENIALS, describeWithEachBroker, startBroker } from "../support/brokers.js";
import type { BrokerKind, TestBroker } from "../support/brokers.js";
import { TemporaryFolder } from "../support/temporary-folder.js";

const ACCESS = {
	mayConnect: (name: string, clientId: string) => clientId.startsWith(name),
	mayPublish: (name: string, topic: string) => name === "alice" && topic.startsWith("granted/"),
	maySubscribe: (name: string, filter: string) => name === "alice" && filter.startsWith("granted/"),
	mayReceive: (name: string, topic: string) => name === "alice" && topic.startsWith("granted/"),
};
const ACCESS_LIST = "user alice\ntopic readwrite granted/#\n";

describeWithEachBroker("a broker of the tests", (kind: BrokerKind) => {
	let folder: TemporaryFolder;
	let fleet: Fleet;
	let broker: TestBroker;
	const clients: MqttClient[] = [];

	beforeAll(async () => {
		folder = new TemporaryFolder();
		fleet = await Fleet.create(folder.file("fleet"), { name: "test" });
		await fleet.issueOperator({ name: "alice" });
		const hosts = ["localhost", "127.0.0.1"];
		const { certificateFile, keyFile } = await fleet.issueBrokerCertificate({
			name: "broker",
			hosts,
		});
		broker = await startBroker(kind, {
			folder: folder.file("broker"),
			authorityFile: fleet.authorityFile,
			certificateFile,
			keyFile,
			access: ACCESS,
			accessList: ACCESS_LIST,
		});
	});

	afterEach(async () => {
		for (const client of clients.splice(0)) await client.endAsync(true);
	});

	afterAll(async () => {
		await broker.stop();
		folder.remove();
	});

	function identity(): IClientOptions {
		const { certificate, key } = fleet.operatorIdentity("alice");
		return { ca: readFileSync(fleet.authorityFile), cert: certificate, key };
	}

	async function connectAlice(
		options: IClientOptions = {},
		port = broker.port,
	): Promise<MqttClient> {
		const clientId = `alice/${clients.length}`;
		const client = await connectAsync(
			`mqtts://localhost:${port}`,
			{ ...identity(), clientId, reconnectPeriod: 0, ...options },
			false,
		);
		clients.push(client);
		return client;
	}

	it("refuses a client without a certificate", async () => {
		const options = { cert: undefined, key: undefined } as unknown as IClientOptions;
		await expect(connectAlice(options)).rejects.toThrow();
	});

	it("passes a granted message on", async () => {
		const client = await connectAlice();
		await client.subscribeAsync("granted/a", { qos: 1 });
		const arrived = nextMessage(client);
		await client.publishAsync("granted/a", "hello", { qos: 1 });
		expect(await arrived).toBe("granted/a hello");
	});

	it("shows a refused subscription in its own way", async () => {
		const client = await connectAlice();
		const outcome = await client.subscribeAsync("other/a", { qos: 1 }).then(
			(granted) => granted.map(({ qos }) => qos).join(),
			() => "refused",
		);
		expect(outcome === "refused" || outcome === "128" ? "refused" : "silent").toBe(
			DENIALS[kind].subscribe,
		);
	});

	it("shows a refused publication in its own way", async () => {
		const client = await connectAlice();
		const closed = new Promise((resolve) => client.once("close", () => resolve("closed")));
		const dropped = client.publishAsync("other/a", "hello", { qos: 1 }).then(
			() => "dropped",
			() => "closed",
		);
		expect(await Promise.race([closed, dropped])).toBe(DENIALS[kind].publish);
	});

	it("keeps a session and what waits in it across a restart", async () => {
		const session = { clientId: "alice/session", clean: false };
		const subscriber = await connectAlice(session);
		await subscriber.subscribeAsync("granted/kept", { qos: 1 });
		await subscriber.endAsync();
		const publisher = await connectAlice();
		for (let index = 0; index < 50; index++) {
			await publisher.publishAsync("granted/kept", String(index), { qos: 1 });
		}
		await broker.stop();
		await broker.start();
		const again = connect(`mqtts://localhost:${broker.port}`, { ...identity(), ...session });
		clients.push(again);
		const received: number[] = [];
		await new Promise<void>((resolve) =>
			again.on("message", (_topic, payload) => {
				received.push(Number(payload.toString()));
				if (received.length === 50) resolve();
			}),
		);
		expect(received).toEqual(Array.from({ length: 50 }, (_, index) => index));
	});
});

function nextMessage(client: MqttClient): Promise<string> {
	return new Promise((resolve) =>
		client.once("message", (topic, payload) => resolve(`${topic} ${payload.toString()}`)),
	);
}
