import { encode } from "../../../src/cbor/encode.js";
import type { CBORValue } from "../../../src/cbor/value.js";
import {
	decodeResult,
	encodeResult,
	type CommandResult,
	type ResultFact,
} from "../../../src/command/result.js";
import { RESULT_PAYLOAD_BYTES_MAX } from "../../../src/limits.js";

const RESULT: CommandResult = {
	command: 8,
	operator: "0123456789abcdef",
	outcome: "done",
	detail: { version: "0.1.0", freeHeapBytes: 101_376, tlsVerifies: true, humidity: 45.5 },
};

function roundTrip(result: CommandResult): CommandResult {
	const read = decodeResult(encodeResult(result));
	if (read.kind === "invalid") throw new Error(`${read.path}: ${read.expected}`);
	return read.value;
}

function withFacts(count: number, fact: ResultFact): CommandResult {
	const names = Array.from({ length: count }, (_, index) => `fact-${index}`);
	return { ...RESULT, detail: Object.fromEntries(names.map((name) => [name, fact])) };
}

describe("the result of a command", () => {
	it("round-trips, with and without reason and detail", () => {
		expect(roundTrip(RESULT)).toEqual(RESULT);
		const refusal: CommandResult = {
			command: 9,
			operator: "0123456789abcdef",
			outcome: "refused",
			reason: "expired",
		};
		expect(roundTrip(refusal)).toEqual(refusal);
	});

	it("leaves out facts that CBOR cannot hold", () => {
		const detail = { nan: NaN, infinite: Infinity, large: 2 ** 60, ok: 1, "": 2 };
		expect(roundTrip({ ...RESULT, detail }).detail).toEqual({ ok: 1 });
	});

	it("fits its payload whatever it is told, and says that it left facts out", () => {
		const many = roundTrip(withFacts(100, 1)).detail ?? {};
		expect(many["truncated"]).toBe(true);
		expect(many["fact-0"]).toBe(1);
		const payload = encodeResult(withFacts(31, "x".repeat(200)));
		expect(payload.length).toBeLessThanOrEqual(RESULT_PAYLOAD_BYTES_MAX);
		const long = roundTrip(withFacts(31, "x".repeat(200))).detail ?? {};
		expect(long["truncated"]).toBe(true);
		expect(long["fact-0"]).toBe("x".repeat(64));
	});

	it("refuses other shapes with the path of the field", () => {
		const sound: [string, CBORValue][] = [
			["command", 8],
			["operator", new Uint8Array(8)],
			["outcome", "done"],
		];
		const pathOf = (...changes: [string, CBORValue][]) => {
			const read = decodeResult(encode(new Map([...sound, ...changes])));
			return read.kind === "invalid" ? read.path : "valid";
		};
		expect(pathOf()).toBe("valid");
		expect(pathOf(["command", 0])).toBe("command");
		expect(pathOf(["operator", new Uint8Array(7)])).toBe("operator");
		expect(pathOf(["outcome", "perhaps"])).toBe("outcome");
		expect(pathOf(["reason", 7])).toBe("reason");
		expect(pathOf(["more", 1])).toBe("more");
		expect(pathOf(["detail", new Map([["list", [1]]])])).toBe("detail.list");
		expect(pathOf(["detail", new Map([["x".repeat(33), 1]])])).toBe(
			"detail.xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
		);
	});
});
