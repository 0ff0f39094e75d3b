import { toHex } from "../../../src/bytes/hex.js";
import { encode } from "../../../src/cbor/encode.js";
import type { CBORKey, CBORValue } from "../../../src/cbor/value.js";
import { ENVELOPE_PAYLOAD_BYTES_MAX, READING_MEASUREMENTS_MAX } from "../../../src/limits.js";
import type { SensorSample } from "../../../src/ports.js";
import { decodeReading, encodeReading } from "../../../src/reading/senml.js";

const SAMPLE: SensorSample = {
	thermometer: { temperature: 21.5 },
	hygrometer: { humidity: 0.5 },
};

function roundTrip(samples: readonly SensorSample[], time?: number) {
	const encoded = encodeReading(samples, time);
	if (encoded.kind === "empty") return [];
	const read = decodeReading(encoded.payload);
	if (read.kind === "invalid") throw new Error(`${read.path}: ${read.expected}`);
	return read.value;
}

describe("encodeReading", () => {
	// Written out by hand from RFC 8428 table 4: [{-3: 1700000000, 0: "temperature", 1: "Cel", 2:
	// 21.5}, {0: "humidity", 1: "%RH", 2: 50}], keys in the order of RFC 8949 §4.2.1.
	it("writes SenML with names and units of its own, humidity in percent", () => {
		const encoded = encodeReading([SAMPLE], 1_700_000_000);
		expect(encoded.kind === "encoded" && toHex(encoded.payload)).toBe(
			[
				"82",
				...["a4", "00", "6b74656d7065726174757265", "01", "6343656c", "02", "f94d60"],
				...["22", "1a6553f100"],
				...["a3", "00", "6868756d6964697479", "01", "63255248", "02", "1832"],
			].join(""),
		);
	});

	it("gives the time to every measurement, and none where there is none", () => {
		expect(roundTrip([SAMPLE], 1_700_000_000)).toEqual([
			{ name: "temperature", unit: "Cel", value: 21.5, time: 1_700_000_000 },
			{ name: "humidity", unit: "%RH", value: 50, time: 1_700_000_000 },
		]);
		expect(roundTrip([{ barometer: { pressure: 101_325 } }])).toEqual([
			{ name: "pressure", unit: "Pa", value: 101_325 },
		]);
	});

	it("names what it does not know by class and property, without a unit", () => {
		expect(roundTrip([{ accelerometer: { x: -0.25, y: 0 } }])).toEqual([
			{ name: "accelerometer/x", value: -0.25 },
			{ name: "accelerometer/y", value: 0 },
		]);
	});

	it("numbers the second sensor of a kind", () => {
		const names = roundTrip([SAMPLE, SAMPLE, SAMPLE]).map(({ name }) => name);
		expect(names).toEqual([
			...["temperature", "humidity", "temperature-2", "humidity-2"],
			...["temperature-3", "humidity-3"],
		]);
	});

	it("does not spoil humidity by multiplying it", () => {
		const values = [0, 0.07, 0.29, 0.57, 0.58, 1].map(
			(humidity) => roundTrip([{ hygrometer: { humidity } }])[0]?.value,
		);
		expect(values).toEqual([0, 7, 29, 57, 58, 100]);
	});

	it("leaves out what is no number, and says so", () => {
		const sample = {
			thermometer: { temperature: NaN },
			hygrometer: { humidity: Infinity },
			barometer: { pressure: 1e300, altitude: "high" as unknown as number },
			ok: { x: 1, "not a name!": 2 },
		};
		const encoded = encodeReading([sample]);
		expect(encoded.leftOut).toEqual([
			"thermometer/temperature",
			"hygrometer/humidity",
			"barometer/pressure",
			"barometer/altitude",
			"ok/not a name!",
		]);
		expect(roundTrip([sample])).toEqual([{ name: "ok/x", value: 1 }]);
	});

	it("is empty where nothing can be sent", () => {
		expect(encodeReading([])).toEqual({ kind: "empty", leftOut: [] });
		expect(encodeReading([{ thermometer: { temperature: NaN } }])).toEqual({
			kind: "empty",
			leftOut: ["thermometer/temperature"],
		});
	});

	it("sends zero without a sign", () => {
		expect(Object.is(roundTrip([{ thermometer: { temperature: -0 } }])[0]?.value, 0)).toBe(true);
	});

	it("fits its payload with the most and longest measurements", () => {
		const properties: Record<string, number> = {};
		for (let index = 0; index < READING_MEASUREMENTS_MAX + 2; index++) {
			properties[`${"p".repeat(28)}${10 + index}`] = 1 / 3 + index;
		}
		const encoded = encodeReading([{ class: properties }], 253_402_300_799);
		expect(encoded.leftOut).toHaveLength(2);
		const length = encoded.kind === "encoded" ? encoded.payload.length : 0;
		expect(length).toBeLessThanOrEqual(ENVELOPE_PAYLOAD_BYTES_MAX);
		expect(length).toBeGreaterThan(700);
	});
});

describe("decodeReading", () => {
	function pathOf(...records: [CBORKey, CBORValue][][]): string {
		const read = decodeReading(encode(records.map((record) => new Map(record))));
		return read.kind === "invalid" ? read.path : "valid";
	}

	it("names the first wrong field", () => {
		const sound: [CBORKey, CBORValue][] = [
			[0, "a"],
			[2, 1],
		];
		expect(pathOf(sound)).toBe("valid");
		expect(pathOf()).toBe("");
		expect(pathOf([[0, "a"]])).toBe("[0].2");
		expect(pathOf([[2, 1]])).toBe("[0].0");
		expect(pathOf([...sound, [3, "text"]])).toBe("[0].3");
		expect(
			pathOf([
				[0, "_a"],
				[2, 1],
			]),
		).toBe("[0].0");
		expect(pathOf(sound, [...sound, [-3, 1]])).toBe("[1].-3");
		expect(decodeReading(Uint8Array.of(0x80, 0)).kind).toBe("invalid");
	});
});
