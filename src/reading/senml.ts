// Readings as SenML in CBOR (RFC 8428 §6): what the sensors measured, with names and units that any
// SenML library understands. Encodes samples; when to sample is the device's affair.

import { deepFreeze } from "../deep-freeze.js";
import { encode } from "../cbor/encode.js";
import { readEncoded, type Field, type FieldReader, type FieldsRead } from "../cbor/fields.js";
import type { CBORKey, CBORValue } from "../cbor/value.js";
import {
	MEASUREMENT_NAME_CHARACTERS_MAX,
	READING_MEASUREMENTS_MAX,
	UNIX_SECONDS_MAX,
} from "../limits.js";
import type { SensorSample } from "../ports.js";

export interface Measurement {
	readonly name: string;
	/** A SenML unit (RFC 8428 §12.1), where the measurement has one. */
	readonly unit?: string;
	readonly value: number;
	/** Unix seconds. */
	readonly time?: number;
}

/** `leftOut` names measurements that cannot be sent: not finite, no number, or too many. */
export type ReadingEncoded =
	| {
			readonly kind: "encoded";
			readonly payload: Uint8Array;
			readonly leftOut: readonly string[];
	  }
	| { readonly kind: "empty"; readonly leftOut: readonly string[] };

// SenML labels (RFC 8428 table 4)
const LABEL_BASE_TIME = -3;
const LABEL_NAME = 0;
const LABEL_UNIT = 1;
const LABEL_VALUE = 2;
const LABELS: readonly CBORKey[] = Object.freeze([
	LABEL_BASE_TIME,
	LABEL_NAME,
	LABEL_UNIT,
	LABEL_VALUE,
]);

interface Quantity {
	readonly name: string;
	readonly unit: string;
	/** The SenML unit in terms of the sensor's. */
	readonly scale: number;
}

/** What ECMA-419 §13 sensors measure, under the names and units that we send. */
const QUANTITIES: Readonly<Record<string, Quantity>> = deepFreeze({
	"thermometer/temperature": { name: "temperature", unit: "Cel", scale: 1 },
	"hygrometer/humidity": { name: "humidity", unit: "%RH", scale: 100 },
	"barometer/pressure": { name: "pressure", unit: "Pa", scale: 1 },
});

/** The payload for one round of sampling, at `time` in Unix seconds where that is known. */
export function encodeReading(samples: readonly SensorSample[], time?: number): ReadingEncoded {
	const leftOut: string[] = [];
	const measurements = measurementsOf(samples, leftOut);
	if (measurements.length === 0) return { kind: "empty", leftOut };
	const pack = measurements.map(({ name, unit, value }, index) => {
		const record = new Map<CBORKey, CBORValue>([
			[LABEL_NAME, name],
			[LABEL_VALUE, value],
		]);
		if (unit !== undefined) record.set(LABEL_UNIT, unit);
		// The base time holds for the records after it too (RFC 8428 §4.1).
		if (index === 0 && time !== undefined) record.set(LABEL_BASE_TIME, time);
		return record;
	});
	return { kind: "encoded", payload: encode(pack), leftOut };
}

/** Reads what `encodeReading` writes; the answer names the first field that is wrong. */
export function decodeReading(payload: Uint8Array): FieldsRead<readonly Measurement[]> {
	return readEncoded(payload, (root) => {
		let time: number | undefined;
		return root.list({ min: 1, max: READING_MEASUREMENTS_MAX }, (item, index) =>
			item.map(LABELS, (fields) => {
				if (index === 0) time = readBaseTime(fields);
				else fields.optional(LABEL_BASE_TIME)?.refuse("a base time in the first record only");
				return readMeasurement(fields, time);
			}),
		);
	});
}

function readBaseTime(fields: FieldReader): number | undefined {
	return fields.optional(LABEL_BASE_TIME)?.integer({ min: 0, max: UNIX_SECONDS_MAX });
}

function readMeasurement(fields: FieldReader, time: number | undefined): Measurement {
	const unit = fields.optional(LABEL_UNIT)?.text({ min: 1, max: MEASUREMENT_NAME_CHARACTERS_MAX });
	return {
		name: readName(fields.required(LABEL_NAME)),
		...(unit !== undefined && { unit }),
		value: fields.required(LABEL_VALUE).number(),
		...(time !== undefined && { time }),
	};
}

function readName(field: Field): string {
	const name = field.text({ min: 1, max: MEASUREMENT_NAME_CHARACTERS_MAX });
	if (!isName(name)) field.refuse("a SenML name");
	return name;
}

function measurementsOf(samples: readonly SensorSample[], leftOut: string[]): Measurement[] {
	const measurements: Measurement[] = [];
	for (const sample of samples) {
		for (const [kind, properties] of Object.entries(sample)) {
			for (const [property, value] of Object.entries(properties)) {
				const measurement = measurementOf(`${kind}/${property}`, value, measurements);
				const isFull = measurements.length === READING_MEASUREMENTS_MAX;
				if (measurement === undefined || isFull) leftOut.push(`${kind}/${property}`);
				else measurements.push(measurement);
			}
		}
	}
	return measurements;
}

function measurementOf(
	path: string,
	measured: unknown,
	others: readonly Measurement[],
): Measurement | undefined {
	if (typeof measured !== "number") return undefined;
	const quantity = Object.hasOwn(QUANTITIES, path) ? QUANTITIES[path] : undefined;
	const name = freeName(quantity?.name ?? path, others);
	const value = scaled(measured, quantity?.scale ?? 1);
	const isEncodable = Number.isInteger(value)
		? Number.isSafeInteger(value)
		: Number.isFinite(value);
	if (!isEncodable || !isName(name)) return undefined;
	return { name, ...(quantity !== undefined && { unit: quantity.unit }), value };
}

/** The second sensor of a kind is "temperature-2": a name means one thing in a pack. */
function freeName(name: string, others: readonly Measurement[]): string {
	let candidate = name;
	for (let count = 2; others.some((other) => other.name === candidate); count++) {
		candidate = `${name}-${count}`;
	}
	return candidate;
}

/** Eight decimal places: 0.07 × 100 is 7, not 7.000000000000001. Zero has no sign. */
function scaled(value: number, scale: number): number {
	return (scale === 1 ? value : Math.round(value * scale * 1e8) / 1e8) + 0;
}

const NAME_FIRST = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
const NAME_REST = `${NAME_FIRST}-:./_`;

/** RFC 8428 §4.5.1 */
function isName(name: string): boolean {
	if (name.length === 0 || name.length > MEASUREMENT_NAME_CHARACTERS_MAX) return false;
	if (!NAME_FIRST.includes(name.charAt(0))) return false;
	for (let index = 1; index < name.length; index++) {
		if (!NAME_REST.includes(name.charAt(index))) return false;
	}
	return true;
}
