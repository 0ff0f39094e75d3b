import { encodeCommand } from "../../src/command/command.js";
import { decodeResult } from "../../src/command/result.js";
import { decodeGap } from "../../src/envelope/gap.js";
import { SUBSCRIBE_AGAIN_MS } from "../../src/limits.js";
import {
	DeviceImage,
	DeviceLife,
	NOW,
	online,
	provisioned,
	type Published,
} from "../support/device-bench.js";

function on(life: DeviceLife, channel: string): readonly Published[] {
	return life.published.filter(({ topic }) => topic === `holdfast/sensor-1/${channel}`);
}

function sequences(published: readonly Published[]): number[] {
	return published.map(({ envelope }) => envelope.sequence);
}

function resultsOf(life: DeviceLife) {
	return on(life, "result").map(({ envelope }) => {
		const read = decodeResult(envelope.payload);
		if (read.kind === "invalid") throw new Error(read.expected);
		return read.value;
	});
}

describe("Device without a configuration", () => {
	it("says so, samples nothing and connects to nothing", () => {
		const life = new DeviceLife(new DeviceImage(), "power-on");
		life.run(10_000);
		expect(life.names).toEqual(["device-booted", "device-unprovisioned"]);
		expect(life.samples).toBe(0);
		expect(life.script.sockets).toHaveLength(0);
	});
});

describe("Device, outbound", () => {
	it("publishes every accepted reading once, and says how it booted", () => {
		const life = online();
		life.run(5_000);
		expect(life.accepted.length).toBeGreaterThan(4);
		expect(sequences(on(life, "telemetry"))).toEqual(life.accepted);
		expect(on(life, "event")).toHaveLength(1);
	});

	it("stores readings while there is no broker and publishes them in order later", () => {
		const life = new DeviceLife(provisioned(), "power-on");
		life.isBrokerUp = false;
		life.run(20_000);
		const before = life.accepted.slice();
		expect(before.length).toBeGreaterThan(15);
		expect(life.published).toHaveLength(0);
		life.isBrokerUp = true;
		life.run(120_000);
		expect(sequences(on(life, "telemetry")).slice(0, before.length)).toEqual(before);
	});

	it("keeps what was not acknowledged over a power cut and never repeats a sequence", () => {
		const image = provisioned();
		const first = online(image);
		first.isAcknowledging = false;
		first.run(5_000);
		const second = online(image);
		second.run(5_000);
		const accepted = [...first.accepted, ...second.accepted];
		expect(new Set(accepted).size).toBe(accepted.length);
		const arrived = sequences([...on(first, "telemetry"), ...on(second, "telemetry")]);
		for (const sequence of accepted) expect(arrived).toContain(sequence);
	});

	it("links every stored envelope to the one before, over a power cut too", () => {
		const image = provisioned();
		const lives = [online(image), online(image)];
		for (const life of lives) life.run(4_000);
		// The first life ends when the second begins: what they published is one chain.
		const chain = lives
			.flatMap(({ published }) => published)
			.map(({ envelope }) => envelope)
			.sort((left, right) => left.sequence - right.sequence);
		const all = new Map(chain.map((envelope) => [envelope.sequence, envelope]));
		const starts = [...all.values()].filter(({ previous }) => previous === undefined);
		expect(starts).toHaveLength(1);
		for (const { previous } of all.values()) {
			if (previous !== undefined) expect(all.has(previous)).toBe(true);
		}
	});

	it("does not send again after a reconnect what was acknowledged", () => {
		const life = online();
		life.run(3_000);
		life.breakConnection();
		life.run(60_000);
		const arrived = sequences(on(life, "telemetry"));
		expect(new Set(arrived).size).toBe(arrived.length);
		expect(life.reported("connection-online").length).toBe(2);
	});

	it("drops the oldest readings of a full outbox behind a signed gap record", () => {
		const life = new DeviceLife(provisioned(4), "power-on");
		life.isBrokerUp = false;
		life.run(150_000);
		life.isBrokerUp = true;
		life.run(400_000);
		const gaps = on(life, "event")
			.filter(({ envelope }) => String(envelope.contentType).includes("gap"))
			.flatMap(({ envelope }) => {
				const read = decodeGap(envelope.payload);
				return read.kind === "valid" ? read.value : [];
			});
		expect(gaps.length).toBeGreaterThan(0);
		const arrived = new Set(sequences(on(life, "telemetry")));
		const lost = life.accepted.filter((sequence) => !arrived.has(sequence));
		expect(lost.length).toBeGreaterThan(0);
		const newest = Math.max(...arrived);
		for (const sequence of lost.filter((each) => each <= newest)) {
			const isNamed = gaps.some(({ first, last }) => first <= sequence && sequence <= last);
			expect(isNamed).toBe(true);
		}
	});
});

describe("Device, inbound", () => {
	const identify = encodeCommand({ name: "identify" });

	it("performs a command once and answers with a signed result", () => {
		const image = provisioned();
		const life = online(image);
		const command = image.command({ payload: identify, sequence: 5 });
		life.deliver(command);
		life.deliver(command);
		life.run(1_000);
		expect(life.identified).toBe(1);
		expect(resultsOf(life)).toMatchObject([{ command: 5, outcome: "done" }]);
		expect(life.reported("command-refused")).toMatchObject([{ reason: "replayed" }]);
		expect(life.packets.filter((type) => type === "PUBACK")).toHaveLength(2);
	});

	it("remembers what it performed over a power cut", () => {
		const image = provisioned();
		const command = image.command({ payload: identify, sequence: 5 });
		online(image).deliver(command);
		const second = online(image);
		second.deliver(command);
		expect(second.identified).toBe(0);
	});

	it("refuses what is retained, expired, mis-addressed, moved, unsigned or forged", () => {
		const image = provisioned();
		const life = online(image);
		const forged = image.command({ payload: identify, sequence: 15 });
		forged[forged.length - 5] = (forged[forged.length - 5] as number) ^ 1;
		life.deliver(image.command({ payload: identify, sequence: 10 }), { retain: true });
		life.deliver(image.command({ payload: identify, sequence: 11, expiresAt: NOW - 1 }));
		life.deliver(image.command({ payload: identify, sequence: 12, audience: "sensor-2" }));
		life.deliver(image.command({ payload: identify, sequence: 13, topic: "holdfast/x/command" }));
		life.deliver(identify);
		life.deliver(forged);
		life.deliver(new Uint8Array(0));
		expect(life.identified).toBe(0);
		expect(life.reported("command-refused").map(({ reason }) => reason)).toEqual([
			"retained",
			"expired",
			"wrong-audience",
		]);
		expect(life.reported("signature-rejected").map(({ reason }) => reason)).toEqual([
			"signature",
			"malformed",
			"signature",
			"malformed",
		]);
		expect(life.packets.filter((type) => type === "PUBACK")).toHaveLength(7);
	});

	it("answers a refusal once: its replay costs no flash", () => {
		const image = provisioned();
		const life = online(image);
		const late = image.command({ payload: identify, sequence: 11, expiresAt: NOW - 1 });
		for (let count = 0; count < 5; count++) life.deliver(late);
		life.run(1_000);
		expect(resultsOf(life)).toMatchObject([{ outcome: "refused", reason: "expired" }]);
	});

	it("asks again for a subscription that was refused, and says so once in a session", () => {
		const life = new DeviceLife(provisioned(), "power-on");
		life.subackCode = 0x80;
		life.connect();
		life.run(2 * SUBSCRIBE_AGAIN_MS + 10_000);
		expect(life.packets.filter((type) => type === "SUBSCRIBE")).toHaveLength(3);
		expect(life.reported("subscription-refused")).toHaveLength(1);
		life.subackCode = 1;
		life.run(3 * SUBSCRIBE_AGAIN_MS);
		expect(life.packets.filter((type) => type === "SUBSCRIBE")).toHaveLength(4);
	});

	it("ignores a message on a topic that was never granted", () => {
		const image = provisioned();
		const life = online(image);
		const payload = image.command({ payload: identify, sequence: 5, topic: "holdfast/all" });
		life.deliver(payload, { topic: "holdfast/all" });
		expect(life.identified).toBe(0);
		expect(life.reported("message-outside-policy")).toEqual([
			{ name: "message-outside-policy", topic: "holdfast/all" },
		]);
	});

	it("reports a refused subscription", () => {
		const life = new DeviceLife(provisioned(), "power-on");
		life.subackCode = 0x80;
		life.connect();
		life.run(100);
		expect(life.names).toContain("subscription-refused");
	});

	it("reports posture and health when asked", () => {
		const image = provisioned();
		const life = online(image);
		life.deliver(image.command({ payload: encodeCommand({ name: "report" }), sequence: 5 }));
		life.run(1_000);
		const detail = { firmwareVersion: "0.1.0", freeHeapBytes: 1000, secureBoot: false };
		expect(resultsOf(life)).toMatchObject([{ outcome: "done", detail }]);
	});

	it("answers with as much of a long posture as one record takes", () => {
		const image = provisioned();
		const life = online(image);
		life.posture = Object.fromEntries(
			Array.from({ length: 24 }, (_, index) => [`fact-${index}`, "x".repeat(40)]),
		);
		life.deliver(image.command({ payload: encodeCommand({ name: "report" }), sequence: 5 }));
		life.run(1_000);
		expect(resultsOf(life)).toMatchObject([{ outcome: "done", detail: { truncated: true } }]);
	});

	it("keeps an interval over a restart, until a new configuration", () => {
		const image = provisioned();
		const life = online(image);
		const payload = encodeCommand({ name: "set-interval", intervalMs: 100 });
		life.deliver(image.command({ payload, sequence: 5 }));
		const before = life.samples;
		life.run(1_000);
		expect(life.samples - before).toBeGreaterThan(8);
		const second = online(image);
		const started = second.samples;
		second.run(1_000);
		expect(second.samples - started).toBeGreaterThan(8);
	});

	it("restarts after the result has left", () => {
		const image = provisioned();
		const life = online(image);
		life.deliver(image.command({ payload: encodeCommand({ name: "restart" }), sequence: 5 }));
		expect(life.restarts).toBe(0);
		life.run(3_000);
		expect(resultsOf(life)).toMatchObject([{ outcome: "done" }]);
		expect(life.restarts).toBe(1);
	});
});
