// Deadlines, keep-alive, the socket's moods, and the one end of every connection.

import {
	MQTT_ACKNOWLEDGE_MS,
	MQTT_CONNACK_MS,
	MQTT_LINGER_MS,
	MQTT_QUEUE_PACKETS_MAX,
	MQTT_UNACKNOWLEDGED_MAX,
	MQTT_WRITE_STALL_MS,
} from "../../../src/limits.js";
import type { SocketErrorCode } from "../../../src/ports.js";
import { MQTTBench } from "../../support/mqtt-bench.js";
import {
	connack,
	pingresp,
	puback,
	publish,
	pubrec,
	pubrel,
	suback,
} from "../../support/mqtt-server-bytes.js";

/** The least that can be published. */
const EMPTY = { topic: "t", payload: new Uint8Array(0), QoS: 0, retain: false } as const;

describe("MQTTClient, deadlines", () => {
	it("closes without CONNACK in time, the time of the socket's connecting included", () => {
		const bench = new MQTTBench();
		bench.clock.advance(MQTT_CONNACK_MS - 10);
		bench.socket.giveRoom(4096);
		bench.clock.advance(9);
		expect(bench.closed).toEqual([]);
		bench.clock.advance(1);
		expect(bench.closed).toEqual([{ code: "connack-timeout" }]);
	});

	it("closes when PUBACK is late, counting from the oldest message", () => {
		const bench = MQTTBench.online();
		bench.publish(1);
		bench.clock.advance(MQTT_ACKNOWLEDGE_MS - 10);
		bench.publish(2);
		bench.socket.feed(puback(1));
		bench.clock.advance(MQTT_ACKNOWLEDGE_MS - 1);
		expect(bench.closed).toEqual([]);
		bench.clock.advance(1);
		expect(bench.closed).toEqual([{ code: "acknowledge-timeout" }]);
	});

	it("gives each step of QoS 2 its own time", () => {
		const bench = MQTTBench.online();
		bench.publish(1, 2);
		bench.clock.advance(MQTT_ACKNOWLEDGE_MS - 1);
		bench.socket.feed(pubrec(1));
		bench.clock.advance(MQTT_ACKNOWLEDGE_MS - 1);
		expect(bench.closed).toEqual([]);
		bench.clock.advance(1);
		expect(bench.closed).toEqual([{ code: "acknowledge-timeout" }]);
	});

	it("closes when SUBACK is late", () => {
		const bench = MQTTBench.online({ timings: { acknowledgeMs: 500 } });
		bench.client.subscribe([{ topic: "a", QoS: 0 }]);
		bench.clock.advance(500);
		expect(bench.closed).toEqual([{ code: "acknowledge-timeout" }]);
	});

	it("closes when the socket takes nothing for too long", () => {
		const bench = MQTTBench.online();
		bench.socket.giveRoom(0);
		bench.socket.feed(publish({ topic: "t", QoS: 1, packetId: 1 }));
		bench.clock.advance(MQTT_WRITE_STALL_MS - 1);
		expect(bench.closed).toEqual([]);
		bench.clock.advance(1);
		expect(bench.closed).toEqual([{ code: "write-stalled" }]);
	});

	it("waits anew for each packet that the socket took", () => {
		const connect = { id: "sensor", clean: false, keepAliveSeconds: 600 };
		const bench = MQTTBench.online({ connect });
		bench.socket.giveRoom(0);
		for (let packetId = 1; packetId <= 3; packetId++) {
			bench.socket.feed(publish({ topic: "t", QoS: 1, packetId }));
		}
		for (let count = 0; count < 3; count++) {
			bench.clock.advance(MQTT_WRITE_STALL_MS - 1);
			bench.socket.giveRoom(4);
		}
		expect(bench.seenBriefly()).toEqual(["PUBACK 1", "PUBACK 2", "PUBACK 3"]);
		bench.clock.advance(MQTT_WRITE_STALL_MS);
		expect(bench.closed).toEqual([]);
	});
});

describe("MQTTClient, keep-alive of 60 seconds", () => {
	// [MQTT-3.1.2-23]
	it("never lets more than the keep-alive pass without sending", () => {
		const bench = MQTTBench.online();
		let silentSeconds = 0;
		for (let second = 1; second <= 600; second++) {
			bench.clock.advance(1000);
			silentSeconds++;
			if (bench.seen().length === 0) continue;
			expect(silentSeconds).toBeLessThanOrEqual(60);
			silentSeconds = 0;
			bench.socket.feed(pingresp());
		}
		expect(silentSeconds).toBeLessThan(60);
		expect(bench.events).toHaveLength(10);
		expect(bench.events[0]).toBe("progress ping-response");
	});

	it("does not ping while packets go both ways", () => {
		const bench = MQTTBench.online();
		for (let count = 1; count <= 10; count++) {
			bench.clock.advance(50_000);
			bench.publish(count);
			bench.socket.feed(puback(count));
		}
		expect(bench.seen().some(({ type }) => type === "PINGREQ")).toBe(false);
	});

	it("pings when it only receives", () => {
		const bench = MQTTBench.online();
		for (let count = 0; count < 2; count++) {
			bench.clock.advance(29_500);
			bench.socket.feed(publish({ topic: "t" }));
		}
		expect(bench.seenBriefly()).toEqual(["PINGREQ"]);
	});

	it("pings when it only acknowledges: that proves nothing end to end", () => {
		const bench = MQTTBench.online();
		for (let count = 1; count <= 6; count++) {
			bench.clock.advance(10_000);
			bench.socket.feed(publish({ topic: "t", QoS: 1, packetId: count }));
		}
		expect(bench.seenBriefly()).toContain("PINGREQ");
	});

	it("notices within one and a half keep-alive periods that nothing comes back", () => {
		const bench = MQTTBench.online({ timings: { pingResponseMs: 3_600_000 } });
		for (let second = 1; second < 90 && bench.closed.length === 0; second++) {
			bench.clock.advance(1000);
			bench.publish(second, 0); // it goes on sending all the time
		}
		expect(bench.closed).toEqual([{ code: "ping-timeout" }]);
	});

	it("closes when PINGRESP is late", () => {
		const bench = MQTTBench.online({ timings: { pingResponseMs: 5000 } });
		bench.clock.advance(59_000 + 4999);
		expect(bench.closed).toEqual([]);
		bench.clock.advance(1);
		expect(bench.closed).toEqual([{ code: "ping-timeout" }]);
	});

	it("starts afresh with each connection", () => {
		const bench = MQTTBench.online();
		bench.clock.advance(59_500); // PINGREQ is out
		bench.client.close();
		bench.connect();
		bench.goOnline();
		bench.clock.advance(58_000);
		expect(bench.seen()).toEqual([]);
		expect(bench.closed).toEqual([]);
	});
});

describe("MQTTClient, backpressure", () => {
	it("reads no further while the application owes too many acknowledgements", () => {
		const bench = MQTTBench.online();
		bench.isAcknowledging = false;
		for (let packetId = 1; packetId <= MQTT_UNACKNOWLEDGED_MAX + 5; packetId++) {
			bench.socket.feed(publish({ topic: "t", QoS: 1, packetId }));
		}
		expect(bench.messages).toHaveLength(MQTT_UNACKNOWLEDGED_MAX);
		expect(bench.socket.unreadBytes).toBeGreaterThan(0);
		bench.isAcknowledging = true;
		for (const message of bench.messages.slice()) bench.client.acknowledge(message);
		expect(bench.messages).toHaveLength(MQTT_UNACKNOWLEDGED_MAX); // not from inside
		bench.clock.advance(0);
		expect(bench.messages).toHaveLength(MQTT_UNACKNOWLEDGED_MAX + 5);
		expect(bench.seen()).toHaveLength(MQTT_UNACKNOWLEDGED_MAX + 5);
	});

	it("reads no further while its own packets find no room, and loses none of them", () => {
		const bench = MQTTBench.online();
		bench.socket.giveRoom(0);
		const ids = Array.from({ length: 500 }, (_, index) => index + 1);
		bench.socket.feed(...ids.map(pubrel));
		expect(bench.socket.unreadBytes).toBe(0); // within what is read at once
		for (let count = 0; count < 600 && bench.client.state === "online"; count++) {
			bench.socket.giveRoom(4);
		}
		expect(bench.seenBriefly()).toEqual(ids.map((id) => `PUBCOMP ${id}`));
		expect(bench.closed).toEqual([]);
	});

	it("queues no more packets than the limit, whatever the broker sends", () => {
		const bench = MQTTBench.online();
		bench.socket.giveRoom(0);
		for (let packetId = 1; packetId <= 2000; packetId++) bench.socket.feed(pubrel(packetId));
		expect(bench.socket.unreadBytes).toBe((2000 - MQTT_QUEUE_PACKETS_MAX / 2) * 4);
	});

	it("lets no packet overtake one that waits for room", () => {
		const bench = MQTTBench.online();
		bench.socket.giveRoom(5);
		bench.client.subscribe([{ topic: "a", QoS: 0 }]);
		bench.socket.feed(publish({ topic: "t", QoS: 1, packetId: 9 }));
		expect(bench.client.publish({ token: 1, ...EMPTY }).kind).toBe("busy");
		expect(bench.seen()).toEqual([]);
		bench.socket.giveRoom(4096);
		expect(bench.seenBriefly()).toEqual(["SUBSCRIBE 1", "PUBACK 9"]);
		bench.socket.giveRoom(9);
		bench.client.subscribe([{ topic: "abc", QoS: 0 }]);
		expect(bench.client.publish({ token: 1, ...EMPTY }).kind).toBe("busy");
	});

	it("gives the loop a turn in the middle of a flood", () => {
		const bench = MQTTBench.online();
		const bytes = publish({ topic: "t", payload: new Uint8Array(1000) });
		const flood = Array.from({ length: 40 }, () => bytes);
		let seenInFirstTurn = 0;
		const { options } = bench.socket;
		const { onReadable } = options;
		options.onReadable = (byteLength) => {
			onReadable?.(byteLength);
			seenInFirstTurn = bench.messages.length;
		};
		bench.socket.feed(...flood);
		expect(bench.messages).toHaveLength(40);
		expect(seenInFirstTurn).toBeLessThan(40);
	});

	it("closes with the cause when the socket throws at a write", () => {
		const bench = MQTTBench.online();
		bench.socket.writeError = Object.assign(new Error("gone"), { code: "tls-record" });
		expect(bench.publish(1)).toBe("sent");
		expect(bench.closed).toEqual([]); // not from inside a public method
		expect(bench.publish(2)).toBe("closed");
		bench.clock.advance(0);
		expect(bench.closed).toEqual([{ code: "tls-record" }]);
		expect(bench.session.holds(1)).toBe(true); // it is sent again by the next client
	});
});

describe("MQTTClient, the end", () => {
	it("passes the socket's code on while it connects", () => {
		const codes: SocketErrorCode[] = ["tcp", "tls-authority", "tls-closed"];
		for (const code of codes) {
			const bench = new MQTTBench();
			bench.socket.fail(code);
			expect(bench.closed).toEqual([{ code }]);
		}
	});

	it("tells a close before CONNACK from one after it", () => {
		const early = new MQTTBench();
		early.socket.giveRoom(4096);
		early.socket.fail("tls-closed");
		expect(early.closed).toEqual([{ code: "closed-before-connack", detail: "tls-closed" }]);
		const late = MQTTBench.online();
		late.socket.fail();
		expect(late.closed).toEqual([{ code: "closed-by-peer", detail: "tcp" }]);
	});

	it("keeps the name of a refused client certificate", () => {
		const bench = new MQTTBench();
		bench.socket.giveRoom(4096);
		bench.socket.fail("tls-client-certificate");
		expect(bench.closed).toEqual([{ code: "tls-client-certificate" }]);
	});

	it("reports the first cause only, and exactly once", () => {
		const bench = MQTTBench.online();
		bench.socket.feed(connack()); // a violation
		bench.socket.options.onError?.();
		bench.socket.options.onReadable?.(1);
		bench.socket.options.onWritable?.(1);
		bench.clock.advance(3_600_000);
		expect(bench.closed).toHaveLength(1);
		expect(bench.socket.closeCount).toBe(1);
	});

	it("leaves no timer behind", () => {
		const bench = MQTTBench.online();
		bench.publish(1);
		bench.socket.fail();
		expect(bench.timer.active).toBe(0);
	});

	it("calls nothing back after close, which may be called twice", () => {
		const bench = MQTTBench.online();
		bench.publish(1);
		bench.client.close();
		bench.client.close();
		bench.socket.options.onError?.();
		bench.clock.advance(3_600_000);
		expect(bench.events).toEqual([]);
		expect(bench.socket.closeCount).toBe(1);
		expect(bench.timer.active).toBe(0);
		expect(bench.publish(2)).toBe("closed");
		expect(bench.client.subscribe([{ topic: "a", QoS: 0 }]).kind).toBe("closed");
		bench.client.disconnect();
	});

	it("may be closed from inside each of its callbacks", () => {
		const names = ["onSecured", "onConnected", "onMessage", "onAcknowledged", "onProgress"];
		for (const name of [...names, "onSubscribed", "onReady", "onOversized"]) {
			const bench = new MQTTBench();
			bench.client.close();
			let count = 0;
			const closing = (): void => {
				count++;
				bench.client.close();
			};
			bench.connect({ [name]: closing });
			bench.publish(0);
			bench.socket.giveRoom(4096);
			const large = publish({ topic: "t", payload: new Uint8Array(10_000) });
			bench.socket.feed(connack(), suback(1, [0]));
			if (bench.client.state === "online") {
				bench.publish(1);
				bench.client.subscribe([{ topic: "a", QoS: 0 }]);
				const id = bench.session.entry(1) ? 1 : 2;
				bench.socket.feed(puback(id), publish({ topic: "t" }), large, publish({ topic: "u" }));
			}
			expect(count).toBeLessThanOrEqual(1);
			expect(bench.closed.length).toBeLessThanOrEqual(1);
		}
	});

	it("says DISCONNECT, lets the broker close first, and reports it as its own", () => {
		const bench = MQTTBench.online();
		bench.client.disconnect();
		expect(bench.client.state).toBe("closing");
		expect(bench.seenBriefly()).toEqual(["DISCONNECT"]);
		expect(bench.closed).toEqual([]);
		bench.socket.feed(publish({ topic: "t" })); // nobody listens any more
		bench.socket.fail("tls-closed");
		expect(bench.events).toEqual(["closed local"]);
	});

	// [MQTT-3.14.4-2]
	it("sends nothing after DISCONNECT and does not wait for long", () => {
		const bench = MQTTBench.online({ timings: { lingerMs: 120_000 } });
		bench.client.disconnect();
		bench.client.disconnect();
		bench.clock.advance(119_999);
		expect(bench.seenBriefly()).toEqual(["DISCONNECT"]);
		expect(bench.closed).toEqual([]);
		bench.clock.advance(1);
		expect(bench.closed).toEqual([{ code: "local" }]);
		const other = MQTTBench.online();
		other.client.disconnect();
		other.clock.advance(MQTT_LINGER_MS);
		expect(other.closed).toEqual([{ code: "local" }]);
	});

	it("disconnects a socket that never connected, without a callback from inside", () => {
		const bench = new MQTTBench();
		bench.client.disconnect();
		expect(bench.closed).toEqual([]);
		bench.clock.advance(0);
		expect(bench.closed).toEqual([{ code: "local" }]);
		expect(bench.seen()).toEqual([]);
	});

	it("frees the session when the socket's constructor throws", () => {
		const bench = new MQTTBench();
		bench.client.close();
		const io = class {
			constructor() {
				throw new TypeError("address");
			}
		};
		expect(() => bench.connect({ socket: { io: io as never } })).toThrow(TypeError);
		bench.connect();
		expect(bench.client.state).toBe("connecting");
	});

	it("leaves nothing behind after a thousand connections", () => {
		const bench = MQTTBench.online();
		for (let count = 0; count < 1000; count++) {
			bench.publish(count);
			bench.socket.fail();
			bench.script.sockets.length = 0;
			bench.connect();
			bench.goOnline(true);
			bench.closed.length = 0;
			bench.socket.feed(puback(bench.session.inFlight()[0]?.packetId ?? 0));
		}
		expect(bench.session.inFlight()).toEqual([]);
		expect(bench.timer.active).toBeLessThanOrEqual(1);
	});
});
