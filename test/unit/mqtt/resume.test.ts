// What happens to unfinished messages when the connection, the broker's memory or our own goes
// away.

import { encodeUTF8 } from "../../../src/bytes/text.js";
import { MQTT_IN_FLIGHT_MAX, MQTT_WRITE_STALL_MS } from "../../../src/limits.js";
import { Session } from "../../../src/mqtt/session.js";
import { MQTTBench } from "../../support/mqtt-bench.js";
import {
	connack,
	puback,
	pubcomp,
	publish,
	pubrec,
	pubrel,
	suback,
} from "../../support/mqtt-server-bytes.js";
import { MemoryStore } from "../../support/memory-store.js";

/** The connection breaks and the next one is accepted. */
function reconnect(bench: MQTTBench, sessionPresent: boolean): void {
	if (bench.client.state !== "closed") bench.socket.fail();
	bench.connect();
	bench.socket.giveRoom(4096);
	bench.seen();
	bench.events.length = 0;
	bench.socket.feed(connack(0, sessionPresent));
}

describe("a reconnect to a session that the broker kept", () => {
	// [MQTT-4.4.0-1] [MQTT-4.6.0-1] [MQTT-3.3.1-1]
	it("sends unacknowledged messages again, in order, as duplicates, under their own ids", () => {
		const bench = MQTTBench.online();
		bench.publish(11);
		bench.publish(12, 2);
		bench.publish(13);
		bench.socket.feed(puback(1));
		bench.publish(14);
		reconnect(bench, true);
		expect(bench.seenBriefly()).toEqual(["PUBLISH 2 again", "PUBLISH 3 again", "PUBLISH 4 again"]);
		bench.socket.feed(puback(3), puback(4), pubrec(2), pubcomp(2));
		expect(bench.events.filter((event) => event.startsWith("ack"))).toEqual([
			"acknowledged 13",
			"acknowledged 14",
			"acknowledged 12",
		]);
	});

	it("lets what had its PUBREC be published again where the broker ended the connection", () => {
		const bench = MQTTBench.online();
		bench.publish(11, 2);
		bench.socket.feed(pubrec(1));
		bench.socket.fail();
		bench.session.meet(0);
		reconnect(bench, true);
		expect(bench.seenBriefly()).toEqual(["PUBREL 1"]);
		bench.publish(11, 2);
		expect(bench.seenBriefly()).toEqual(["PUBLISH 2"]);
		bench.socket.feed(pubcomp(1), pubrec(2), pubcomp(2));
		expect(bench.events.filter((event) => event.startsWith("ack"))).toEqual(["acknowledged 11"]);
	});

	it("sends the same content again", () => {
		const bench = MQTTBench.online();
		bench.publish(11, 1, "hello");
		reconnect(bench, true);
		expect(bench.seen()).toEqual([
			{
				type: "PUBLISH",
				topic: "a/b",
				payload: encodeUTF8("hello"),
				QoS: 1,
				retain: false,
				duplicate: true,
				packetId: 1,
			},
		]);
	});

	// [MQTT-4.4.0-1] [MQTT-4.6.0-4]
	it("sends PUBREL again for what the broker has taken, in the order of the PUBRECs", () => {
		const bench = MQTTBench.online();
		for (const token of [1, 2, 3]) bench.publish(token, 2);
		bench.socket.feed(pubrec(2), pubrec(1));
		reconnect(bench, true);
		expect(bench.seenBriefly()).toEqual(["PUBLISH 3 again", "PUBREL 2", "PUBREL 1"]);
	});

	// [MQTT-4.6.0-1]
	it("lets no new message overtake those that are sent again", () => {
		const bench = MQTTBench.online();
		for (let token = 1; token <= 3; token++) bench.publish(token);
		bench.socket.fail();
		bench.connect({ onConnected: () => bench.events.push(`publish ${bench.publish(9)}`) });
		bench.socket.giveRoom(4096);
		bench.seen();
		bench.socket.feed(connack(0, true));
		expect(bench.seenBriefly()).toHaveLength(3);
		expect(bench.events.slice(-2)).toEqual(["publish busy", "ready"]);
	});

	it("sends again as fast as the socket takes it, and not for ever", () => {
		const bench = MQTTBench.online();
		for (let token = 1; token <= MQTT_IN_FLIGHT_MAX; token++) bench.publish(token);
		reconnect(bench, true);
		bench.seen();
		bench.socket.fail();
		bench.connect();
		bench.socket.giveRoom(60);
		bench.seen();
		bench.socket.feed(connack(0, true));
		const before = bench.seen().length;
		expect(before).toBeLessThan(MQTT_IN_FLIGHT_MAX);
		bench.socket.giveRoom(60);
		expect(bench.seen().length).toBeGreaterThan(0);
		bench.closed.length = 0;
		bench.clock.advance(MQTT_WRITE_STALL_MS);
		expect(bench.closed).toEqual([{ code: "write-stalled" }]);
	});

	it("frees the id of a QoS 1 message that is gone", () => {
		const bench = MQTTBench.online();
		bench.publish(1);
		bench.publish(2);
		bench.outbox.delete(1);
		reconnect(bench, true);
		expect(bench.seenBriefly()).toEqual(["PUBLISH 2 again"]);
		expect(bench.client.inFlightFree).toBe(MQTT_IN_FLIGHT_MAX - 1);
	});

	it("ends the exchange of a QoS 2 message that is gone, and tells nobody", () => {
		const bench = MQTTBench.online();
		bench.publish(1, 2);
		bench.outbox.delete(1);
		reconnect(bench, true);
		expect(bench.seenBriefly()).toEqual(["PUBREL 1"]);
		bench.events.length = 0;
		bench.socket.feed(pubcomp(1));
		expect(bench.events).toEqual([]);
		expect(bench.client.inFlightFree).toBe(MQTT_IN_FLIGHT_MAX);
	});

	// see transitions.ts, "released"
	it("answers a PUBREC that comes twice after the reconnect", () => {
		const bench = MQTTBench.online();
		bench.publish(1, 2);
		reconnect(bench, true);
		bench.socket.feed(pubrec(1), pubrec(1), pubcomp(1), pubcomp(1));
		expect(bench.seenBriefly()).toEqual(["PUBLISH 1 again", "PUBREL 1", "PUBREL 1"]);
		expect(bench.closed).toHaveLength(1); // the broken connection alone
	});

	it("forgets requests: the next connection subscribes anew", () => {
		const bench = MQTTBench.online();
		bench.client.subscribe([{ topic: "a", QoS: 0 }]);
		reconnect(bench, true);
		bench.socket.feed(suback(1, [0]));
		expect(bench.closed[1]?.clause).toBe("MQTT-3.8.4-2");
	});

	// [MQTT-4.3.3-2]
	it("does not deliver an acknowledged QoS 2 message again", () => {
		const bench = MQTTBench.online();
		bench.socket.feed(publish({ topic: "t", QoS: 2, packetId: 5 }));
		reconnect(bench, true);
		bench.socket.feed(publish({ topic: "t", QoS: 2, packetId: 5, duplicate: true }));
		expect(bench.messages).toHaveLength(1);
		expect(bench.seenBriefly()).toEqual(["PUBREC 5"]);
	});

	it("delivers a QoS 2 message again that was never acknowledged", () => {
		const bench = MQTTBench.online();
		bench.isAcknowledging = false;
		bench.socket.feed(publish({ topic: "t", QoS: 2, packetId: 5 }));
		const [late] = bench.messages;
		reconnect(bench, true);
		if (late) bench.client.acknowledge(late); // of the connection before: without effect
		expect(bench.seen()).toEqual([]);
		bench.isAcknowledging = true;
		bench.socket.feed(publish({ topic: "t", QoS: 2, packetId: 5, duplicate: true }));
		expect(bench.messages).toHaveLength(2);
		expect(bench.seenBriefly()).toEqual(["PUBREC 5"]);
	});
});

describe("a reconnect to a broker that lost the session", () => {
	it("sends unacknowledged messages as new ones, in order", () => {
		const bench = MQTTBench.online();
		for (const token of [1, 2, 3]) bench.publish(token, token === 2 ? 2 : 1);
		reconnect(bench, false);
		expect(bench.seenBriefly()).toEqual(["PUBLISH 4", "PUBLISH 5", "PUBLISH 6"]);
		bench.socket.feed(puback(4));
		expect(bench.events).toContain("acknowledged 1");
	});

	it("leaves what the broker had taken over and lost to its owner, who publishes it again", () => {
		const bench = MQTTBench.online();
		bench.publish(1, 2);
		bench.socket.feed(pubrec(1));
		reconnect(bench, false);
		expect(bench.seen()).toEqual([]);
		expect(bench.events).toEqual(["connected false"]);
		expect(bench.client.inFlightFree).toBe(MQTT_IN_FLIGHT_MAX);
		bench.publish(1, 2);
		expect(bench.seenBriefly()).toEqual(["PUBLISH 2"]);
	});

	it("takes an old inbound id for a new message", () => {
		const bench = MQTTBench.online();
		bench.socket.feed(publish({ topic: "t", QoS: 2, packetId: 5 }));
		reconnect(bench, false);
		bench.socket.feed(publish({ topic: "t", QoS: 2, packetId: 5 }));
		expect(bench.messages).toHaveLength(2);
	});
});

describe("a reboot", () => {
	/** The device loses its memory; the store and the broker keep theirs. */
	function reboot(store: MemoryStore): MQTTBench {
		const bench = new MQTTBench({ session: new Session({ store }) });
		bench.socket.giveRoom(4096);
		bench.seen();
		return bench;
	}

	it("knows an outbound QoS 2 message by the id under which it was sent", () => {
		const store = new MemoryStore();
		const before = MQTTBench.online({ session: new Session({ store }) });
		before.publish(70, 2);
		before.publish(71, 1);
		const after = reboot(store);
		after.outbox.set(70, { topic: "t", payload: new Uint8Array(1), QoS: 2, retain: false });
		after.socket.feed(connack(0, true));
		expect(after.seenBriefly()).toEqual(["PUBLISH 1 again"]);
		expect(after.publish(71)).toBe("sent"); // the outbox offers it again
		expect(after.seenBriefly()).toEqual(["PUBLISH 2"]);
		after.socket.feed(pubrec(1));
		const again = reboot(store);
		again.socket.feed(connack(0, true));
		expect(again.seenBriefly()).toEqual(["PUBREL 1"]);
		again.socket.feed(pubcomp(1));
		expect(again.events).toContain("acknowledged 70");
	});

	it("does not deliver a QoS 2 message twice", () => {
		const store = new MemoryStore();
		const before = MQTTBench.online({ session: new Session({ store }) });
		before.socket.feed(publish({ topic: "t", QoS: 2, packetId: 5 }));
		const after = reboot(store);
		after.socket.feed(connack(0, true), publish({ topic: "t", QoS: 2, packetId: 5 }));
		expect(after.messages).toEqual([]);
		expect(after.seenBriefly()).toEqual(["PUBREC 5"]);
	});

	it("has stored every id before the packet that depends on it leaves", () => {
		const store = new MemoryStore();
		const bench = MQTTBench.online({ session: new Session({ store }) });
		const stored: string[] = [];
		const write = bench.socket.write.bind(bench.socket);
		bench.socket.write = (bytes) => {
			const { outbound, inbound } = new Session({ store }).snapshot();
			const states = outbound.map(({ packetId, state }) => `${state} ${packetId}`);
			stored.push([...states, ...inbound].join(" "));
			return write(bytes);
		};
		bench.publish(1, 2);
		bench.socket.feed(pubrec(1), pubcomp(1));
		bench.socket.feed(publish({ topic: "t", QoS: 2, packetId: 5 }), pubrel(5));
		expect(bench.seenBriefly()).toEqual(["PUBLISH 1", "PUBREL 1", "PUBREC 5", "PUBCOMP 5"]);
		expect(stored).toEqual(["offered 1", "released 1", "5", ""]);
	});

	it("forgets everything stored when the broker has no session", () => {
		const store = new MemoryStore();
		const before = MQTTBench.online({ session: new Session({ store }) });
		before.socket.feed(publish({ topic: "t", QoS: 2, packetId: 5 }));
		const after = reboot(store);
		after.socket.feed(connack(0, false));
		expect(new Session({ store }).snapshot()).toEqual({ outbound: [], inbound: [], broker: 0 });
	});
});
