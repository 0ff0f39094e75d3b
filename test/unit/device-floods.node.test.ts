// Whoever floods a device gets a bounded piece of its time, one event, and a silence that grows.
// The device keeps its readings, is not restarted, and comes back.

import { toHex } from "../../src/bytes/hex.js";
import { encodeCommand } from "../../src/command/command.js";
import {
	BACKOFF_FLOOR_LONG_MS,
	COMMANDS_BURST,
	INBOUND_VIOLATIONS_BURST,
	MQTT_INBOUND_PACKET_BYTES_MAX,
	MQTT_RECEIVED_MAX,
	OUTBOUND_MESSAGES_BURST,
	OUTBOUND_MESSAGES_PER_SECOND,
} from "../../src/limits.js";
import { DEFAULT_RULES, encodeRules } from "../../src/policy/rules.js";
import {
	COMMAND_TOPIC,
	DeviceImage,
	DeviceLife,
	NOW,
	online,
	provisioned,
	type Published,
} from "../support/device-bench.js";

const HOUR = 3_600_000;

/** Forged commands for as long as the connection lasts, each `everyMs`; how many were sent. */
function forge(life: DeviceLife, everyMs: number, most = 1000): number {
	const before = life.reported("connection-failed").length;
	for (let count = 0; count < most; count++) {
		if (life.reported("connection-failed").length > before) return count;
		life.deliver(new Uint8Array(200), { QoS: 1 });
		life.run(everyMs);
	}
	return most;
}

/** Until the device is online once more. */
function comeBack(life: DeviceLife): number {
	const before = life.reported("connection-online").length;
	const startMs = life.clock.monotonicMs();
	for (let seconds = 0; seconds < 3600; seconds++) {
		if (life.reported("connection-online").length > before) break;
		life.run(1000);
	}
	return life.clock.monotonicMs() - startMs;
}

/** A device that asks for its commands with QoS 2. */
function exactlyOnce() {
	const image = new DeviceImage();
	const rules = DEFAULT_RULES.map((rule) =>
		rule.direction === "subscribe" ? { ...rule, QoS: 2 as const } : rule,
	);
	image.install({ policy: encodeRules(rules) });
	const life = new DeviceLife(image, "power-on", 60_000);
	life.subackCode = 2;
	life.connect();
	return { image, life };
}

function resultsOf(life: DeviceLife): Published[] {
	return life.published.filter(({ topic }) => topic.endsWith("/result"));
}

describe("Device, commands without end", () => {
	/** Writes of the ledger while `count` commands come, one a second, as `make` has them. */
	function ledgerWrites(image: DeviceImage, count: number, make: (n: number) => Uint8Array) {
		const life = online(image, 60_000);
		const ledger = image.storage.open({ path: "hf-cmd", format: "buffer" });
		let writes = 0;
		let last = "";
		for (let number = 1; number <= count; number++) {
			life.deliver(make(number));
			life.run(950);
			const now = [...ledger].map((key) => toHex(new Uint8Array(ledger.read(key) as ArrayBuffer)));
			if (now.join() !== last) writes++;
			last = now.join();
		}
		return { life, writes };
	}

	it("obeys so many of one operator, then one a minute, and writes nothing for the rest", () => {
		const image = provisioned();
		const payload = encodeCommand({ name: "identify" });
		const { life, writes } = ledgerWrites(image, 250, (sequence) =>
			image.command({ payload, sequence, expiresAt: NOW + 3600 }),
		);
		const most = COMMANDS_BURST + 250 / 60;
		expect(life.identified).toBeGreaterThanOrEqual(COMMANDS_BURST);
		expect(life.identified).toBeLessThanOrEqual(most);
		expect(writes).toBe(life.identified);
		expect(resultsOf(life)).toHaveLength(life.identified);
		const refused = life.reported("command-refused");
		expect(refused).toHaveLength(250 - life.identified);
		expect(new Set(refused.map(({ reason }) => reason))).toEqual(new Set(["too-many"]));
	});

	it("writes no more for commands that it refuses to the operator", () => {
		const image = new DeviceImage();
		image.install({ operators: [{ publicKey: image.operator.publicKey, commands: ["report"] }] });
		const payload = encodeCommand({ name: "restart" });
		const { life, writes } = ledgerWrites(image, 100, (sequence) =>
			image.command({ payload, sequence, expiresAt: NOW + 3600 }),
		);
		const reasons = life.reported("command-refused").map(({ reason }) => reason);
		expect(reasons.slice(0, COMMANDS_BURST)).toEqual(Array(COMMANDS_BURST).fill("not-allowed"));
		expect(reasons.at(-1)).toBe("too-many");
		expect(writes).toBeLessThanOrEqual(COMMANDS_BURST + 2);
		expect(resultsOf(life)).toHaveLength(writes);
	});

	it("keeps a command that was too many open for later", () => {
		const image = provisioned();
		const payload = encodeCommand({ name: "identify" });
		const life = online(image, 60_000);
		const command = (sequence: number) =>
			image.command({ payload, sequence, expiresAt: NOW + 3600 });
		for (let sequence = 1; sequence <= COMMANDS_BURST + 1; sequence++) {
			life.deliver(command(sequence));
		}
		expect(life.identified).toBe(COMMANDS_BURST);
		life.run(61_000);
		life.deliver(command(COMMANDS_BURST + 1));
		expect(life.identified).toBe(COMMANDS_BURST + 1);
	});

	it("ends a connection that brings too many for too long", () => {
		const image = provisioned();
		const payload = encodeCommand({ name: "identify" });
		const life = online(image, 60_000);
		for (let sequence = 1; sequence <= 400; sequence++) {
			if (life.reported("connection-failed").length > 0) break;
			life.deliver(image.command({ payload, sequence, expiresAt: NOW + 3600 }));
		}
		expect(life.reported("connection-failed")).toMatchObject([
			{ failureClass: "flood", transportCode: "violations" },
		]);
	});
});

describe("Device, floods", () => {
	it("answers a flood with one event and a long wait, and comes back", () => {
		const life = online(provisioned(), 60_000);
		const forged = forge(life, 0);
		expect(forged).toBeGreaterThan(INBOUND_VIOLATIONS_BURST);
		expect(forged).toBeLessThan(INBOUND_VIOLATIONS_BURST * 1.1);
		const failed = life.reported("connection-failed");
		expect(failed).toMatchObject([
			{ failureClass: "flood", transportCode: "violations", step: "socket", isSecurity: true },
		]);
		expect(comeBack(life)).toBeGreaterThanOrEqual(BACKOFF_FLOOR_LONG_MS - 1000);
		life.run(HOUR);
		expect(life.reported("connection-failed")).toHaveLength(1);
		expect(life.names).toContain("connection-stable");
	});

	it("gives nothing back to whoever breaks the connection in the middle", () => {
		const life = online(provisioned(), 60_000);
		expect(forge(life, 0, 200)).toBe(200);
		life.breakConnection();
		comeBack(life);
		expect(life.reported("connection-failed")).toMatchObject([{ failureClass: "tcp" }]);
		const forged = forge(life, 0);
		expect(forged).toBeGreaterThan(INBOUND_VIOLATIONS_BURST - 200);
		expect(forged).toBeLessThan(INBOUND_VIOLATIONS_BURST - 200 + 40);
		expect(life.reported("connection-failed").at(-1)).toMatchObject({ failureClass: "flood" });
	});

	it("loses no reading to it, and is restarted by nothing", () => {
		const life = online(provisioned(64), 10_000);
		for (let round = 0; round < 6; round++) {
			forge(life, 0);
			comeBack(life);
		}
		life.run(120_000);
		const arrived = new Set(life.published.map(({ envelope }) => envelope.sequence));
		const missing = life.accepted.filter((sequence) => !arrived.has(sequence));
		expect(missing.length).toBeLessThanOrEqual(1); // the newest may be on its way
		expect(life.bites).toBe(0);
		expect(life.restarts).toBe(0);
		expect(life.names).not.toContain("reboot-requested");
	});

	it("stays away longer each time, even when its sessions become stable in between", () => {
		const life = online(provisioned(), 10_000);
		const waits = [];
		for (let round = 0; round < 5; round++) {
			life.run(120_000);
			forge(life, 0);
			waits.push(comeBack(life));
		}
		expect(life.reported("connection-stable").length).toBeGreaterThanOrEqual(5);
		const [first = 0, second = 0, third = 0, fourth = 0] = waits;
		expect(second).toBeGreaterThan(first * 1.3);
		expect(third).toBeGreaterThan(second * 1.3);
		expect(fourth).toBeGreaterThanOrEqual(900_000 - 1000);
		expect(Math.max(...waits)).toBeLessThanOrEqual(1_350_000 + 60_000);
	});

	it("obeys a real command in the middle of forged ones that stay within the rate", () => {
		const image = provisioned();
		const life = online(image, 60_000);
		for (let count = 0; count < 400; count++) {
			life.deliver(new Uint8Array(100));
			life.run(1_000);
		}
		const payload = encodeCommand({ name: "identify" });
		life.deliver(image.command({ payload, sequence: 9, expiresAt: NOW + 3600 }));
		expect(life.identified).toBe(1);
		expect(life.reported("connection-failed")).toEqual([]);
	});

	it("takes a day's commands that waited in the broker's queue", () => {
		const image = provisioned();
		const life = online(image, 60_000);
		for (let sequence = 1; sequence <= COMMANDS_BURST; sequence++) {
			const expiresAt = NOW + (sequence % 2 === 0 ? -100 : 60);
			const payload = encodeCommand({ name: "identify" });
			life.deliver(image.command({ payload, sequence, expiresAt }));
		}
		life.run(60_000);
		expect(life.identified).toBe(COMMANDS_BURST / 2);
		expect(resultsOf(life)).toHaveLength(COMMANDS_BURST);
		expect(life.reported("connection-failed")).toEqual([]);
	});

	it("does not hold what the broker delivers again against it", () => {
		const image = provisioned();
		const life = online(image, 60_000);
		const command = image.command({ payload: encodeCommand({ name: "identify" }), sequence: 9 });
		for (let count = 0; count < INBOUND_VIOLATIONS_BURST * 1.2; count++) {
			life.deliver(command, { duplicate: true });
		}
		expect(life.identified).toBe(1);
		expect(life.reported("connection-failed")).toEqual([]);
		for (let count = 0; count < INBOUND_VIOLATIONS_BURST * 1.2; count++) life.deliver(command);
		expect(life.reported("connection-failed")).toMatchObject([{ failureClass: "flood" }]);
	});

	it("takes messages that the broker repeats and never finishes for a flood", () => {
		const { image, life } = exactlyOnce();
		const command = image.command({ payload: encodeCommand({ name: "identify" }), sequence: 9 });
		for (let round = 0; round < 2; round++) {
			for (let count = 0; count <= MQTT_RECEIVED_MAX; count++) {
				if (life.reported("connection-failed").length > round) break;
				life.deliver(command, { QoS: 2, duplicate: true });
			}
			expect(life.reported("connection-failed")).toHaveLength(round + 1);
			const { [round]: failed } = life.reported("connection-failed");
			expect(failed).toMatchObject({ failureClass: "receive-limit", isSecurity: true });
			expect(failed?.["delayMs"]).toBeGreaterThanOrEqual(BACKOFF_FLOOR_LONG_MS * (round + 1));
			comeBack(life);
		}
		expect(life.identified).toBe(1);
	});

	it("writes no flash for forged, ungranted or oversized messages with QoS 2", () => {
		const { image, life } = exactlyOnce();
		life.run(1000);
		const writes = () => image.power.operations;
		const before = writes();
		const oversized = new Uint8Array(MQTT_INBOUND_PACKET_BYTES_MAX + 1);
		const release = (answers: number) => {
			expect(life.packets.filter((type) => type === "PUBREC")).toHaveLength(answers);
			life.release();
			expect(life.packets.filter((type) => type === "PUBCOMP")).toHaveLength(answers);
		};
		life.deliver(new Uint8Array(200), { QoS: 2 });
		release(1);
		life.deliver(new Uint8Array(200), { QoS: 2, topic: "holdfast/all" });
		release(2);
		life.deliver(oversized, { QoS: 2 });
		release(3);
		expect(writes()).toBe(before);
		const command = image.command({ payload: encodeCommand({ name: "identify" }), sequence: 9 });
		life.deliver(command, { QoS: 2 });
		release(4);
		expect(writes()).toBeGreaterThan(before);
		expect(life.identified).toBe(1);
	});

	it("counts what is too large to be read", () => {
		const life = online(provisioned(), 60_000);
		const most = INBOUND_VIOLATIONS_BURST - 16;
		expect(forge(life, 0, most)).toBe(most);
		for (let count = 0; count < 40; count++) {
			if (life.reported("connection-failed").length > 0) break;
			life.deliver(new Uint8Array(MQTT_INBOUND_PACKET_BYTES_MAX + 1));
		}
		expect(life.reported("connection-failed")).toMatchObject([
			{ failureClass: "flood", transportCode: "violations" },
		]);
	});

	it("counts what is outside its policy", () => {
		const life = online(provisioned(), 60_000);
		for (let count = 0; count < INBOUND_VIOLATIONS_BURST * 1.2; count++) {
			life.deliver(new Uint8Array(1), { topic: `${COMMAND_TOPIC}/other` });
		}
		const { length } = life.reported("message-outside-policy");
		expect(length).toBeGreaterThan(INBOUND_VIOLATIONS_BURST);
		expect(length).toBeLessThan(INBOUND_VIOLATIONS_BURST * 1.1);
		expect(life.reported("connection-failed")).toMatchObject([{ failureClass: "flood" }]);
	});

	it("sends what piled up in an outage no faster than brokers bear", () => {
		const life = new DeviceLife(provisioned(128), "power-on", 200);
		life.isBrokerUp = false;
		life.run(300_000);
		const { length: waiting } = life.accepted;
		expect(waiting).toBeGreaterThan(1000);
		life.isBrokerUp = true;
		for (let count = 0; count < 8000 && !life.names.includes("connection-online"); count++) {
			life.run(50);
		}
		life.run(2_000);
		const most = OUTBOUND_MESSAGES_BURST + OUTBOUND_MESSAGES_PER_SECOND * 2.2;
		expect(life.published.length).toBeGreaterThan(OUTBOUND_MESSAGES_BURST);
		expect(life.published.length).toBeLessThanOrEqual(most);
		life.run(60_000);
		const arrived = new Set(life.published.map(({ envelope }) => envelope.sequence));
		expect(life.accepted.slice(0, waiting).filter((one) => !arrived.has(one))).toEqual([]);
	});
});
