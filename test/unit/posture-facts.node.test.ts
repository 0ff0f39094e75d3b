// One list of facts: what hosts report of themselves, and what `holdfast posture` judges by.
import { readFileSync } from "node:fs";
import { encodeCommand } from "../../src/command/command.js";
import { decodeResult } from "../../src/command/result.js";
import { POSTURE_FACTS } from "../../src/posture-facts.js";
import { NodeSystem } from "../../hosts/node/system.js";
import { online, provisioned } from "../support/device-bench.js";

const FACTS = Object.keys(POSTURE_FACTS).sort();

/** Names that a C file of modules/system sets on the object that posture() returns. */
function namesInC(file: string): string[] {
	const text = readFileSync(file, "utf8");
	const [, body = ""] = /^void xs_system_posture\(.*?\n\{([\s\S]*?)^\}/m.exec(text) ?? [];
	const names = [...body.matchAll(/(?:set\w+\(the, |xsID\()"(\w+)"/g)].map(([, name]) => name);
	return [...new Set(names as string[])].filter((name) => name !== "host").sort();
}

describe("the posture", () => {
	it("has every fact on the chip, and no other", () => {
		expect(namesInC("modules/system/system-esp32.c")).toEqual(FACTS);
	});

	it("has no other fact on a host that is a process", () => {
		const system = new NodeSystem({
			...{ hardwareId: "", buildTime: 0 },
			onRestart: () => undefined,
			onIdentify: () => undefined,
		});
		const { host, ...facts } = system.posture();
		expect(host).toBe("node");
		expect(Object.keys(facts).filter((name) => !FACTS.includes(name))).toEqual([]);
		const linux = namesInC("modules/system/system-linux.c");
		expect(linux.length).toBeGreaterThan(0);
		expect(linux.filter((name) => !FACTS.includes(name))).toEqual([]);
	});

	it("fits a report whole, health included", () => {
		const image = provisioned();
		const life = online(image);
		const posture = { host: "esp32c3", ...POSTURE_FACTS };
		life.posture = posture;
		life.deliver(image.command({ payload: encodeCommand({ name: "report" }), sequence: 5 }));
		life.run(1_000);
		const [answer] = life.published.filter(({ topic }) => topic === "holdfast/sensor-1/result");
		const read = decodeResult((answer as (typeof life.published)[number]).envelope.payload);
		if (read.kind === "invalid") throw new Error(read.expected);
		expect(read.value).toMatchObject({ outcome: "done", detail: posture });
		expect(JSON.stringify(read.value)).not.toContain("truncated");
		expect(read.value).toMatchObject({ detail: { freeHeapBytes: 1000 } });
	});
});
