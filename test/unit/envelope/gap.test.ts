import { encode } from "../../../src/cbor/encode.js";
import { decodeGap, encodeGap, type Gap } from "../../../src/envelope/gap.js";
import { ENVELOPE_PAYLOAD_BYTES_MAX, GAPS_MAX } from "../../../src/limits.js";

const GAP: Gap = { first: 10, last: 20, count: 5, reason: "outbox-full" };

function pathOf(...gaps: Record<string, number | string>[]): string {
	const read = decodeGap(encode(gaps.map((gap) => new Map(Object.entries(gap)))));
	return read.kind === "invalid" ? read.path : "valid";
}

describe("gap records", () => {
	it("round-trip, up to as many ranges as a payload holds", () => {
		expect(decodeGap(encodeGap([GAP]))).toEqual({ kind: "valid", value: [GAP] });
		const last = Number.MAX_SAFE_INTEGER;
		const largest: Gap = { first: last - 1e15, last, count: 1e15, reason: "record-corrupt" };
		const most = Array.from({ length: GAPS_MAX }, () => largest);
		const payload = encodeGap(most);
		expect(payload.length).toBeLessThanOrEqual(ENVELOPE_PAYLOAD_BYTES_MAX);
		expect(decodeGap(payload)).toEqual({ kind: "valid", value: most });
	});

	it("throw when a range contradicts itself", () => {
		const wrong: Gap[] = [
			{ ...GAP, first: 0 },
			{ ...GAP, last: 9 },
			{ ...GAP, count: 0 },
			{ ...GAP, count: 12 },
		];
		for (const gap of wrong) expect(() => encodeGap([gap])).toThrow();
		expect(() => encodeGap([])).toThrow();
		expect(() => encodeGap(Array.from({ length: GAPS_MAX + 1 }, () => GAP))).toThrow();
	});

	it("are refused with the path of the wrong field", () => {
		const sound = { first: 10, last: 20, count: 11, reason: "outbox-full" };
		expect(pathOf(sound)).toBe("valid");
		expect(pathOf()).toBe("");
		expect(pathOf(sound, { ...sound, count: 12 })).toBe("[1].count");
		expect(pathOf({ ...sound, last: 9 })).toBe("[0].last");
		expect(pathOf({ ...sound, reason: "boredom" })).toBe("[0].reason");
		expect(pathOf({ ...sound, more: 1 })).toBe("[0].more");
		expect(decodeGap(new Uint8Array(0)).kind).toBe("invalid");
	});
});
