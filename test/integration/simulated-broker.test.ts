// The simulated broker in front of somebody else's client, npm's mqtt, and its reader in front of
// packets that mqtt-packet writes. Streams instead of a network.

import { Duplex } from "node:stream";
import mqtt, { type IClientOptions, type MqttClient } from "mqtt";
import { generate, type Packet } from "mqtt-packet";
import type { BrokerConnection } from "../../hosts/simulator/broker-client-host.js";
import type { BrokerMessage } from "../../hosts/simulator/broker-options.js";
import { BrokerReader, type ClientPacket } from "../../hosts/simulator/broker-reader.js";
import { SimulatedBroker } from "../../hosts/simulator/broker.js";
import { VirtualClock } from "../../hosts/simulator/clock.js";
import { Random } from "../../hosts/simulator/random.js";

/** A stream whose other end is a connection of `broker`. */
function streamTo(broker: SimulatedBroker): Duplex {
	const stream: Duplex = new Duplex({
		allowHalfOpen: false,
		read: () => undefined,
		write(bytes: Buffer, _encoding, done) {
			connection.onData?.(new Uint8Array(bytes));
			done();
		},
		final(done) {
			connection.onClosed?.("closed");
			done();
		},
		destroy(error, done) {
			connection.onClosed?.("reset");
			done(error);
		},
	});
	const connection: BrokerConnection = {
		id: 1,
		from: "stream",
		write: (bytes) => void stream.push(Buffer.from(bytes)),
		close: () => void stream.push(null),
		reset: () => void stream.destroy(new Error("reset")),
	};
	broker.accept(connection);
	return stream;
}

describe("SimulatedBroker and npm's mqtt client", () => {
	let clock: VirtualClock;
	let broker: SimulatedBroker;
	let published: BrokerMessage[];
	let clients: MqttClient[];

	beforeEach(() => {
		clock = new VirtualClock();
		published = [];
		clients = [];
		broker = new SimulatedBroker({
			clock,
			random: new Random(1),
			onPublish: (message) => void published.push(message),
		});
	});

	afterEach(async () => {
		for (const client of clients) await client.endAsync(true);
	});

	function open(options: IClientOptions = {}): MqttClient {
		const { MqttClient: Client } = mqtt;
		const client = new Client(() => streamTo(broker) as never, {
			clientId: "theirs",
			clean: false,
			reconnectPeriod: 1,
			resubscribe: false,
			...options,
		});
		client.on("error", () => undefined);
		clients.push(client);
		return client;
	}

	async function connected(options: IClientOptions = {}): Promise<MqttClient> {
		const client = open(options);
		await new Promise<void>((resolve) => client.once("connect", () => resolve()));
		return client;
	}

	/** The next so many messages that `client` gets, as text. */
	function messages(client: MqttClient, count: number): Promise<string[]> {
		const seen: string[] = [];
		return new Promise((resolve) => {
			client.on("message", (topic, payload, { qos, retain }) => {
				seen.push(`${topic} ${payload.toString()} ${qos}${retain ? " retained" : ""}`);
				if (seen.length === count) resolve(seen);
			});
		});
	}

	it("take messages of each QoS from each other", async () => {
		const client = await connected();
		for (const qos of [0, 1, 2] as const) {
			await client.publishAsync(`up/${qos}`, "payload", { qos });
		}
		expect(published.map(({ topic, QoS }) => `${topic} ${QoS}`)).toEqual([
			"up/0 0",
			"up/1 1",
			"up/2 2",
		]);
		await client.subscribeAsync("down/#", { qos: 2 });
		const seen = messages(client, 3);
		for (const QoS of [0, 1, 2] as const) {
			broker.publish(`down/${QoS}`, new Uint8Array(Buffer.from("payload")), { QoS });
		}
		expect(await seen).toEqual(["down/0 payload 0", "down/1 payload 1", "down/2 payload 2"]);
		expect(broker.findings).toEqual([]);
	});

	it("resume a session after every kind of end", async () => {
		const client = await connected();
		await client.subscribeAsync("down", { qos: 2 });
		for (const manner of ["close", "reset"] as const) {
			const again = new Promise<boolean>((resolve) => {
				client.once("connect", ({ sessionPresent }) => resolve(sessionPresent));
			});
			broker.faults.endManner = manner;
			broker.kick();
			broker.publish("down", new Uint8Array(Buffer.from(manner)), { QoS: 2 });
			const seen = messages(client, 1);
			expect(await again).toBe(true);
			expect(await seen).toEqual([`down ${manner} 2`]);
			client.removeAllListeners("message");
		}
		expect(broker.findings).toEqual([]);
	});

	it("send again what was not acknowledged", async () => {
		const client = await connected();
		broker.faults.acknowledgementLossRate = 1;
		const done = client.publishAsync("up", "payload", { qos: 1 });
		while (published.length === 0) await new Promise((resolve) => setTimeout(resolve, 1));
		broker.heal();
		broker.kick();
		await done;
		const [first, second] = published.map(({ packetId }) => packetId);
		expect(second).toBe(first);
		expect(broker.findings).toEqual([]);
	});

	it("agree on wills, retained messages, refusals and wildcards", async () => {
		broker.publish("kept/a", new Uint8Array(Buffer.from("old")), { retain: true });
		const listener = await connected({ clientId: "listener" });
		const seen = messages(listener, 2);
		await listener.subscribeAsync(["kept/+", "gone"], { qos: 1 });
		await connected({
			clientId: "mortal",
			will: { topic: "gone", payload: Buffer.from("bye"), qos: 1, retain: false },
		});
		broker.kick("mortal");
		expect(await seen).toEqual(["kept/a old 1 retained", "gone bye 1"]);
		broker.faults.subackRefusalRate = 1;
		await expect(listener.subscribeAsync("other")).rejects.toThrow();
		broker.heal();
		broker.faults.connackCode = 5;
		const refused = open({ clientId: "refused" });
		const error = await new Promise<Error>((resolve) => refused.once("error", resolve));
		expect(error.message).toContain("Not authorized");
		await listener.unsubscribeAsync("kept/+");
		expect(broker.findings).toEqual([]);
	});
});

describe("BrokerReader and mqtt-packet", () => {
	const packets: readonly Packet[] = [
		{
			cmd: "connect",
			clientId: "device",
			protocolId: "MQTT",
			protocolVersion: 4,
			keepalive: 60,
			clean: false,
		},
		{
			cmd: "connect",
			clientId: "device",
			protocolId: "MQTT",
			protocolVersion: 4,
			keepalive: 0,
			clean: true,
			username: "user",
			password: Buffer.from("secret"),
			will: { topic: "gone", payload: Buffer.from("bye"), qos: 2, retain: true },
		},
		{ cmd: "publish", topic: "a/b", payload: "text", qos: 0, retain: true, dup: false },
		{
			cmd: "publish",
			topic: "ä",
			payload: Buffer.alloc(300),
			qos: 2,
			retain: false,
			dup: true,
			messageId: 65_535,
		},
		{ cmd: "puback", messageId: 1 },
		{ cmd: "pubrec", messageId: 2 },
		{ cmd: "pubrel", messageId: 3 },
		{ cmd: "pubcomp", messageId: 4 },
		{
			cmd: "subscribe",
			messageId: 5,
			subscriptions: [
				{ topic: "a/+", qos: 1 },
				{ topic: "#", qos: 2 },
			],
		},
		{ cmd: "unsubscribe", messageId: 6, unsubscriptions: ["a/+", "#"] },
		{ cmd: "pingreq" },
		{ cmd: "disconnect" },
	];

	it("agree on every packet of a client", () => {
		const reader = new BrokerReader();
		const seen: ClientPacket[] = [];
		for (const packet of packets) {
			reader.read(new Uint8Array(generate(packet)), (read) => void seen.push(read));
		}
		expect(seen.map(({ type }) => type.toLowerCase())).toEqual(packets.map(({ cmd }) => cmd));
		expect(seen[1]).toEqual({
			type: "CONNECT",
			id: "device",
			clean: true,
			keepAliveSeconds: 0,
			user: "user",
			password: new Uint8Array(Buffer.from("secret")),
			will: { topic: "gone", payload: new Uint8Array(Buffer.from("bye")), QoS: 2, retain: true },
		});
		expect(seen[3]).toMatchObject({ topic: "ä", QoS: 2, duplicate: true, packetId: 65_535 });
		expect(seen[8]).toMatchObject({
			subscriptions: [
				{ filter: "a/+", QoS: 1 },
				{ filter: "#", QoS: 2 },
			],
		});
		expect(seen[9]).toMatchObject({ filters: ["a/+", "#"] });
	});
});
