import { encodeCommand } from "../../src/command/command.js";
import { POLICY_RULES_MAX } from "../../src/limits.js";
import { encodeRules } from "../../src/policy/rules.js";
import { DeviceImage, DeviceLife, online, provisioned } from "../support/device-bench.js";

describe("Device, faults", () => {
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
		image.storage.failWrites("hf-seq");
		const life = online(image);
		life.run(5_000);
		expect(life.names).toContain("connection-online");
		expect(life.accepted).toEqual([]);
		expect(life.reported("reading-refused")[0]).toMatchObject({ reason: "storage-worn" });
	});

	it("offers in a later session what flash could not read in this one", () => {
		const image = provisioned();
		const life = new DeviceLife(image, "power-on");
		life.isBrokerUp = false;
		life.run(10_000);
		life.sensorError = new Error("quiet");
		life.isBrokerUp = true;
		image.chip.unreadableBytes = 0;
		life.run(60_000);
		expect(life.published).toEqual([]);
		image.chip.unreadableBytes = Infinity;
		life.breakConnection();
		life.run(60_000);
		const arrived = life.published.map(({ envelope }) => envelope.sequence);
		for (const sequence of life.accepted) expect(arrived).toContain(sequence);
	});

	it("runs without what it cannot read, obeys nobody, and repeats no sequence", () => {
		const image = provisioned();
		const first = online(image);
		first.run(3_000);
		image.storage.failReads(
			"hf-boot",
			"hf-cmd",
			"hf-lock",
			"hf-mqtt",
			"hf-seq",
			"hf-set",
			"hf-time",
		);
		const life = online(image);
		life.deliver(image.command({ payload: encodeCommand({ name: "identify" }), sequence: 5 }));
		life.ask("keys");
		life.run(3_000);
		expect(life.identified).toBe(0);
		expect(life.names).not.toContain("provisioning-keys-made");
		expect(life.accepted.length).toBeGreaterThan(2);
		expect(Math.min(...life.accepted)).toBeGreaterThan(Math.max(...first.accepted));
	});

	it("writes nothing for a flood of QoS 2 that it never asked for", () => {
		const image = provisioned();
		const life = online(image, 86_400_000);
		life.run(10_000);
		const { writes } = image.keyValue;
		const { programs } = image.chip;
		for (let count = 0; count < 20; count++) life.deliver(new Uint8Array(1), { QoS: 2 });
		expect(life.packets).toContain("PUBREC");
		expect(image.keyValue.writes).toBe(writes);
		expect(image.chip.programs).toBe(programs);
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

	it("stops although a sensor's driver throws when it is closed", () => {
		const life = online();
		life.closeError = new TypeError("bus");
		life.device.stop();
		expect(life.reported("sensor-failed")).toMatchObject([{ reason: "TypeError" }]);
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
