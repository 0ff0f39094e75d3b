// Each fault of a path: what it does to a connection, and that the path works again without it.

import { GIVE_UP_MS } from "../../../hosts/simulator/pipe.js";
import { TCP_BUFFER_BYTES } from "../../../hosts/simulator/tcp.js";
import { ADDRESS, bytesOf, NetworkBench, PORT } from "../../support/network-bench.js";

/** Nothing is wrong any more: a new connection echoes in the time of two round trips. */
function expectSound(bench: NetworkBench): void {
	const client = bench.connect();
	bench.clock.advance(40);
	client.send("sound");
	bench.clock.advance(40);
	expect(client.received).toBe("sound");
	expect(client.endedAtMs).toBeUndefined();
}

describe("VirtualNetwork", () => {
	it("connects in a round trip and carries bytes both ways in order", () => {
		const bench = new NetworkBench();
		const client = bench.connect();
		bench.clock.advance(39);
		expect(client.connectedAtMs).toBeUndefined();
		bench.clock.advance(1);
		expect(client.connectedAtMs).toBe(40);
		client.send("one ");
		client.send("two");
		bench.clock.advance(40);
		expect(bench.received).toBe("one two");
		expect(client.received).toBe("one two");
		expect(bench.path.bytesSent).toBe(7);
		expect(bench.path.bytesReceived).toBe(7);
		expect(bench.path.connects).toBe(1);
	});

	it("takes all of a write or throws, and wants a literal address", () => {
		const bench = new NetworkBench();
		const client = bench.connect();
		expect(() => client.send("early")).toThrow("not connected");
		bench.clock.advance(100);
		bench.path.isBlackHole = true; // nothing is acknowledged
		client.send("a".repeat(TCP_BUFFER_BYTES - 10));
		expect(client.room).toBe(10);
		expect(() => client.send("b".repeat(11))).toThrow("no room");
		client.send("c".repeat(10));
		expect(client.room).toBe(0);
		expect(() => bench.connect("broker.example")).toThrow("address");
		expect(() => bench.connect("1.2.3.256")).toThrow("address");
		client.socket.close();
		expect(() => client.send("late")).toThrow("closed");
	});

	it("holds back what a board or a server does not read", () => {
		const bench = new NetworkBench();
		const client = bench.connected();
		client.isReading = false;
		bench.server.write(bytesOf("x".repeat(20_000)));
		bench.clock.advance(5000);
		expect(bench.path.bytesReceived).toBe(TCP_BUFFER_BYTES);
		client.isReading = true;
		client.read();
		bench.clock.advance(5000);
		expect(client.received).toHaveLength(20_000);
		bench.server.stopReading();
		client.send("patience");
		bench.clock.advance(5000);
		expect(bench.received).toBe("");
		bench.server.resumeReading();
		bench.clock.advance(100);
		expect(bench.received).toBe("patience");
	});

	it("ends alike for a close and a reset, once everything is read", () => {
		const bench = new NetworkBench();
		const closed = bench.connected();
		bench.server.write(bytesOf("goodbye"));
		bench.server.close();
		bench.clock.advance(100);
		expect(closed.received).toBe("goodbye");
		expect(closed.endedAtMs).toBeDefined();
		const waiting = bench.connected();
		waiting.isReading = false;
		bench.server.write(bytesOf("unread"));
		bench.clock.advance(100);
		bench.server.reset();
		bench.clock.advance(100);
		expect(waiting.endedAtMs).toBeUndefined();
		waiting.read();
		bench.clock.advance(0);
		expect(waiting.received).toBe("unread");
		expect(waiting.endedAtMs).toBeDefined();
	});

	it("tells the server of a close, and resets who writes to nobody", () => {
		const bench = new NetworkBench();
		const client = bench.connected();
		client.send("last words");
		client.socket.close();
		bench.clock.advance(100);
		expect(bench.received).toBe("last words");
		expect(bench.endings).toEqual(["closed"]);
	});

	it("refuses where nobody listens, and is silent where nobody is", () => {
		const bench = new NetworkBench();
		const refused = bench.connect(ADDRESS, PORT + 1);
		const unanswered = bench.connect("203.0.113.9");
		bench.clock.advance(60_000);
		expect(refused.endedAtMs).toBe(40);
		expect(unanswered.endedAtMs).toBeUndefined();
		bench.clock.advance(GIVE_UP_MS * 2);
		expect(unanswered.endedAtMs).toBeDefined();
		expect(unanswered.connectedAtMs).toBeUndefined();
	});

	it("shows observers all that boards send", () => {
		const bench = new NetworkBench();
		const seen: string[] = [];
		bench.network.observe(({ from }, bytes) => seen.push(`${from} ${bytes.length}`));
		bench.network.observe((_, bytes) => seen.push(`${bytes.length}`));
		bench.connected().send("secret");
		expect(seen).toEqual(["board 6", "6"]);
	});

	it("is the same in two runs of one seed", () => {
		const run = (seed: number) => {
			const bench = new NetworkBench(seed);
			bench.path.jitterMs = 500;
			bench.path.lossRate = 0.3;
			const client = bench.connect();
			bench.clock.advance(100_000);
			for (let count = 0; count < 50; count++) {
				if (client.connectedAtMs !== undefined) client.send(`${count} `);
				bench.clock.advance(1000);
			}
			return [client.connectedAtMs, client.reads, bench.clock.waiting];
		};
		expect(run(7)).toEqual(run(7));
		expect(run(7)).not.toEqual(run(8));
	});
});

describe("a path with a fault", () => {
	it("is late by its latency and jitter, and keeps the order", () => {
		const bench = new NetworkBench();
		bench.path.latencyMs = 1000;
		bench.path.jitterMs = 3000;
		const client = bench.connect();
		bench.clock.advance(2000);
		expect(client.connectedAtMs).toBe(2000);
		const sent = Array.from({ length: 100 }, (_, index) => `${index} `);
		for (const text of sent) client.send(text);
		bench.clock.advance(1999);
		expect(client.received).toBe("");
		bench.clock.advance(6001);
		expect(client.received).toBe(sent.join(""));
		bench.path.heal();
		expectSound(bench);
	});

	it("delays what is lost, and delivers all of it once", () => {
		const bench = new NetworkBench(3);
		const client = bench.connected();
		bench.path.lossRate = 0.5;
		for (let count = 0; count < 20; count++) {
			client.send(`${count} `);
			bench.clock.advance(100);
		}
		expect(client.received).not.toBe("0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 ");
		bench.clock.advance(600_000);
		expect(client.received).toBe("0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 ");
		bench.path.heal();
		expectSound(bench);
	});

	it("gives up what is lost for a quarter of an hour", () => {
		const bench = new NetworkBench();
		const client = bench.connected();
		bench.path.lossRate = 1;
		client.send("into the void");
		bench.clock.advance(GIVE_UP_MS - 1000);
		expect(client.endedAtMs).toBeUndefined();
		bench.clock.advance(120_000);
		expect(client.endedAtMs).toBeDefined();
		expect(bench.received).toBe("");
	});

	it("trickles down to a byte a second", () => {
		const bench = new NetworkBench();
		const client = bench.connected();
		bench.echoes = false;
		bench.path.bytesPerSecond = 1;
		bench.server.write(bytesOf("slow"));
		bench.clock.advance(3500);
		expect(client.received).toBe("slo");
		bench.clock.advance(1000);
		expect(client.reads).toEqual([1, 1, 1, 1]);
		bench.path.bytesPerSecond = 1000;
		client.send("z".repeat(2000));
		bench.clock.advance(1100);
		expect(bench.received.length).toBeGreaterThan(900);
		expect(bench.received.length).toBeLessThanOrEqual(1100);
		bench.path.heal();
		bench.clock.advance(1000);
		expect(bench.received).toHaveLength(2000);
	});

	it("crumbles into segments of one byte", () => {
		const bench = new NetworkBench();
		const client = bench.connected();
		bench.path.segmentBytes = 1;
		client.send("abc");
		bench.clock.advance(100);
		expect(client.received).toBe("abc");
		expect(client.reads).toEqual([1, 1, 1]);
	});

	it("resets each connection at the chosen byte", () => {
		const bench = new NetworkBench();
		bench.echoes = false;
		bench.path.resetAfterBytes = 3;
		const client = bench.connected();
		client.send("12345");
		bench.clock.advance(100);
		expect(bench.received).toBe("123");
		expect(client.endedAtMs).toBeDefined();
		expect(bench.endings).toEqual(["reset"]);
		expect(bench.path.resets).toBe(1);
		bench.path.heal();
		bench.echoes = true;
		expectSound(bench);
	});

	it("swallows everything as a black hole, and goes on where TCP still tries", () => {
		const bench = new NetworkBench();
		const client = bench.connected();
		bench.path.isBlackHole = true;
		client.send("through the hole");
		const second = bench.connect();
		bench.clock.advance(30_000);
		expect(bench.received).toBe("");
		expect(client.endedAtMs).toBeUndefined();
		expect(second.connectedAtMs).toBeUndefined();
		bench.path.isBlackHole = false;
		bench.clock.advance(60_000);
		expect(client.received).toBe("through the hole");
		expect(second.connectedAtMs).toBeDefined();
	});

	it("leaves a connection half-open when a reset is lost, until the board sends", () => {
		const bench = new NetworkBench();
		const client = bench.connected();
		bench.path.isBlackHole = true;
		bench.server.reset();
		bench.clock.advance(1000);
		bench.path.isBlackHole = false;
		bench.clock.advance(60_000);
		expect(client.endedAtMs).toBeUndefined();
		client.send("anybody there?");
		bench.clock.advance(100);
		expect(client.endedAtMs).toBeDefined();
		expect(bench.received).toBe("");
	});

	it("forgets idle connections behind a NAT, for ever and without a word", () => {
		const bench = new NetworkBench();
		bench.path.natTimeoutMs = 10_000;
		const busy = bench.connected();
		const idle = bench.connected();
		for (let count = 0; count < 10; count++) {
			bench.clock.advance(5000);
			busy.send(".");
		}
		bench.path.natTimeoutMs = undefined;
		idle.send("hello?");
		bench.clock.advance(5000);
		expect(busy.received).toHaveLength(10);
		expect(idle.received).toBe("hello?"); // nothing had to pass while the box forgot
		bench.path.natTimeoutMs = 10_000;
		bench.clock.advance(11_000);
		idle.send("hello again?");
		bench.clock.advance(100);
		bench.path.heal();
		bench.clock.advance(100_000);
		expect(idle.received).toBe("hello?");
		expect(idle.endedAtMs).toBeUndefined();
		expectSound(bench);
	});

	it("ends at a portal that speaks no protocol of ours", () => {
		const answers = new Set<string>();
		const bench = new NetworkBench();
		bench.path.isCaptive = true;
		for (let count = 0; count < 20; count++) {
			const client = bench.connect("203.0.113.9");
			bench.clock.advance(100);
			client.send("hello");
			bench.clock.advance(100);
			const answer = client.received === "" ? "nothing" : client.received.slice(0, 8);
			answers.add(`${answer}${client.endedAtMs === undefined ? "" : ", end"}`);
		}
		expect([...answers].sort()).toEqual(["HTTP/1.1, end", "nothing", "nothing, end"]);
		expect(bench.accepted).toHaveLength(0);
		bench.path.heal();
		expectSound(bench);
	});

	it("refuses, or has no address", () => {
		const bench = new NetworkBench();
		bench.path.refuse = true;
		const refused = bench.connect();
		bench.clock.advance(100);
		expect(refused.endedAtMs).toBe(40);
		bench.path.heal();
		bench.path.isUp = false;
		const unheard = bench.connect();
		bench.clock.advance(10_000);
		expect(unheard.connectedAtMs).toBeUndefined();
		bench.path.isUp = true;
		bench.clock.advance(10_000);
		expect(unheard.connectedAtMs).toBeDefined();
	});
});
