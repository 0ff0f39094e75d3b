// The client under a governor: how much of a flood is read, and what becomes of the rest.

import {
	INBOUND_BYTES_BURST,
	INBOUND_BYTES_PER_SECOND,
	INBOUND_MESSAGES_BURST,
	INBOUND_MESSAGES_PER_SECOND,
	INBOUND_PACED_MS_MAX,
	MQTT_INBOUND_PACKET_BYTES_MAX,
	MQTT_READ_BYTES,
	MQTT_READ_BYTES_PER_TURN,
	MQTT_SKIPPED_PACKET_BYTES_MAX,
} from "../../../src/limits.js";
import type { MQTTClientOptions } from "../../../src/mqtt/client-options.js";
import { Governor } from "../../../src/policy/governor.js";
import { MQTTBench } from "../../support/mqtt-bench.js";
import { puback, publish, pubrec, pubrel } from "../../support/mqtt-server-bytes.js";

const FLOOD_MS_MAX = INBOUND_PACED_MS_MAX * 1.2;

/** A client that is online, with a governor on the same clock. */
function governed(options: Partial<MQTTClientOptions> = {}): MQTTBench {
	const made: MQTTBench[] = []; // the clock is the bench's own
	const clock = { monotonicMs: () => made[0]?.clock.monotonicMs() ?? 0 };
	const governor = new Governor({ clock, timeScale: 1 });
	const bench = MQTTBench.online({ governor, ...options });
	made.push(bench);
	return bench;
}

/** Lets time pass with `piece` always waiting in the socket, until the client closes or `ms`. */
function flood(bench: MQTTBench, piece: Uint8Array, ms = FLOOD_MS_MAX): number {
	for (let passed = 0; passed < ms; passed += 50) {
		if (bench.socket.isClosed) return passed;
		if (bench.socket.unreadBytes < MQTT_READ_BYTES) bench.socket.feed(piece);
		bench.socket.giveRoom(4096);
		bench.clock.advance(50);
	}
	return ms;
}

/** In one piece. Not by spreading: an engine's stack does not take thousands of arguments. */
function joined(packets: readonly Uint8Array[]): Uint8Array {
	const bytes = new Uint8Array(packets.reduce((sum, { length }) => sum + length, 0));
	let offset = 0;
	for (const packet of packets) {
		bytes.set(packet, offset);
		offset += packet.length;
	}
	return bytes;
}

function many(packet: Uint8Array, count: number): Uint8Array {
	return joined(Array.from({ length: count }, () => packet));
}

describe("MQTTClient under a governor", () => {
	it("counts every message once, the ones too large to be read as well", () => {
		const seen = { messages: 0, bytes: 0 };
		const governor = {
			onBytes: (byteLength: number) => void (seen.bytes += byteLength),
			onMessage: () => void seen.messages++,
			admit: () => ({ kind: "open" }) as const,
			heldBackFor: undefined,
		};
		const bench = MQTTBench.online({ governor });
		const { bytes } = seen;
		const largest = new Uint8Array(MQTT_INBOUND_PACKET_BYTES_MAX + 1);
		const packets = [publish({ topic: "a" }), publish({ topic: "a", payload: largest }), pubrel(7)];
		packets.forEach((packet, index) => {
			bench.socket.feed(packet);
			bench.clock.advance(0);
			expect(seen.messages).toBe(index + 1);
		});
		expect(seen.bytes - bytes).toBe(joined(packets).length);
	});

	it("takes a legitimate burst at once", () => {
		const bench = governed();
		const packet = publish({ topic: "a/b", payload: "retained" });
		bench.socket.feed(many(packet, INBOUND_MESSAGES_BURST));
		bench.clock.advance(0);
		expect(bench.messages).toHaveLength(INBOUND_MESSAGES_BURST);
		bench.clock.advance(60_000 * 5);
		expect(bench.closed).toEqual([{ code: "ping-timeout" }]);
	});

	it("takes a queue larger than the burst slowly, and whole", () => {
		const bench = governed();
		const packets = Array.from({ length: 400 }, (_, index) =>
			publish({ topic: "a/b", payload: "queued", QoS: 1, packetId: index + 1 }),
		);
		bench.socket.feed(joined(packets));
		for (let passed = 0; passed < 9_000; passed += 50) {
			bench.socket.giveRoom(4096);
			bench.clock.advance(50);
		}
		expect(bench.messages).toHaveLength(400);
		expect(bench.seenBriefly()).toHaveLength(400);
		expect(bench.closed).toEqual([]);
	});

	it("reads a flood no faster than allowed, leaves the rest in the socket, then ends it", () => {
		const bench = governed();
		const packet = publish({ topic: "a/b", payload: "x".repeat(100) });
		const tookMs = flood(bench, many(packet, 100));
		expect(bench.closed).toEqual([{ code: "flood", detail: "messages" }]);
		expect(tookMs).toBeLessThan(FLOOD_MS_MAX);
		const allowed = INBOUND_MESSAGES_BURST + (INBOUND_MESSAGES_PER_SECOND * (tookMs + 1000)) / 1000;
		expect(bench.messages.length).toBeLessThanOrEqual(allowed);
		expect(bench.timer.active).toBe(0);
	});

	it("ends a flood of empty messages, the smallest that there are", () => {
		const bench = governed();
		flood(bench, many(publish({ topic: "a" }), 2000));
		expect(bench.closed).toEqual([{ code: "flood", detail: "messages" }]);
		expect(bench.messages.length).toBeLessThan(2 * INBOUND_MESSAGES_BURST);
	});

	it("counts the bytes of messages that it skips", () => {
		const bench = governed();
		const largest = new Uint8Array(MQTT_SKIPPED_PACKET_BYTES_MAX - 5);
		const packet = publish({ topic: "a/b", payload: largest });
		const halves = [packet.subarray(0, 150_000), packet.subarray(150_000)] as const;
		let fed = 0;
		for (let passed = 0; passed < FLOOD_MS_MAX && !bench.socket.isClosed; passed += 50) {
			if (bench.socket.unreadBytes < MQTT_READ_BYTES_PER_TURN) {
				bench.socket.feed(halves[fed++ % 2] as Uint8Array);
			}
			bench.clock.advance(50);
		}
		expect(bench.closed).toEqual([{ code: "flood", detail: "bytes" }]);
		const taken = fed * 150_000 - bench.socket.unreadBytes;
		const allowed = INBOUND_BYTES_BURST + (INBOUND_BYTES_PER_SECOND * FLOOD_MS_MAX) / 1000;
		expect(taken).toBeLessThan(allowed + 150_000);
	});

	it("counts packets that are legal at any time: PUBREL and PUBREC out of the blue", () => {
		for (const packet of [pubrel(7), pubrec(9)]) {
			const bench = governed();
			flood(bench, many(packet, 500));
			expect(bench.closed).toEqual([{ code: "flood", detail: "messages" }]);
		}
	});

	it("counts a PUBREC that comes again and again for one message", () => {
		const bench = governed();
		bench.publish(1, 2);
		flood(bench, many(pubrec(1), 500));
		expect(bench.closed).toEqual([{ code: "flood", detail: "messages" }]);
	});

	it("never counts the answers to what it sent itself", () => {
		const bench = governed();
		for (let token = 1; token <= INBOUND_MESSAGES_BURST * 8; token++) {
			bench.publish(token);
			bench.socket.feed(puback(bench.session.inFlight()[0]?.packetId ?? 0));
			bench.socket.giveRoom(4096);
		}
		expect(bench.events.filter((event) => event.startsWith("acknowledged"))).toHaveLength(
			INBOUND_MESSAGES_BURST * 8,
		);
		expect(bench.closed).toEqual([]);
	});

	it("calls it a flood when an answer is late because it waits behind one", () => {
		const bench = governed({ timings: { acknowledgeMs: 1_000 } });
		bench.publish(1);
		flood(bench, many(publish({ topic: "a/b" }), 500));
		expect(bench.closed).toEqual([{ code: "flood", detail: "messages" }]);
	});

	it("still calls a silent broker silent", () => {
		const bench = governed({ timings: { acknowledgeMs: 1_000 } });
		bench.publish(1);
		bench.socket.feed(many(publish({ topic: "a/b" }), 100));
		bench.clock.advance(1_000);
		expect(bench.closed).toEqual([{ code: "acknowledge-timeout" }]);
	});
});
