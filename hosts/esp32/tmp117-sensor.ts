// An ECMA-419 sensor over the SDK's driver for the TMP117 (I²C). Reads what is there and waits for
// nothing; a bus that fails throws, and whoever samples opens the sensor again.
import SMBus from "embedded:io/smbus";
import TMP117 from "embedded:sensor/Temperature/TMP117";
import type { Sensor, SensorSample } from "../../src/ports.js";

/** °C that the chip can measure (data sheet, 6.3). Beyond, it has not measured yet. */
const TEMPERATURE_MIN = -55;
const TEMPERATURE_MAX = 150;

export class TMP117Sensor implements Sensor {
	readonly #driver: TMP117;

	/** `data` and `clock` are pins; `address` is 0x48 without it. */
	constructor(options: Record<string, unknown>) {
		const { data, clock, address = 0x48 } = options;
		const problems: string[] = [];
		this.#driver = new TMP117({
			sensor: {
				io: SMBus,
				data: checkInteger(data, "data"),
				clock: checkInteger(clock, "clock"),
				address: checkInteger(address, "address"),
			},
			onError: (problem) => problems.push(problem),
		});
		// The driver has let go of the bus by itself then.
		if (problems.length > 0) throw new Error("TMP117: not there");
	}

	sample(): SensorSample | undefined {
		const { temperature } = this.#driver.sample();
		const isMeasured = temperature >= TEMPERATURE_MIN && temperature <= TEMPERATURE_MAX;
		return isMeasured ? { thermometer: { temperature } } : undefined;
	}

	close(): void {
		this.#driver.close();
	}
}

function checkInteger(value: unknown, name: string): number {
	if (typeof value !== "number" || !Number.isInteger(value)) {
		throw new TypeError(`${name}: not an integer`);
	}
	return value;
}
