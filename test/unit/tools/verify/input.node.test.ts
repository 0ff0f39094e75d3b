import { LINE_BYTES_MAX, readLines, type Line } from "../../../../tools/verify/lines.js";
import { parseMessageLine } from "../../../../tools/verify/message-line.js";
import { filtersOverlap } from "../../../../tools/verify/topic-overlap.js";

async function linesOf(...chunks: string[]): Promise<Line[]> {
	const lines: Line[] = [];
	async function* source() {
		for (const chunk of chunks) yield Buffer.from(chunk);
	}
	for await (const line of readLines(source())) lines.push(line);
	return lines;
}

describe("readLines", () => {
	it("numbers lines wherever the chunks end", async () => {
		const expected = [
			{ kind: "line", number: 1, text: "ab" },
			{ kind: "line", number: 2, text: "" },
			{ kind: "line", number: 3, text: "c" },
		];
		for (let split = 0; split <= 5; split++) {
			expect(await linesOf("ab\n\nc".slice(0, split), "ab\n\nc".slice(split))).toEqual(expected);
		}
	});

	it("takes no byte order mark for a part of the first line", async () => {
		const texts = (await linesOf("\uFEFF{}\n\uFEFFb")).map(
			(line) => line.kind === "line" && line.text,
		);
		expect(texts).toEqual(["{}", "\uFEFFb"]);
	});

	it("names a line that is too long, and goes on", async () => {
		const long = "x".repeat(LINE_BYTES_MAX + 1);
		expect(await linesOf(long.slice(0, 9), `${long}\n`, "next")).toEqual([
			{ kind: "too-long", number: 1 },
			{ kind: "line", number: 2, text: "next" },
		]);
	});
});

describe("parseMessageLine", () => {
	it("reads base64, base64url and hexadecimal", () => {
		for (const line of [
			'{"topic":"a","payload":"+/8="}',
			'{"topic":"a","payload":"-_8"}',
			'{"topic":"a","hex":"FBff"}',
		]) {
			expect(parseMessageLine(line)).toEqual({
				kind: "message",
				topic: "a",
				bytes: Uint8Array.of(0xfb, 0xff),
			});
		}
	});

	it("says what is wrong with anything else", () => {
		const why = [
			"x",
			"1",
			"[]",
			"{}",
			'{"topic":"a"}',
			'{"topic":"a","payload":"a"}',
			'{"topic":"a","hex":"f"}',
		].map((line) => {
			const read = parseMessageLine(line);
			return read.kind === "invalid" ? read.why : "read";
		});
		expect(why).toEqual([
			"not JSON",
			"not a JSON object",
			"not a JSON object",
			"topic is missing or not a text",
			"payload is not base64",
			"payload is not base64",
			"hex is not hexadecimal",
		]);
	});
});

describe("filtersOverlap", () => {
	it("says whether two filters have a topic in common", () => {
		const overlapping = ["#", "holdfast/#", "+/+/log", "holdfast/sensor-1/log", "holdfast/+/log/#"];
		const apart = ["holdfast/+/telemetry", "foo/bar", "uploads.jsonl", "holdfast/+", "+/+/log/+"];
		const overlaps = (filter: string) => filtersOverlap(filter, "holdfast/+/log");
		expect(overlapping.filter(overlaps)).toEqual(overlapping);
		expect(apart.filter(overlaps)).toEqual([]);
		expect(filtersOverlap("holdfast/+/log", "#")).toBe(true);
	});
});
