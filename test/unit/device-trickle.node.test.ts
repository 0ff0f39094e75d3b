// A broker that sends byte by byte, so that every single read succeeds: whole operations have
// deadlines, and the device goes on measuring meanwhile.
import { CONNECT_MS_MAX, SILENCE_MS_MAX } from "../../src/limits.js";
import { COMMAND_TOPIC, DeviceLife, online, provisioned } from "../support/device-bench.js";
import { connack, publish } from "../support/mqtt-server-bytes.js";
import type { ScriptedSocket } from "../support/scripted-socket.js";

/** The last byte of a CONNACK would come ten seconds after the deadline. */
const SLOW_BYTE_MS = CONNECT_MS_MAX / 3 + 3000;
const BYTE_MS = 1000;

/**
 * Feeds byte by byte until the device closes; milliseconds until then. The broker does nothing
 * else.
 */
function trickle(life: DeviceLife, bytes: Uint8Array, byteMs: number): number {
	const { socket } = life.script;
	const startMs = life.clock.monotonicMs();
	for (const byte of bytes) {
		for (let ms = 0; ms < byteMs; ms += 100) {
			if (socket.isClosed) return life.clock.monotonicMs() - startMs;
			life.clock.advance(100);
		}
		if (!socket.isClosed) socket.feed(Uint8Array.of(byte));
	}
	throw new Error("all of it was taken");
}

/** The device's next socket, connected. */
function accept(life: DeviceLife): ScriptedSocket {
	while (life.script.sockets.length === 0) life.clock.advance(100);
	life.script.socket.giveRoom(65_536);
	life.clock.advance(100);
	return life.script.socket;
}

describe("Device, with a broker that trickles", () => {
	it("ends an attempt whose CONNACK is not whole in time", () => {
		const life = new DeviceLife(provisioned(), "power-on");
		const socket = accept(life);
		expect(socket.writes).toHaveLength(1); // CONNECT
		expect(trickle(life, connack(), SLOW_BYTE_MS)).toBeLessThanOrEqual(CONNECT_MS_MAX);
		expect(life.reported("connection-failed")[0]).toMatchObject({
			failureClass: "connack-timeout",
			phase: "joining",
		});
		expectAlive(life);
	});

	it("takes a CONNACK of four seconds", () => {
		const life = new DeviceLife(provisioned(), "power-on");
		const socket = accept(life);
		for (const byte of connack()) {
			life.clock.advance(BYTE_MS);
			socket.feed(Uint8Array.of(byte));
		}
		life.clock.advance(100);
		expect(life.names).toContain("connection-online");
	});

	it("ends a session whose PUBLISH never becomes whole, since nothing else can arrive", () => {
		const life = online();
		const payload = new Uint8Array(1000);
		const message = publish({ topic: COMMAND_TOPIC, payload, QoS: 1, packetId: 1 });
		expect(trickle(life, message, BYTE_MS)).toBeLessThanOrEqual(SILENCE_MS_MAX);
		const [failed] = life.reported("connection-failed");
		expect(["silent", "acknowledge-timeout", "ping-timeout"]).toContain(failed?.failureClass);
		expectAlive(life);
	});
});

/** It measured all the while, and comes back by itself. */
function expectAlive(life: DeviceLife): void {
	expect(life.samples).toBeGreaterThan(10);
	life.reports.length = 0;
	life.run(120_000);
	expect(life.names).toContain("connection-online");
	expect(life.restarts).toBe(0);
}
