// The simulated broker as a server of MQTT 3.1.1 should be, towards clients that keep the standard.

import { concatBytes } from "../../../src/bytes/arrays.js";
import { encodeUTF8 } from "../../../src/bytes/text.js";
import { BrokerBench } from "../../support/broker-bench.js";
import {
	connect,
	disconnect,
	pingreq,
	subscribe,
	unsubscribe,
} from "../../support/mqtt-client-bytes.js";
import { puback, pubcomp, publish, pubrec, pubrel } from "../../support/mqtt-server-bytes.js";

const HELLO = encodeUTF8("hello");

describe("SimulatedBroker", () => {
	it("says whether it has a session [MQTT-3.2.2-2], unless the client wants none", () => {
		const bench = new BrokerBench();
		const first = bench.open().send(connect());
		expect(first.take()).toEqual([{ type: "CONNACK", sessionPresent: false, code: 0 }]);
		first.send(disconnect());
		expect(first.ended).toBe("closed");
		const second = bench.open().send(connect());
		expect(second.take()).toEqual([{ type: "CONNACK", sessionPresent: true, code: 0 }]);
		const third = bench.open().send(connect({ clean: true }));
		expect(third.take()).toEqual([{ type: "CONNACK", sessionPresent: false, code: 0 }]);
		third.leave();
		const fourth = bench.open().send(connect());
		expect(fourth.take()).toEqual([{ type: "CONNACK", sessionPresent: false, code: 0 }]);
	});

	it("takes messages of each QoS and acknowledges them", () => {
		const bench = new BrokerBench();
		const client = bench.join();
		client.send(publish({ topic: "a/0", payload: HELLO }));
		client.send(publish({ topic: "a/1", payload: HELLO, QoS: 1, packetId: 1 }));
		client.send(publish({ topic: "a/2", payload: HELLO, QoS: 2, packetId: 2 }));
		expect(client.take()).toEqual([
			{ type: "PUBACK", packetId: 1 },
			{ type: "PUBREC", packetId: 2 },
		]);
		client.send(pubrel(2));
		expect(client.take()).toEqual([{ type: "PUBCOMP", packetId: 2 }]);
		const seen = bench.published.map(({ client, topic, QoS }) => ({ client, topic, QoS }));
		expect(seen).toEqual([
			{ client: "client", topic: "a/0", QoS: 0 },
			{ client: "client", topic: "a/1", QoS: 1 },
			{ client: "client", topic: "a/2", QoS: 2 },
		]);
		expect(bench.published[1]?.payload).toEqual(HELLO);
		expect(bench.clauses).toEqual([]);
	});

	it("takes a QoS 2 message once, however often it comes before its PUBREL", () => {
		const bench = new BrokerBench();
		const message = { topic: "a", payload: HELLO, QoS: 2, packetId: 7 };
		bench.join().send(publish(message)).leave();
		const again = bench.join().send(publish({ ...message, duplicate: true }));
		expect(again.take()).toEqual([{ type: "PUBREC", packetId: 7 }]);
		expect(bench.published).toHaveLength(1);
		again.send(pubrel(7));
		again.send(publish(message));
		expect(bench.published).toHaveLength(2);
	});

	it("delivers with the lower of both QoS [MQTT-3.8.4-6], once per client", () => {
		const bench = new BrokerBench();
		const listener = bench.join();
		listener.send(subscribe(1, ["a/+", 1], ["a/b", 2], ["a/#", 0]));
		expect(listener.take()).toEqual([{ type: "SUBACK", packetId: 1, codes: [1, 2, 0] }]);
		bench.broker.publish("a/b", HELLO, { QoS: 1 });
		bench.broker.publish("a/c", HELLO, { QoS: 2 });
		bench.broker.publish("a/c/d", HELLO, { QoS: 2 });
		const seen = listener.take();
		const fields = seen.map(({ topic, QoS, packetId, duplicate, retain }) => {
			return { topic, QoS, packetId, duplicate, retain };
		});
		expect(fields).toEqual([
			{ topic: "a/b", QoS: 1, packetId: 1, duplicate: false, retain: false },
			{ topic: "a/c", QoS: 1, packetId: 2, duplicate: false, retain: false },
			{ topic: "a/c/d", QoS: 0, packetId: undefined, duplicate: false, retain: false },
		]);
		listener.send(puback(1), puback(2));
		expect(bench.broker.session("client")?.pending).toBe(0);
		listener.send(unsubscribe(2, "a/+", "a/b", "a/#"));
		expect(listener.take()).toEqual([{ type: "UNSUBACK", packetId: 2 }]);
		bench.broker.publish("a/b", HELLO);
		expect(listener.take()).toEqual([]);
		expect(bench.clauses).toEqual([]);
	});

	it("walks QoS 2 to its end, and sends again what a connection cut off [MQTT-4.4.0-1]", () => {
		const bench = new BrokerBench();
		const listener = bench.listener("a", 2);
		bench.broker.publish("a", HELLO, { QoS: 2 });
		expect(listener.takeTypes()).toEqual(["PUBLISH"]);
		listener.leave();
		const second = bench.open().send(connect());
		const [connack, repeated] = second.take();
		expect(connack).toEqual({ type: "CONNACK", sessionPresent: true, code: 0 });
		expect(repeated?.["duplicate"]).toBe(true);
		expect(repeated?.["packetId"]).toBe(1);
		second.send(pubrec(1));
		expect(second.take()).toEqual([{ type: "PUBREL", packetId: 1 }]);
		second.leave();
		const third = bench.open().send(connect());
		expect(third.takeTypes()).toEqual(["CONNACK", "PUBREL"]);
		third.send(pubcomp(1));
		expect(bench.broker.session("client")?.pending).toBe(0);
		expect(bench.clauses).toEqual([]);
	});

	it("keeps messages for a client that is away, and holds twenty in flight", () => {
		const bench = new BrokerBench();
		bench.listener("a", 1).leave();
		for (let count = 0; count < 30; count++) bench.broker.publish("a", HELLO);
		const back = bench.open().send(connect());
		expect(back.take()).toHaveLength(21);
		back.send(puback(1));
		expect(back.take()).toHaveLength(1);
	});

	it("gives packet ids that are not in use, and none of 0 [MQTT-2.3.1-2]", () => {
		const bench = new BrokerBench();
		const listener = bench.listener("a", 1);
		const session = bench.broker.session("client");
		bench.broker.publish("a", HELLO);
		if (session) session.lastPacketId = 65_534;
		for (let count = 0; count < 3; count++) bench.broker.publish("a", HELLO);
		expect(listener.take().map(({ packetId }) => packetId)).toEqual([1, 65_535, 2, 3]);
	});

	it("keeps retained messages, and gives them to new subscriptions alone", () => {
		const bench = new BrokerBench();
		const listener = bench.listener("a/#", 1);
		bench.broker.publish("a/b", HELLO, { retain: true });
		expect(listener.take()[0]?.["retain"]).toBe(false);
		listener.send(subscribe(3, ["a/+", 1]));
		const [suback, retained] = listener.take();
		expect(suback?.type).toBe("SUBACK");
		expect(retained?.["retain"]).toBe(true);
		bench.broker.publish("a/b", new Uint8Array(0), { retain: true });
		listener.take();
		listener.send(subscribe(4, ["a/+", 1]));
		expect(listener.takeTypes()).toEqual(["SUBACK"]);
	});

	it("publishes a will where no DISCONNECT came [MQTT-3.1.2-8]", () => {
		const bench = new BrokerBench();
		const will = { topic: "gone", payload: HELLO, QoS: 1 };
		bench.join({ will }).leave();
		expect(bench.published.map(({ topic, isWill }) => ({ topic, isWill }))).toEqual([
			{ topic: "gone", isWill: true },
		]);
		bench.join({ will }).send(disconnect());
		expect(bench.published).toHaveLength(1);
	});

	it("takes nothing that follows a DISCONNECT in the same segment", () => {
		const bench = new BrokerBench();
		const client = bench.join();
		client.send(concatBytes(disconnect(), publish({ topic: "late" })));
		expect(client.ended).toBe("closed");
		expect(bench.published).toEqual([]);
	});

	it("ends the older of two connections with one client id [MQTT-3.1.4-2]", () => {
		const bench = new BrokerBench();
		const older = bench.join();
		const younger = bench.join();
		expect(older.ended).toBe("closed");
		expect(younger.ended).toBeUndefined();
		expect(bench.log).toEqual(["client online", "client taken-over", "client online"]);
		expect(bench.broker.counters.takenOver).toBe(1);
	});

	it("ends a client that is silent for one and a half keep-alives [MQTT-3.1.2-24]", () => {
		const bench = new BrokerBench();
		const client = bench.join({ keepAliveSeconds: 10 });
		bench.clock.advance(14_999);
		client.send(pingreq());
		expect(client.takeTypes()).toEqual(["PINGRESP"]);
		bench.clock.advance(14_999);
		expect(client.ended).toBeUndefined();
		bench.clock.advance(1);
		expect(client.ended).toBe("closed");
		expect(bench.log).toEqual(["client online", "client timed-out"]);
		const patient = bench.join({ keepAliveSeconds: 0 });
		bench.clock.advance(10_000_000);
		expect(patient.ended).toBeUndefined();
	});

	it("ends a connection on which no CONNECT comes", () => {
		const bench = new BrokerBench();
		const silent = bench.open();
		bench.clock.advance(30_000);
		expect(silent.ended).toBe("closed");
	});

	it("holds clients to their access lists, and refuses strangers", () => {
		const bench = new BrokerBench({
			access: (id, _packet, name) =>
				id === name ? { publish: [`own/${id}`], subscribe: [`own/${id}/+`] } : 5,
		});
		const stranger = bench.open("somebody").send(connect());
		expect(stranger.take()).toEqual([{ type: "CONNACK", sessionPresent: false, code: 5 }]);
		expect(stranger.ended).toBe("closed");
		const client = bench.join({}, "client");
		client.send(subscribe(1, ["own/client/a", 1], ["own/other/a", 1]));
		client.send(publish({ topic: "own/other", QoS: 1, packetId: 2 }));
		client.send(publish({ topic: "own/client", QoS: 1, packetId: 3 }));
		expect(client.take()).toEqual([
			{ type: "SUBACK", packetId: 1, codes: [1, 128] },
			{ type: "PUBACK", packetId: 2 },
			{ type: "PUBACK", packetId: 3 },
		]);
		expect(bench.published.map(({ topic }) => topic)).toEqual(["own/client"]);
		expect(bench.clauses).toEqual(["access", "access"]);
	});
});

describe("SimulatedBroker, with a client that breaks the standard", () => {
	const broken: readonly [string, string, (bench: BrokerBench) => void][] = [
		["PUBLISH first", "MQTT-3.1.0-1", (bench) => bench.open().send(publish({ topic: "a" }))],
		["CONNECT twice", "MQTT-3.1.0-2", (bench) => bench.join().send(connect())],
		[
			"another protocol",
			"MQTT-3.1.2-1",
			(bench) => bench.open().send(connect({ protocol: "MQIsdp" })),
		],
		[
			"bytes after DISCONNECT",
			"MQTT-3.14.4-2",
			(bench) => bench.join().send(disconnect(), pingreq()),
		],
		["PUBACK for nothing", "MQTT-4.3.2-2", (bench) => bench.join().send(puback(5))],
		["PUBREC for nothing", "MQTT-4.3.3-2", (bench) => bench.join().send(pubrec(5))],
		[
			"an id in use",
			"MQTT-2.3.1-2",
			(bench) => {
				bench.broker.faults.acknowledgeDelayMs = 1000;
				const message = { topic: "a", QoS: 1, packetId: 4 };
				bench.join().send(publish(message), publish(message));
			},
		],
		[
			"a repetition within one connection",
			"MQTT-4.4.0-1",
			(bench) => {
				bench.broker.faults.acknowledgeDelayMs = 1000;
				const message = { topic: "a", QoS: 1, packetId: 4 };
				bench.join().send(publish(message), publish({ ...message, duplicate: true }));
			},
		],
		[
			"PUBACKs out of order",
			"MQTT-4.6.0-2",
			(bench) => {
				const listener = bench.listener("a", 1);
				for (let count = 0; count < 2; count++) bench.broker.publish("a", HELLO);
				listener.send(puback(2), puback(1));
			},
		],
		[
			"PUBRECs out of order",
			"MQTT-4.6.0-3",
			(bench) => {
				const listener = bench.listener("a", 2);
				for (let count = 0; count < 2; count++) bench.broker.publish("a", HELLO, { QoS: 2 });
				listener.send(pubrec(2), pubrec(1));
			},
		],
		[
			"PUBRELs out of order",
			"MQTT-4.6.0-4",
			(bench) => {
				const client = bench.join();
				client.send(publish({ topic: "a", QoS: 2, packetId: 1 }));
				client.send(publish({ topic: "a", QoS: 2, packetId: 2 }), pubrel(2), pubrel(1));
			},
		],
		[
			"PUBCOMP before PUBREL",
			"MQTT-4.3.3-2",
			(bench) => {
				const listener = bench.listener("a", 2);
				bench.broker.publish("a", HELLO, { QoS: 2 });
				listener.send(pubcomp(1));
			},
		],
	];
	for (const [name, clause, act] of broken) {
		it(`names ${name}`, () => {
			const bench = new BrokerBench();
			act(bench);
			bench.clock.advance(2000);
			expect(bench.clauses).toEqual([clause]);
		});
	}

	it("refuses another protocol level with CONNACK 1 [MQTT-3.1.2-2], and an empty id with 2", () => {
		const bench = new BrokerBench();
		const other = bench.open().send(connect({ level: 5 }));
		expect(other.take()).toEqual([{ type: "CONNACK", sessionPresent: false, code: 1 }]);
		expect(other.ended).toBe("closed");
		const nameless = bench.open().send(connect({ id: "" }));
		expect(nameless.take()).toEqual([{ type: "CONNACK", sessionPresent: false, code: 2 }]);
	});
});
