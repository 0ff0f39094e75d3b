// What is stored when the configuration changes was sealed for the topics of the old one: on
// another topic every receiver would refuse it.

import { decodeGap, type Gap } from "../../src/envelope/gap.js";
import { inheritedThrough } from "../../src/inherited.js";
import { DEFAULT_RULES, encodeRules } from "../../src/policy/rules.js";
import { DeviceImage, DeviceLife, online, provisioned } from "../support/device-bench.js";

const MOVED = encodeRules(
	DEFAULT_RULES.map((rule) => ({ ...rule, topic: rule.topic.replace("holdfast", "elsewhere") })),
);
const LATER = { keyName: "tls-1", time: 1_800_000_001 } as const;

/** Readings that nobody was there to take. */
function acceptOffline(image: DeviceImage, seconds: number): readonly number[] {
	const life = new DeviceLife(image, "power-on");
	life.isBrokerUp = false;
	life.run(seconds * 1000);
	life.device.stop();
	return life.accepted;
}

function gaps(life: DeviceLife): readonly Gap[] {
	return life.published.flatMap(({ topic, envelope }) => {
		if (!topic.endsWith("/event")) return [];
		const read = decodeGap(envelope.payload);
		return read.kind === "valid" ? read.value : [];
	});
}

function published(life: DeviceLife): readonly number[] {
	return life.published.map(({ envelope }) => envelope.sequence);
}

describe("Device, with other topics than before", () => {
	it("publishes nothing on a topic that it was not sealed for, and confesses it later", () => {
		const image = provisioned();
		online(image);
		const stored = acceptOffline(image, 20);
		image.install({ ...LATER, policy: MOVED });
		const life = online(image);
		for (const sequence of stored) expect(published(life)).not.toContain(sequence);
		expect(gaps(life)).toEqual([]);
		life.run(120_000);
		expect(life.names).toContain("credential-promoted");
		const confessed = gaps(life).filter(({ reason }) => reason === "topic-changed");
		const named = (sequence: number) =>
			confessed.some(({ first, last }) => first <= sequence && sequence <= last);
		expect(stored.filter((sequence) => !named(sequence))).toEqual([]);
		expect(life.accepted.slice(0, -2).filter((one) => !published(life).includes(one))).toEqual([]);
		expect(life.accepted.some(named)).toBe(false);
		expect(Math.min(...life.reported("reading-accepted").map(({ depth }) => Number(depth)))).toBe(
			1,
		);
	});

	it("publishes it all when the old configuration returns", () => {
		const image = provisioned();
		online(image);
		const stored = acceptOffline(image, 20);
		image.install({ ...LATER, policy: MOVED });
		const life = new DeviceLife(image, "power-on", 600_000);
		life.connackCode = 5;
		for (let count = 0; count < 400 && !life.names.includes("credential-reverted"); count++) {
			life.run(30_000);
		}
		life.connackCode = 0;
		life.run(1_200_000);
		expect(stored.filter((sequence) => !published(life).includes(sequence))).toEqual([]);
		expect(gaps(life).filter(({ first }) => stored.includes(first))).toEqual([]);
	});

	it("publishes what it has stored under the same topics, whatever else has changed", () => {
		const image = provisioned();
		online(image);
		const stored = acceptOffline(image, 20);
		image.install(LATER);
		const life = online(image, 60_000);
		life.run(5_000);
		expect(stored.filter((sequence) => !published(life).includes(sequence))).toEqual([]);
	});

	it("says so for a channel that is gone altogether", () => {
		const image = provisioned();
		online(image);
		const stored = acceptOffline(image, 20);
		const rules = DEFAULT_RULES.filter(({ channel }) => channel !== "telemetry");
		image.install({ ...LATER, policy: encodeRules(rules) });
		const life = online(image, 60_000);
		life.run(180_000);
		const confessed = gaps(life).filter(({ reason }) => reason === "topic-changed");
		for (const sequence of stored) {
			const isNamed = confessed.some(({ first, last }) => first <= sequence && sequence <= last);
			expect({ sequence, isNamed }).toEqual({ sequence, isNamed: true });
		}
	});
});

describe("inheritedThrough", () => {
	const open = (image: DeviceImage) =>
		image.storage.open({ path: "hf-set", format: "buffer", mode: "r+" });

	it("remembers where the bindings of now begin", () => {
		const store = open(new DeviceImage());
		const at = (bindings: readonly string[], newest: number | undefined) =>
			inheritedThrough({ store, bindings, newest, report: () => undefined });
		expect(at(["a", "b"], undefined)).toBe(0);
		expect(at(["a", "b"], 500)).toBe(0);
		expect(at(["a", "c"], 600)).toBe(600);
		expect(at(["a", "c"], 700)).toBe(600);
		expect(at(["a", "b"], 800)).toBe(800);
		expect(at(["ab"], 900)).toBe(900);
	});

	it("trusts nothing where storage fails or is damaged", () => {
		const image = new DeviceImage();
		const reports: string[] = [];
		const at = (newest: number) =>
			inheritedThrough({
				store: open(image),
				bindings: ["a"],
				newest,
				report: ({ name }) => reports.push(name),
			});
		expect(at(5)).toBe(5);
		image.keyValue.plant("hf-set", "sealed-for", new Uint8Array(3));
		expect(at(6)).toBe(6);
		image.storage.failReads("hf-set");
		expect(at(9)).toBe(9);
		expect(reports).toEqual(["storage-failed"]);
	});
});
