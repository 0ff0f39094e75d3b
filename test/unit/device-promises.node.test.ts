// What holds between the stages of a device, at every write that power may interrupt: the order of
// effect, record and acknowledgement. The stages' own tests cannot see it.

import type { CutManner } from "../../hosts/simulator/power.js";
import { PowerCut } from "../../hosts/simulator/power.js";
import { encodeCommand } from "../../src/command/command.js";
import { OUTBOX_FLUSH_MS } from "../../src/limits.js";
import { DeviceImage, DeviceLife } from "../support/device-bench.js";

const MANNERS: readonly CutManner[] = ["before", "torn", "after"];
const COMMAND_SEQUENCE = 5;

function provisioned(): DeviceImage {
	const image = new DeviceImage();
	image.install();
	return image;
}

function online(image: DeviceImage, sampleIntervalMs = 1000): DeviceLife {
	const life = new DeviceLife(image, "power-on", sampleIntervalMs);
	life.connect();
	return life;
}

function resultsIn(life: DeviceLife): number {
	return life.published.filter(({ topic }) => topic.endsWith("/result")).length;
}

/** Runs `action`; whether power failed on the way. */
function isCutShort(action: () => void): boolean {
	try {
		action();
		return false;
	} catch (error) {
		if (error instanceof PowerCut) return true;
		throw error;
	}
}

describe("Device, at every write while a command is handled", () => {
	const command = (image: DeviceImage) =>
		image.command({
			payload: encodeCommand({ name: "identify" }),
			sequence: COMMAND_SEQUENCE,
		});

	/** Power fails `distance` writes after the command came; `false` when there were fewer. */
	function live(distance: number, manner: CutManner): boolean {
		const image = provisioned();
		const first = online(image, 600_000);
		const operation = image.power.operations + distance;
		image.power.planCut({ operation, manner, seed: distance });
		const wasCut = isCutShort(() => {
			first.deliver(command(image));
			first.run(OUTBOX_FLUSH_MS * 2);
		});
		image.power.restore();
		const wasAcknowledged = first.written.includes("PUBACK");
		const second = online(image, 600_000);
		// A broker delivers again what was not acknowledged, and only that.
		if (!wasAcknowledged) second.deliver(command(image));
		second.run(1_000);
		expect(first.identified + second.identified).toBeLessThanOrEqual(1);
		if (wasAcknowledged) expect(resultsIn(first) + resultsIn(second)).toBeGreaterThanOrEqual(1);
		if (first.identified > 0) {
			expect(second.reported("command-performed")).toHaveLength(0);
		}
		return wasCut;
	}

	for (const manner of MANNERS) {
		it(`performs at most once and acknowledges only what is durable, cut ${manner}`, () => {
			let distance = 1;
			while (live(distance, manner)) distance++;
			expect(distance).toBeGreaterThan(2);
		});
	}
});

describe("Device and what was acknowledged", () => {
	it("takes it out of flash: nothing is left in the outbox, and nothing comes twice", () => {
		const image = provisioned();
		const first = online(image);
		first.run(20_000);
		// The next sample is a second away: everything until now is acknowledged and flushed.
		const depths = first.reported("reading-accepted").map(({ depth }) => depth as number);
		expect(Math.max(...depths.slice(-10))).toBeLessThanOrEqual(1);
		const arrived = new Set(first.published.map(({ envelope }) => envelope.sequence));
		const second = online(image);
		second.run(5_000);
		const again = second.published.filter(({ envelope }) => arrived.has(envelope.sequence));
		expect(again.length).toBeLessThanOrEqual(OUTBOX_FLUSH_MS / 1000 + 1);
	});

	it("has it out of flash after one flush interval, whenever power fails", () => {
		const image = provisioned();
		const first = online(image, 60_000);
		first.run(OUTBOX_FLUSH_MS * 2);
		const arrived = first.published.map(({ envelope }) => envelope.sequence);
		expect(arrived.length).toBeGreaterThan(0);
		const second = online(image, 60_000);
		second.run(1_000);
		for (const { envelope } of second.published) expect(arrived).not.toContain(envelope.sequence);
	});
});

describe("Device and its watchdog", () => {
	it("is not bitten while it samples and publishes", () => {
		const life = online(provisioned());
		life.run(600_000);
		expect(life.bites).toBe(0);
	});

	it("is not bitten while there is no broker for hours", () => {
		const life = new DeviceLife(provisioned(), "power-on", 60_000);
		life.isBrokerUp = false;
		life.run(3 * 3_600_000);
		expect(life.bites).toBe(0);
	});

	it("is bitten when the sampling stops, and keeps the name of what stopped", () => {
		const life = online(provisioned());
		life.isSamplingLost = true;
		life.run(600_000);
		expect(life.bites).toBeGreaterThan(0);
		expect(life.stages).toContain("!sampling");
	});
});
