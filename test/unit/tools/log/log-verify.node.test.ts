// `holdfast log verify` on files, as a user types it: what it says and how it ends.

import { readFileSync, writeFileSync } from "node:fs";
import { LOG_BOOT_HOLD_MS, LOG_CHECKPOINT_MS } from "../../../../src/limits.js";
import { Fleet } from "../../../../tools/pki/fleet.js";
import {
	DeviceImage,
	online,
	provisioned,
	type DeviceLife,
} from "../../../support/device-bench.js";
import { jsonLines, runHoldfast } from "../../../support/run-holdfast.js";
import { TemporaryFolder } from "../../../support/temporary-folder.js";

const SPKI = "302a300506032b6570032100";

let folder: TemporaryFolder;
let image: DeviceImage;
let life: DeviceLife;
let printed: string[];

beforeEach(() => {
	folder = new TemporaryFolder();
	image = provisioned();
	life = online(image);
	life.deliver(Uint8Array.of(1, 2, 3));
	life.run(LOG_BOOT_HOLD_MS + LOG_CHECKPOINT_MS + 1000);
	const spki = Buffer.concat([Buffer.from(SPKI, "hex"), image.publicKey]).toString("base64");
	const pem = `-----BEGIN PUBLIC KEY-----\n${spki}\n-----END PUBLIC KEY-----\n`;
	writeFileSync(folder.file("key.pem"), pem);
	writeFileSync(folder.file("log.bin"), image.logChip.image());
	writeFileSync(folder.file("uploads.jsonl"), uploadsOf(life));
	printed = [];
});

afterEach(() => {
	folder.remove();
});

/** What mosquitto_sub would have written of everything that the device published. */
function uploadsOf({ script }: DeviceLife): string {
	const lines: string[] = [];
	for (const { writes } of script.sockets) {
		for (const bytes of writes) {
			if (((bytes[0] as number) & 0xf0) !== 0x30) continue;
			const text = Buffer.from(bytes);
			const topicAt = text.indexOf("holdfast/");
			const length = text.readUInt16BE(topicAt - 2);
			const topic = text.subarray(topicAt, topicAt + length).toString();
			const hex = text.subarray(topicAt + length + 2).toString("hex");
			lines.push(JSON.stringify({ topic, hex }));
		}
	}
	return `${lines.join("\n")}\n`;
}

async function verify(...words: string[]): Promise<number> {
	const files = words.map((word) => (/\.(bin|jsonl)$/.test(word) ? folder.file(word) : word));
	const ours = ["--key", folder.file("key.pem"), "--device", "sensor-1"];
	const key = words.includes("--key") || words.includes("--broker") ? [] : ours;
	const ran = await runHoldfast(["log", "verify", ...files, ...key]);
	printed.push(ran.output);
	return ran.code;
}

function output(): string {
	return printed.join("");
}

describe("holdfast log verify", () => {
	it("finds a partition, its uploads and both together sound", async () => {
		for (const files of [["log.bin"], ["uploads.jsonl"], ["log.bin", "uploads.jsonl"]]) {
			expect(await verify(...files)).toBe(0);
			expect(output()).toContain("genuine     #2");
			expect(output()).toContain("signature-rejected  reason malformed");
			expect(output()).toContain("sensor-1: 2 genuine\n  1 checkpoint, signed through #2\n");
			expect(output()).toContain("the log is sound");
			printed = [];
		}
	});

	it("prints JSON for programs", async () => {
		expect(await verify("log.bin", "uploads.jsonl", "--json")).toBe(0);
		const lines = output()
			.trim()
			.split("\n")
			.map((line) => JSON.parse(line) as object);
		expect(lines).toMatchObject([
			{ kind: "entry", device: "sensor-1", counter: 1, status: "genuine", name: "device-booted" },
			{ kind: "entry", counter: 2, sources: ["partition", "upload"], uptimeS: expect.any(Number) },
			{ kind: "log", entries: 2, missing: [], signedThrough: 2, isSound: true },
			{ kind: "summary", devices: ["sensor-1"], refused: 0, isSound: true },
		]);
	});

	it("fails where an upload was changed, and says so", async () => {
		const lines = uploadsOf(life).split("\n");
		const changed = lines.map((line) => {
			return line.includes("/log") ? line.replace(/.{8}"}$/, '00000000"}') : line;
		});
		writeFileSync(folder.file("uploads.jsonl"), changed.join("\n"));
		expect(await verify("uploads.jsonl")).toBe(1);
		expect(output()).toContain("refused   signature  on holdfast/sensor-1/log");
	});

	it("fails where the partition was put back to an older state", async () => {
		life.deliver(Uint8Array.of(4, 5, 6));
		life.run(LOG_CHECKPOINT_MS + 1000);
		writeFileSync(folder.file("uploads.jsonl"), uploadsOf(life));
		expect(await verify("log.bin", "uploads.jsonl")).toBe(1);
		expect(output()).toContain("the partition ends at #2, and #3 was uploaded");
		expect(output()).toContain("the log is NOT sound");
	});

	it("fails where entries are missing from the partition", async () => {
		const bytes = Buffer.from(image.logChip.image());
		bytes.write("x", bytes.indexOf("device-booted"));
		writeFileSync(folder.file("log.bin"), bytes);
		expect(await verify("log.bin")).toBe(1);
		expect(output()).toContain("missing     #1  unexplained: the device held them");
		expect(await verify("log.bin", "uploads.jsonl")).toBe(1);
		expect(output()).toContain("missing     #1  not on the partition, where they should be");
	});

	it("believes no log of a device that it does not know", async () => {
		const stranger = new DeviceImage();
		stranger.keyStore.generate("other");
		const other = Buffer.from(stranger.keyStore.publicKey("other") as ArrayBuffer);
		const spki = Buffer.concat([Buffer.from(SPKI, "hex"), other]).toString("base64");
		const pem = `-----BEGIN PUBLIC KEY-----\n${spki}\n-----END PUBLIC KEY-----\n`;
		writeFileSync(folder.file("key.pem"), pem);
		expect(await verify("log.bin")).toBe(1);
		expect(output()).toContain("1 checkpoint that this device did not sign");
		expect(await verify("uploads.jsonl")).toBe(1);
		expect(output()).toContain("refused   unknown-key");
	});

	it("says what it cannot read, and fails where there is no entry at all", async () => {
		writeFileSync(folder.file("empty.bin"), Buffer.alloc(16_384, 255));
		expect(await verify("empty.bin")).toBe(1);
		writeFileSync(folder.file("none.jsonl"), "not JSON\n");
		expect(await verify("none.jsonl")).toBe(1);
		expect(output()).toContain("none.jsonl:1: not JSON");
		expect(await verify("missing.bin")).toBe(1);
		expect(output()).toContain("cannot be read (ENOENT)");
		expect(await verify()).toBe(2);
	});

	it("does not take an erased partition for none", async () => {
		writeFileSync(folder.file("erased.bin"), Buffer.alloc(65_536, 255));
		expect(await verify("erased.bin", "uploads.jsonl")).toBe(1);
		expect(output()).toContain("the partition holds no entry: it is erased, or not a log");
		expect(output()).toContain("the partition ends at #0, and #2 was uploaded");
		expect(output()).toContain("the log is NOT sound");
		printed = [];
		expect(await verify("erased.bin", "--json")).toBe(1);
		const lines = jsonLines(output());
		expect(lines).toMatchObject([
			{ kind: "log", entries: 0, isPartitionEmpty: true, isSound: false },
			{ kind: "summary", isSound: false },
		]);
	});

	it("says what to do about a file that is neither partition nor messages", async () => {
		const image = Buffer.from(readFileSync(folder.file("log.bin")));
		const cases: readonly [string, Buffer, string][] = [
			["cut.bin", image.subarray(0, image.length - 100), "a partition cut short: 65436 bytes"],
			["noise.bin", Buffer.from([0, 1, 2, 255]), "neither a log's partition nor lines of JSON"],
			["empty.jsonl", Buffer.alloc(0), "it is empty"],
			["utf16.jsonl", Buffer.from("\uFEFF{}", "utf16le"), "UTF-16: write the messages as UTF-8"],
			[
				"flash.bin",
				Buffer.alloc((1 << 21) + 4096, 255),
				"not lines of JSON, and a log's partition has at most 2097152",
			],
		];
		for (const [name, bytes, why] of cases) {
			writeFileSync(folder.file(name), bytes);
			printed = [];
			expect([name, await verify(name)]).toEqual([name, 1]);
			expect(output()).toContain(`${name}: ${why}`);
			expect(output().match(/^holdfast: /gm)).toHaveLength(1);
		}
	});

	it("takes messages for that whatever their size is and whatever stands before them", async () => {
		const text = `\n${uploadsOf(life)}`;
		const padded = text.padEnd(Math.ceil(text.length / 65_536) * 65_536, "\n");
		for (const [name, content] of [
			["padded.jsonl", padded],
			["mark.jsonl", `\uFEFF${uploadsOf(life)}`],
		] as const) {
			writeFileSync(folder.file(name), content);
			expect([name, await verify(name), output()]).toEqual([name, 0, output()]);
		}
	});

	it("names the option or the argument that is wrong", async () => {
		const broker = ["--broker", "mqtts://localhost:1", "--operator", "alice"];
		const fleet = ["--fleet", folder.file("fleet")];
		await Fleet.create(folder.file("fleet"), { name: "Test" });
		const cases: readonly [readonly string[], string][] = [
			[["--key", "uploads.jsonl"], "--key: neither a public key in PEM"],
			[[""], '"" is no file'],
			[["uploads.jsonl", ...broker, ...fleet], "no log comes on topic"],
			[["holdfast/+/telemetry", ...broker, ...fleet], "logs come on holdfast/+/log"],
			[["holdfast/#/log", ...broker, ...fleet], "is no topic filter of MQTT"],
			[["", ...broker, ...fleet], "is no topic filter of MQTT"],
		];
		for (const [words, why] of cases) {
			printed = [];
			expect([words, await verify(...words)]).toEqual([words, 2]);
			expect(output()).toContain(why);
			expect(output().trim()).toMatch(/^holdfast: [^\n]+$/);
		}
	});
});
