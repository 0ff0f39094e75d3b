import { Secret } from "../../src/bytes/secret.js";
import { encodeUTF8 } from "../../src/bytes/text.js";
import { encodeCommand } from "../../src/command/command.js";
import { decodeResult } from "../../src/command/result.js";
import { decodeGap } from "../../src/envelope/gap.js";
import { POLICY_RULES_MAX } from "../../src/limits.js";
import { encodeRules } from "../../src/policy/rules.js";
import { DeviceImage, DeviceLife, NOW, type Published } from "../support/device-bench.js";

function provisioned(blocks?: number): DeviceImage {
	const image = new DeviceImage(blocks);
	image.install();
	return image;
}

function online(image = provisioned(), sampleIntervalMs = 1000): DeviceLife {
	const life = new DeviceLife(image, "power-on", sampleIntervalMs);
	life.connect();
	return life;
}

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

	it("stays connected while others send it what it does not answer", () => {
		const life = online(provisioned(), 86_400_000);
		for (let count = 0; count < 60; count++) {
			life.deliver(new Uint8Array(1));
			life.run(10_000);
		}
		expect(life.reported("connection-failed")).toEqual([]);
	});

	it("refuses readings while no sequence can be reserved, and still connects", () => {
		const image = provisioned();
		online(image).run(3_000);
		image.failWrites("hf-seq");
		const life = online(image);
		life.run(5_000);
		expect(life.names).toContain("connection-online");
		expect(life.accepted).toEqual([]);
		expect(life.reported("reading-refused")[0]).toMatchObject({ reason: "storage-worn" });
	});

	it("refuses what its policy has no channel for", () => {
		const image = new DeviceImage();
		image.install({ policy: encodeRules([]) });
		const life = online(image);
		life.run(3_000);
		expect(life.published).toEqual([]);
		expect(life.reported("reading-refused")[0]).toMatchObject({ reason: "outside-policy" });
	});

	it("subscribes to as many topics as a policy may have", () => {
		const rules = Array.from({ length: POLICY_RULES_MAX }, (_, index) => {
			return { direction: "subscribe", channel: `c${index}`, topic: `a/${index}`, QoS: 1 } as const;
		});
		const image = new DeviceImage();
		image.install({ policy: encodeRules(rules) });
		const life = online(image);
		expect(life.packets.filter((type) => type === "SUBSCRIBE")).toHaveLength(2);
	});

	it("goes on when a sensor throws, and says which", () => {
		const life = online();
		life.sensorError = new RangeError("bus address 0x44 secret");
		life.run(3_000);
		const [failure] = life.reported("sensor-failed");
		expect(failure).toEqual({ name: "sensor-failed", sensor: 0, reason: "RangeError" });
		life.sensorError = undefined;
		const before = life.accepted.length;
		life.run(3_000);
		expect(life.accepted.length).toBeGreaterThan(before);
	});

	it("samples nothing in safe mode, and still connects", () => {
		const image = provisioned();
		for (let boot = 0; boot < 20; boot++) {
			const life = new DeviceLife(image, { reason: "watchdog", stage: "sampling" });
			if (life.reported("device-booted")[0]?.["mode"] !== "safe") continue;
			life.connect();
			expect(life.samples).toBe(0);
			expect(life.names).toContain("connection-online");
			return;
		}
		throw new Error("no safe mode after 20 failed boots");
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

	it("ignores a message on a topic that was never granted", () => {
		const image = provisioned();
		const life = online(image);
		const payload = image.command({ payload: identify, sequence: 5, topic: "holdfast/all" });
		life.deliver(payload, { topic: "holdfast/all" });
		expect(life.identified).toBe(0);
		expect(life.names).toContain("message-outside-policy");
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

describe("Device, credentials", () => {
	it("keeps a candidate that connects and stays", () => {
		const image = provisioned();
		online(image);
		image.install({ keyName: "tls-1", time: 1_800_000_001 });
		const life = online(image, 60_000);
		life.run(600_000);
		expect(life.names).toContain("credential-promoted");
	});

	it("returns by itself from a candidate that is refused", () => {
		const image = provisioned();
		online(image);
		image.install({ keyName: "tls-1", time: 1_800_000_001 });
		const life = new DeviceLife(image, "power-on", 600_000);
		life.connackCode = 5;
		for (let count = 0; count < 400 && !life.names.includes("credential-reverted"); count++) {
			life.run(30_000);
		}
		life.connackCode = 0;
		life.run(1_200_000);
		expect(life.names).toContain("credential-reverted");
		expect(life.names).toContain("connection-online");
	});

	it("leaves a candidate that the station gave up for a new key", () => {
		const image = provisioned();
		online(image);
		image.install({ keyName: "tls-1", time: 1_800_000_001 });
		const life = online(image, 600_000);
		life.ask("keys");
		life.breakConnection();
		life.run(60_000);
		const started = life.reported("device-started").map(({ isCandidate }) => isCandidate);
		expect(started).toEqual([true, false]);
		expect(life.reported("connection-online")).toHaveLength(2);
	});

	it("does nothing more once it is stopped, whatever it was about to do", () => {
		const image = provisioned();
		online(image);
		image.install({ keyName: "tls-1", time: 1_800_000_001 });
		const life = new DeviceLife(image, "power-on", 600_000);
		life.connackCode = 5;
		life.stopsAfter = "credential-reverted";
		life.run(6_000_000);
		expect(life.reported("device-started")).toHaveLength(1);
	});

	it("blames a candidate for a missing server only after an hour", () => {
		const image = provisioned();
		online(image);
		image.install({ keyName: "tls-1", time: 1_800_000_001 });
		const life = new DeviceLife(image, "power-on", 600_000);
		life.isBrokerUp = false;
		life.run(3_000_000);
		expect(life.reported("connection-failed").length).toBeGreaterThan(5);
		expect(life.names).not.toContain("credential-reverted");
		life.run(4_000_000);
		expect(life.names).toContain("credential-reverted");
	});

	it("does not connect with a key that is not there", () => {
		const image = provisioned();
		image.keyStore.erase("tls-0");
		const life = new DeviceLife(image, "power-on");
		life.run(10_000);
		expect(life.script.sockets).toHaveLength(0);
		expect(life.reported("connection-failed")[0]).toMatchObject({
			failureClass: "credentials-missing",
		});
	});

	it("never reports or publishes a secret", () => {
		const image = new DeviceImage();
		const password = new Secret(encodeUTF8("planted-broker-password"));
		const wifi = new Secret(encodeUTF8("planted-wifi-password"));
		image.install({
			authentication: { kind: "password", user: "sensor-1", password },
			link: { ssid: "hall", password: wifi },
		});
		const life = online(image);
		life.run(3_000);
		const said = JSON.stringify([life.reports, life.published, life.stages]);
		expect(said).not.toContain("planted");
		expect(life.names).toContain("connection-online");
	});

	it("renews no token of a session that never had a socket", () => {
		const image = new DeviceImage();
		image.install({
			authentication: { kind: "token", user: "", audience: "broker", lifetimeS: 600 },
		});
		const life = new DeviceLife(image, "power-on", 60_000);
		life.tlsError = Object.assign(new Error("no memory"), { code: "tls-resources" });
		life.run(1_000_000);
		expect(life.reported("connection-failed").length).toBeGreaterThan(2);
		expect(life.reported("reconnect-planned")).toEqual([]);
	});

	it("mints a token for each session and renews it by a planned reconnect", () => {
		const image = new DeviceImage();
		image.install({
			authentication: { kind: "token", user: "", audience: "broker", lifetimeS: 600 },
		});
		const life = online(image, 60_000);
		life.run(540_000);
		expect(life.reported("reconnect-planned")).toMatchObject([{ reason: "token-renewal" }]);
		expect(life.reported("connection-online").length).toBe(2);
	});
});
