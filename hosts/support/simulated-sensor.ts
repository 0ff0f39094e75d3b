// An ECMA-419 temperature and humidity sensor that invents a plausible room: a seed gives its whole
// life.
import type { Sensor, SensorSample } from "../../src/ports.js";

const TEMPERATURE_MEAN = 21.5;
const HUMIDITY_MEAN = 0.45;

export class SimulatedSensor implements Sensor {
	#state: number;
	#temperature = TEMPERATURE_MEAN;
	#humidity = HUMIDITY_MEAN;
	#isClosed = false;

	constructor(options: Record<string, unknown>) {
		if (typeof options !== "object" || options === null) {
			throw new TypeError("options: not an object");
		}
		const { seed = 1 } = options;
		if (typeof seed !== "number" || !Number.isInteger(seed)) {
			throw new TypeError("seed: not an integer");
		}
		if (seed < 0 || seed > 0xffffffff) throw new RangeError("seed: not in 0..4294967295");
		this.#state = seed;
	}

	sample(): SensorSample {
		if (this.#isClosed) throw new Error("sensor: closed");
		this.#temperature = this.#wander(this.#temperature, TEMPERATURE_MEAN, 0.2);
		this.#humidity = Math.min(1, Math.max(0, this.#wander(this.#humidity, HUMIDITY_MEAN, 0.01)));
		return {
			thermometer: { temperature: round(this.#temperature, 100) },
			hygrometer: { humidity: round(this.#humidity, 1000) },
		};
	}

	close(): void {
		this.#isClosed = true;
	}

	/** One step of a random walk that is drawn back towards `mean`. */
	#wander(value: number, mean: number, step: number): number {
		return value + (mean - value) * 0.05 + (this.#random() - 0.5) * 2 * step;
	}

	/** mulberry32: small, seeded, and no more random than a room needs. */
	#random(): number {
		this.#state = (this.#state + 0x6d2b79f5) >>> 0;
		let mixed = this.#state;
		mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
		mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
		return ((mixed ^ (mixed >>> 14)) >>> 0) / 0x100000000;
	}
}

function round(value: number, steps: number): number {
	return Math.round(value * steps) / steps;
}
