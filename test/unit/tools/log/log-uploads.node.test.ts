// `holdfast log verify` on recorded uploads that came twice, in another order, changed or not at
// all.

import { createHash } from "node:crypto";
import { writeFileSync } from "node:fs";
import { CONTENT_LOG } from "../../../../src/envelope/content-types.js";
import { encodeBatch } from "../../../../src/security-log/batch.js";
import { encodeEntry } from "../../../../src/security-log/entry.js";
import { publicKeyObject } from "../../../../tools/pki/device-record.js";
import { jsonLines, runHoldfast } from "../../../support/run-holdfast.js";
import { SealingDevice, type Sealed } from "../../../support/sealing-device.js";
import { TemporaryFolder } from "../../../support/temporary-folder.js";

let folder: TemporaryFolder;
let device: SealingDevice;
/** Five uploads of two entries each: #1 and #2, …, #9 and #10. */
let uploads: Sealed[];

beforeEach(() => {
	folder = new TemporaryFolder();
	device = new SealingDevice("sensor-1");
	const pem = publicKeyObject(device.publicKey).export({ type: "spki", format: "pem" });
	writeFileSync(folder.file("key.pem"), pem as string);
	let previous = new Uint8Array(32);
	let counter = 0;
	const next = () => {
		const content = { name: "device-booted", details: {}, uptimeS: 7 };
		const bytes = encodeEntry({ counter: ++counter, previous, ...content });
		previous = new Uint8Array(createHash("sha256").update(bytes).digest());
		return bytes;
	};
	uploads = Array.from({ length: 5 }, () =>
		device.seal("log", CONTENT_LOG, encodeBatch({ entries: [next(), next()] })),
	);
});

afterEach(() => folder.remove());

/** `sealed` with the lowest bit of the byte `at` changed; negative from the end. */
function changed(sealed: Sealed, at: number): Sealed {
	const bytes = sealed.bytes.slice();
	const index = at < 0 ? bytes.length + at : at;
	bytes[index] = (bytes[index] as number) ^ 1;
	return { ...sealed, bytes };
}

async function verify(sealed: readonly (Sealed | string)[], ...words: string[]) {
	const lines = sealed.map((each) => {
		if (typeof each === "string") return each;
		return JSON.stringify({ topic: each.topic, hex: Buffer.from(each.bytes).toString("hex") });
	});
	writeFileSync(folder.file("uploads.jsonl"), `${lines.join("\n")}\n`);
	const key = ["--key", folder.file("key.pem"), "--device", "sensor-1"];
	return runHoldfast(["log", "verify", folder.file("uploads.jsonl"), ...key, ...words]);
}

async function logOf(sealed: readonly (Sealed | string)[]) {
	const { output } = await verify(sealed, "--json");
	return jsonLines(output).find(({ kind }) => kind === "log");
}

function without(...indexes: number[]): Sealed[] {
	return uploads.filter((_, index) => !indexes.includes(index));
}

function replaced(index: number, by: Sealed): Sealed[] {
	return uploads.map((each, at) => (at === index ? by : each));
}

describe("holdfast log verify on uploads", () => {
	it("says nothing of uploads in their order, each once", async () => {
		expect((await verify(uploads)).output).not.toMatch(/again|reordered|before/);
		expect(await logOf(uploads)).toMatchObject({
			isSound: true,
			uploads: { messages: 5, duplicates: 0, reordered: [] },
		});
	});

	it("tells uploads that came twice, and takes no offence", async () => {
		const { code, output } = await verify([...uploads, ...uploads]);
		expect(output).toContain("5 uploads came again");
		expect(output).not.toContain("reordered");
		expect(code).toBe(0);
	});

	it("takes no offence where far more came twice than are ever in flight", async () => {
		const one = uploads[0] as Sealed;
		const many = Array.from({ length: 300 }, () =>
			device.seal("log", CONTENT_LOG, encodeBatch({ entries: [] })),
		);
		const { code, output } = await verify([one, ...many, one]);
		expect(output).toContain("1 upload came again");
		expect(code).toBe(0);
	});

	it("tells uploads that are reversed or swapped, by their sequences", async () => {
		expect(await logOf([...uploads].reverse())).toMatchObject({
			isSound: true,
			uploads: { reordered: [4, 3, 2, 1] },
		});
		const [first, second, third, ...rest] = uploads as [Sealed, Sealed, Sealed];
		const { code, output } = await verify([first, third, second, ...rest]);
		expect(output).toContain("1 upload reordered: message #2 came after one that was sealed later");
		expect(code).toBe(0);
	});

	it("says that the first upload is not there, and minds it with --from", async () => {
		const { code, output } = await verify(without(0));
		expect(output).toContain("before      #1 to #2  not given");
		expect(code).toBe(0);
		expect((await verify(without(0), "--from", "1")).code).toBe(1);
		expect((await verify(without(0), "--from", "3")).code).toBe(0);
		expect((await verify(uploads, "--from", "1")).code).toBe(0);
		expect((await verify(uploads, "--from", "x")).code).toBe(2);
	});

	it("calls altered what a changed upload should hold, by what it still says", async () => {
		const upload = uploads[2] as Sealed;
		const { code, output } = await verify(replaced(2, changed(upload, -1)));
		expect(output).toContain("refused   signature  on holdfast/sensor-1/log  (altered, or not");
		expect(output).toContain("message #3; by its own word with #5, #6");
		expect(output).toContain("missing     #5 to #6  altered: an upload that should hold them");
		expect(code).toBe(1);
	});

	it("calls it altered by the place of the upload where it says nothing any more", async () => {
		for (const index of [1, 3]) {
			const upload = uploads[index] as Sealed;
			for (const at of [0, 40, 60, 150, -70]) {
				const log = await logOf(replaced(index, changed(upload, at)));
				const first = 2 * index + 1;
				const missing = [{ first, last: first + 1, cause: "altered" }];
				expect([index, at, log]).toMatchObject([index, at, { missing, isSound: false }]);
			}
		}
	});

	it("does not call altered what is missing elsewhere", async () => {
		const [first, second, , fourth, fifth] = uploads as [Sealed, Sealed, Sealed, Sealed, Sealed];
		const log = await logOf([first, changed(second, -1), fourth, fifth]);
		expect(log).toMatchObject({
			missing: [
				{ first: 3, last: 4, cause: "altered" },
				{ first: 5, last: 6, cause: "unexplained" },
			],
		});
	});
});
