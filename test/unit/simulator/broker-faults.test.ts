// What goes wrong with the simulated broker, and that it is over when it is healed.

import { HOSTILE, HOSTILE_KINDS } from "../../../hosts/simulator/broker-hostility.js";
import { Rival } from "../../../hosts/simulator/rival.js";
import { encodeUTF8 } from "../../../src/bytes/text.js";
import { BenchClient, BrokerBench } from "../../support/broker-bench.js";
import { connect, pingreq, subscribe } from "../../support/mqtt-client-bytes.js";
import { readFromServer } from "../../support/mqtt-reference-reader.js";
import { puback, publish } from "../../support/mqtt-server-bytes.js";

const HELLO = encodeUTF8("hello");
const ONE = publish({ topic: "a", QoS: 1, packetId: 1 });

describe("SimulatedBroker at fault", () => {
	it("crashes without a goodbye and without wills, and has its sessions afterwards", () => {
		const bench = new BrokerBench();
		const client = bench.listener("a", 1, { will: { topic: "gone" } });
		bench.broker.crash("reset");
		expect(client.ended).toBe("reset");
		expect(bench.broker.isUp).toBe(false);
		expect(bench.published).toEqual([]);
		bench.broker.start();
		expect(bench.open().send(connect()).take()[0]?.["sessionPresent"]).toBe(true);
	});

	it("vanishes in silence, and resets what comes on an old connection", () => {
		const bench = new BrokerBench();
		const client = bench.join();
		bench.broker.crash("silence");
		expect(client.ended).toBeUndefined();
		client.send(pingreq());
		expect(client.take()).toEqual([]);
		expect(client.ended).toBe("reset");
	});

	it("resets a connection whose handshake has outlived it", () => {
		let arrive: (connection: BenchClient) => void = () => undefined;
		const bench = new BrokerBench({
			listen: (onConnection) => {
				arrive = onConnection;
				return { close: () => undefined };
			},
		});
		const late = new BenchClient(9, undefined);
		bench.broker.crash();
		arrive(late);
		expect(late.ended).toBe("reset");
		expect(bench.broker.counters.connections).toBe(0);
	});

	it("restarts with its sessions or without", () => {
		const bench = new BrokerBench();
		for (const keepsSessions of [true, false]) {
			const client = bench.listener("a", 1);
			bench.broker.restart({ keepsSessions });
			expect(client.ended).toBe("closed");
			const back = bench.open().send(connect());
			expect(back.take()[0]?.["sessionPresent"]).toBe(keepsSessions);
			back.leave();
		}
	});

	it("forgets sessions between two connections", () => {
		const bench = new BrokerBench();
		bench.join().leave();
		bench.broker.faults.forgetsSessions = true;
		expect(bench.open().send(connect()).take()[0]?.["sessionPresent"]).toBe(false);
	});

	it("refuses with each code", () => {
		const bench = new BrokerBench();
		for (const code of [1, 2, 3, 4, 5]) {
			bench.broker.faults.connackCode = code;
			const client = bench.open().send(connect());
			expect(client.take()).toEqual([{ type: "CONNACK", sessionPresent: false, code }]);
			expect(client.ended).toBe("closed");
		}
		bench.broker.heal();
		expect(bench.join().ended).toBeUndefined();
	});

	it("answers CONNECT late or never", () => {
		const bench = new BrokerBench();
		bench.broker.faults.connackDelayMs = 5000;
		const late = bench.open().send(connect(), ONE);
		bench.clock.advance(4999);
		expect(late.take()).toEqual([]);
		bench.clock.advance(1);
		expect(late.takeTypes()).toEqual(["CONNACK", "PUBACK"]); // what came early is not lost
		bench.broker.faults.isMute = true;
		const never = bench.open().send(connect({ id: "other" }));
		bench.clock.advance(60_000);
		expect(never.take()).toEqual([]);
	});

	it("kicks, at once and some time after CONNACK, with a goodbye or without", () => {
		const bench = new BrokerBench();
		bench.broker.faults.kickAfterConnectMs = 700;
		bench.broker.faults.endManner = "reset";
		const client = bench.join();
		bench.clock.advance(699);
		expect(client.ended).toBeUndefined();
		bench.clock.advance(1);
		expect(client.ended).toBe("reset");
		bench.broker.heal();
		const next = bench.join();
		bench.broker.kick("somebody");
		expect(next.ended).toBeUndefined();
		bench.broker.kick();
		expect(next.ended).toBe("closed");
	});

	it("acknowledges late, in order", () => {
		const bench = new BrokerBench();
		bench.broker.faults.acknowledgeDelayMs = 1000;
		const client = bench.join().send(ONE);
		bench.broker.faults.acknowledgeDelayMs = 100;
		client.send(publish({ topic: "a", QoS: 1, packetId: 2 }));
		bench.clock.advance(999);
		expect(client.take()).toEqual([]);
		bench.clock.advance(1);
		expect(client.take().map(({ packetId }) => packetId)).toEqual([1, 2]);
	});

	it("loses acknowledgements of messages that it has taken", () => {
		const bench = new BrokerBench();
		bench.broker.faults.acknowledgementLossRate = 1;
		const client = bench.join().send(ONE);
		bench.clock.advance(100_000);
		expect(client.take()).toEqual([]);
		expect(bench.published).toHaveLength(1);
	});

	it("loses PINGRESPs", () => {
		const bench = new BrokerBench();
		bench.broker.faults.pingLossRate = 1;
		expect(bench.join().send(pingreq()).take()).toEqual([]);
	});

	it("delivers twice, and knows both acknowledgements", () => {
		const bench = new BrokerBench();
		bench.broker.faults.duplicateRate = 1;
		const listener = bench.listener("a", 1);
		bench.broker.publish("a", HELLO);
		expect(listener.take().map(({ duplicate }) => duplicate)).toEqual([false, true]);
		listener.send(puback(1));
		expect(bench.broker.session("client")?.pending).toBe(1);
		listener.send(puback(1));
		expect(bench.broker.session("client")?.pending).toBe(0);
		expect(bench.clauses).toEqual([]);
	});

	it("refuses subscriptions, or grants less", () => {
		const bench = new BrokerBench();
		bench.broker.faults.subackRefusalRate = 1;
		const client = bench.join().send(subscribe(1, ["a", 1]));
		expect(client.take()[0]?.["codes"]).toEqual([128]);
		bench.broker.publish("a", HELLO);
		expect(client.take()).toEqual([]);
		bench.broker.heal();
		bench.broker.faults.grantedQoSMax = 0;
		client.send(subscribe(2, ["a", 1]));
		expect(client.take()[0]?.["codes"]).toEqual([0]);
	});

	it("writes in pieces, or several packets at once", () => {
		const bench = new BrokerBench();
		bench.broker.faults.chunkBytes = 1;
		const pieces = bench.open().send(connect());
		expect(pieces.writes.map(({ length }) => length)).toEqual([1, 1, 1, 1]);
		bench.broker.heal();
		bench.broker.faults.isJoining = true;
		const whole = bench.open().send(connect({ id: "other" }), ONE, pingreq());
		bench.clock.advance(0);
		expect(whole.writes).toHaveLength(1);
		expect(whole.takeTypes()).toEqual(["CONNACK", "PUBACK", "PINGRESP"]);
	});

	it("floods until it is told to stop", () => {
		const bench = new BrokerBench();
		const client = bench.listener("a", 1);
		bench.broker.flood({ messagesPerSecond: 25, payloadBytes: 10, QoS: 1 });
		bench.clock.advance(1999);
		const flood = client.take();
		expect(flood).toHaveLength(50);
		client.send(puback(flood[0]?.["packetId"] as number));
		bench.broker.flood();
		bench.clock.advance(1000);
		expect(client.take()).toEqual([]);
		expect(bench.clauses).toEqual([]);
	});

	it("has a rival for a client id, which returns until it is stopped", () => {
		const bench = new BrokerBench();
		const { broker, clock } = bench;
		const rival = new Rival({ broker, clock, id: "client", returnMs: 5000 });
		const client = bench.join();
		expect(client.ended).toBeUndefined();
		clock.advance(5000);
		expect(client.ended).toBe("closed");
		expect(rival.connects).toBe(2);
		rival.stop();
		const last = bench.join();
		clock.advance(100_000);
		expect(rival.connects).toBe(2);
		expect(last.ended).toBe("closed"); // only by its own keep-alive
		expect(bench.log[bench.log.length - 1]).toBe("client timed-out");
	});

	it("has a rival that does not return once it was stopped while it waited", () => {
		const bench = new BrokerBench();
		const { broker, clock } = bench;
		const rival = new Rival({ broker, clock, id: "client", returnMs: 5000 });
		bench.join();
		clock.advance(1000);
		rival.stop();
		clock.advance(100_000);
		expect(rival.connects).toBe(1);
	});
});

describe("hostile packets", () => {
	it("go to those who are online, or in place of an answer", () => {
		const bench = new BrokerBench();
		const client = bench.listener("a/+", 1);
		expect(bench.broker.hostile("second-connack")).toBe(1);
		expect(client.takeTypes()).toEqual(["CONNACK"]);
		expect(bench.broker.hostile("suback-too-many")).toBe(0);
		client.send(subscribe(1, ["a", 1]));
		expect(client.take()[0]?.["codes"]).toEqual([1, 1]);
		bench.broker.heal();
		client.send(subscribe(2, ["a", 1]));
		expect(client.take()[0]?.["codes"]).toEqual([1]);
	});

	it("are what they are called: the reference reader refuses those that are malformed", () => {
		const bySight = HOSTILE_KINDS.filter((kind) => {
			const bytes = HOSTILE[kind].build({ topic: "a/b", packetId: 7, count: 1 });
			return readFromServer(bytes).end === "refused";
		});
		const inContext = HOSTILE_KINDS.filter((kind) => {
			// The reference reader decodes text with its engine's decoder: XS lets surrogates pass.
			const isEngines = kind === "topic-with-surrogate";
			return HOSTILE[kind].answer === "violation" && !bySight.includes(kind) && !isEngines;
		});
		// Well-formed packets that nobody may send at that moment.
		expect([...inContext].sort()).toEqual([
			"connack-twice",
			"pingresp-before-connack",
			"pingresp-unasked",
			"puback-unknown",
			"publish-before-connack",
			"second-connack",
			"suback-too-many",
			"suback-unknown",
			"unsuback-unknown",
		]);
		for (const kind of bySight) expect(HOSTILE[kind].answer).toBe("violation");
	});
});
