// `holdfast log verify` on files, as a user types it: what it says and how it ends.

import { writeFileSync } from "node:fs";
import { LOG_BOOT_HOLD_MS, LOG_CHECKPOINT_MS } from "../../../../src/limits.js";
import { run } from "../../../../tools/program.js";
import {
	DeviceImage,
	online,
	provisioned,
	type DeviceLife,
} from "../../../support/device-bench.js";
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
	process.exitCode = undefined;
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
	const key = ["--key", folder.file("key.pem"), "--device", "sensor-1"];
	return listening(() => run(["log", "verify", ...files, ...key]));
}

/** What a program prints is kept instead. */
async function listening(program: () => Promise<number>): Promise<number> {
	const streams = [process.stdout, process.stderr];
	const written = streams.map((stream) => stream.write.bind(stream));
	for (const stream of streams) {
		stream.write = (text: unknown) => {
			printed.push(String(text));
			return true;
		};
	}
	try {
		return await program();
	} finally {
		streams.forEach((stream, index) => (stream.write = written[index] as never));
	}
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
});
