// Complaints of the field about what brokers and their other clients send, each as a life that must
// go well: 16 to 20.

import { HOSTILE, HOSTILE_KINDS } from "../../hosts/simulator/broker-hostility.js";
import { Operator } from "../../hosts/simulator/operator.js";
import { Random } from "../../hosts/simulator/random.js";
import { encodeUTF8 } from "../../src/bytes/text.js";
import { FieldBench, HOUR, MINUTE, SECOND } from "../support/field-bench.js";

describe("complaint 16: a refused SUBSCRIBE that nobody sees", () => {
	it("is a security event, and readings go on", () => {
		const bench = FieldBench.settled();
		bench.broker.faults.subackRefusalRate = 1;
		bench.broker.kick();
		bench.run(5 * MINUTE);
		const [refused] = bench.named("subscription-refused");
		expect(refused?.["granted"]).toBe(0x80);
		expect(refused?.["isSecurity"]).toBe(true);
		expect(bench.isOnline).toBe(true);
		expect(bench.problems()).toEqual([]);
	});
});

describe("complaint 17: a retained command that is obeyed at every connect", () => {
	it("is refused, each time", () => {
		const bench = FieldBench.settled();
		bench.board.powerCut();
		const { operator, board } = bench;
		// Without a session nothing queues: what waits for the board is the retained message alone.
		bench.broker.kick();
		bench.broker.forget();
		bench.send(operator.command(board.name, { name: "restart" }), { retain: true });
		bench.board.powerOn();
		bench.run(MINUTE);
		for (let count = 0; count < 3; count++) {
			bench.broker.kick();
			bench.run(2 * MINUTE);
		}
		const reasons = bench.named("command-refused").map(({ reason }) => reason);
		expect(reasons.length).toBeGreaterThanOrEqual(4);
		expect(new Set(reasons)).toEqual(new Set(["retained"]));
		expect(bench.named("command-performed")).toEqual([]);
		expect(bench.board.boots("software")).toBe(0);
		expect(bench.problems()).toEqual([]);
	});
});

describe("complaint 18: commands that are believed because the transport is", () => {
	it("are signed, fresh and addressed, or have no effect", () => {
		const bench = FieldBench.settled();
		const { operator, board, world } = bench;
		const { crypto } = world;
		const stranger = new Operator({ crypto, unixSeconds: () => world.unixSeconds, seed: 0x99 });
		const identify = { name: "identify" } as const;
		const good = operator.command(board.name, identify);
		bench.send(good);
		bench.run(SECOND);
		expect(board.identified).toBe(1);
		const altered = good.slice();
		altered[altered.length - 70]! ^= 1;
		const hourAgo = world.unixSeconds - 3600;
		const bad: readonly [string, Uint8Array][] = [
			["replayed", good],
			["signature", altered],
			["unsigned", encodeUTF8('{"name":"identify"}')],
			["a stranger's", stranger.command(board.name, identify)],
			["for another device", operator.command("sensor-9", identify)],
			["another topic's", operator.command(board.name, identify, { topic: "holdfast/x/command" })],
			["expired", operator.command(board.name, identify, { expiresAt: hourAgo })],
			["valid for years", operator.command(board.name, identify, { expiresAt: hourAgo + 1e8 })],
			["not a command", operator.command(board.name, identify, { contentType: "text/plain" })],
		];
		for (const [, bytes] of bad) {
			bench.send(bytes);
			bench.run(SECOND);
		}
		expect(board.identified).toBe(1);
		const refusals = [...bench.named("command-refused"), ...bench.named("signature-rejected")];
		expect(refusals.length).toBe(bad.length);
		bench.send(operator.command(board.name, identify));
		bench.run(SECOND);
		expect(board.identified).toBe(2);
		expect(bench.problems()).toEqual([]);
	});
});

describe("complaint 19: a malicious length that crashes the client", () => {
	it("is named and survived, as is every hostile packet", () => {
		const bench = FieldBench.settled();
		for (const kind of HOSTILE_KINDS) {
			const { answer, moment, clause } = HOSTILE[kind];
			bench.mark();
			const isToldAtOnce = bench.broker.hostile(kind) === 1;
			if (!isToldAtOnce) bench.broker.kick();
			bench.run(MINUTE);
			bench.broker.faults.heal();
			bench.until(() => bench.isOnline, HOUR);
			bench.run(2 * MINUTE);
			const seen = {
				violations: [...new Set(bench.named("protocol-violated").map(({ clause }) => clause))],
				isTooLarge: bench.failures.includes("packet-too-large"),
			};
			const expected = {
				violations: answer === "violation" ? [clause] : [],
				isTooLarge: answer === "too-large",
			};
			expect([kind, moment, seen]).toEqual([kind, moment, expected]);
		}
		expect(bench.boots.map(({ reason }) => reason)).toEqual(["power-on"]);
		expect(bench.problems()).toEqual([]);
	});

	it("is survived in pieces of one byte, and together with another packet", () => {
		const bench = FieldBench.settled();
		for (const kind of HOSTILE_KINDS.filter((kind) => HOSTILE[kind].moment === "online")) {
			if (kind === "announced-300-KB") continue; // a byte at a time it takes a day
			for (const manner of ["chunkBytes", "isJoining"] as const) {
				if (manner === "chunkBytes") bench.broker.faults.chunkBytes = 1;
				else bench.broker.faults.isJoining = true;
				bench.broker.hostile(kind);
				bench.send(encodeUTF8("another packet"), { QoS: 0 });
				bench.run(SECOND);
				bench.broker.faults.heal();
				bench.until(() => bench.isOnline, HOUR);
			}
		}
		expect(bench.boots.map(({ reason }) => reason)).toEqual(["power-on"]);
		expect(bench.problems()).toEqual([]);
	});

	it("is survived whatever the bytes are: packets with bits flipped, cut, or repeated", () => {
		const random = new Random(19);
		const bench = FieldBench.settled();
		const kinds = HOSTILE_KINDS.filter((kind) => kind !== "announced-300-KB");
		for (let round = 0; round < 400; round++) {
			const context = { topic: "holdfast/sensor-1/command", packetId: round + 1, count: 1 };
			const bytes = HOSTILE[random.pick(kinds)].build(context).slice(0, 2000);
			const at = random.integer(0, Math.min(bytes.length - 1, random.pick([4, 40, 2000])));
			bytes[at] = (bytes[at] as number) ^ (1 << random.integer(0, 7));
			const end = random.oneIn(4) ? random.integer(1, bytes.length) : bytes.length;
			bench.broker.client(bench.board.name)?.sendRaw(bytes.subarray(0, end));
			bench.run(20 * SECOND);
		}
		bench.broker.kick();
		bench.until(() => bench.isOnline, HOUR);
		expect(bench.boots.map(({ reason }) => reason)).toEqual(["power-on"]);
		expect(bench.broker.counters.accepted).toBeGreaterThan(20);
		// It acknowledges ids that no session of the broker knows: that is not its fault.
		expect(bench.problems().filter((problem) => !problem.startsWith("MQTT-"))).toEqual([]);
	});

	it("is not met at the end of all packet ids: after 65 535 comes 1", () => {
		const bench = FieldBench.settled();
		const { operator, board, broker } = bench;
		const session = broker.session(board.name);
		if (session) session.lastPacketId = 65_530;
		for (let count = 0; count < 12; count++) {
			bench.send(operator.command(board.name, { name: "identify" }), { QoS: count < 6 ? 1 : 2 });
			bench.run(SECOND);
		}
		expect(board.identified).toBe(12);
		expect(session?.pending).toBe(0);
		expect(bench.problems()).toEqual([]);
	});
});

describe("complaint 20: an empty payload that kills the client", () => {
	it("is an ordinary message", () => {
		const bench = FieldBench.settled();
		for (const QoS of [0, 1, 2] as const) {
			bench.send(new Uint8Array(0), { QoS });
			bench.run(SECOND);
		}
		expect(bench.named("signature-rejected")).toHaveLength(3);
		expect(bench.broker.session(bench.board.name)?.pending).toBe(0);
		expect(bench.failures).toEqual([]);
		expect(bench.problems()).toEqual([]);
	});
});
