import { readFields, type Field } from "../../../src/cbor/fields.js";
import type { CBORKey, CBORValue } from "../../../src/cbor/value.js";

function map(...entries: [CBORKey, CBORValue][]): Map<CBORKey, CBORValue> {
	return new Map(entries);
}

function readServer(field: Field): { host: string; port: number | undefined } {
	return field.map(["host", "port"], (fields) => ({
		host: fields.required("host").text({ min: 1, max: 8 }),
		port: fields.optional("port")?.integer({ min: 1, max: 65535 }),
	}));
}

function readServers(value: CBORValue) {
	return readFields(value, (root) =>
		root.map(["servers"], (fields) =>
			fields.required("servers").list({ min: 1, max: 2 }, readServer),
		),
	);
}

describe("readFields", () => {
	it("gives what the reader built", () => {
		const value = map(["servers", [map(["host", "a"], ["port", 1]), map(["host", "b"])]]);
		expect(readServers(value)).toEqual({
			kind: "valid",
			value: [
				{ host: "a", port: 1 },
				{ host: "b", port: undefined },
			],
		});
	});

	it("names the first wrong field by its dotted path, and what it should be", () => {
		const value = map(["servers", [map(["host", "a"]), map(["host", "b"], ["port", 0])]]);
		expect(readServers(value)).toEqual({
			kind: "invalid",
			path: "servers[1].port",
			expected: "an integer of 1 to 65535",
		});
	});

	it("refuses missing and unknown fields", () => {
		expect(readServers(map(["servers", [map(["port", 1])]]))).toEqual({
			kind: "invalid",
			path: "servers[0].host",
			expected: "a value: it is missing",
		});
		const result = readServers(map(["servers", [map(["host", "a"])]], [7, true]));
		expect(result).toEqual({
			kind: "invalid",
			path: "7",
			expected: "no such field; known: servers",
		});
	});

	it("refuses every other type", () => {
		const values: CBORValue[] = [1.5, "x", true, null, Uint8Array.of(1), [1], map([1, 1])];
		const readers: [string, (field: Field) => unknown][] = [
			["number", (field) => field.integer({ min: 0, max: 9 })],
			["number", (field) => field.number()],
			["string", (field) => field.text({ min: 1, max: 1 })],
			["boolean", (field) => field.boolean()],
			["bytes", (field) => field.bytes({ min: 1, max: 1 })],
			["list", (field) => field.list({ min: 1, max: 1 }, (item) => item.value)],
			["map", (field) => field.map([1], (fields) => fields.required(1).value)],
		];
		const accepted = readers.map(([, read]) =>
			values.map((value) => readFields(value, read).kind === "valid"),
		);
		expect(accepted.map((row) => row.map((isValid) => (isValid ? "y" : "-")).join(""))).toEqual([
			"-------", // 1.5 is no integer
			"y------",
			"-y-----",
			"--y----",
			"----y--",
			"-----y-",
			"------y",
		]);
	});

	it("keeps text to its length and alphabet", () => {
		const bounds = { min: 1, max: 3 };
		const read = (value: string) => readFields(value, (field) => field.text(bounds, "ab")).kind;
		expect(["a", "bab", "", "abab", "abc"].map(read)).toEqual([
			"valid",
			"valid",
			"invalid",
			"invalid",
			"invalid",
		]);
	});

	it("takes one of several words", () => {
		const read = (value: string) => readFields(value, (field) => field.oneOf(["on", "off"]));
		expect(read("on")).toEqual({ kind: "valid", value: "on" });
		expect(read("up")).toEqual({ kind: "invalid", path: "", expected: "one of on, off" });
	});

	it("bounds maps with free keys", () => {
		const read = (value: CBORValue) =>
			readFields(value, (field) =>
				field.entries(2, (key, item) => key + item.integer({ min: 0, max: 9 })),
			);
		expect(read(map(["a", 1], ["b", 2]))).toEqual({ kind: "valid", value: ["a1", "b2"] });
		expect(read(map(["a", 1], ["b", 2], ["c", 3])).kind).toBe("invalid");
		expect(read(map([1, 1])).kind).toBe("invalid");
		expect(read(map(["a", "x"]))).toEqual({
			kind: "invalid",
			path: "a",
			expected: "an integer of 0 to 9",
		});
	});

	// A path goes into logs and terminals: control characters of a peer do not.
	it("does not repeat odd keys", () => {
		const result = readServers(map(["\u001b[31mred", 1], ["servers", []]));
		expect(result.kind === "invalid" && result.path).toBe("?");
	});

	it("leaves errors that are no refusal alone", () => {
		expect(() =>
			readFields(1, () => {
				throw new RangeError("a bug");
			}),
		).toThrow(RangeError);
	});
});
