// An ECMA-419 temperature and humidity sensor that invents a plausible room: a seed gives its whole
// life.
import type { Sensor, SensorSample } from "../../src/ports.js";
import { checkInteger, checkOptions } from "./checks.js";

const TEMPERATURE_MEAN = 21.5;
const HUMIDITY_MEAN = 0.45;

export class SimulatedSensor implements Sensor {
	#state: number;
	#temperature = TEMPERATURE_MEAN;
	#humidity = HUMIDITY_MEAN;
	#isClosed = false;

	constructor(options: Record<string, unknown>) {
		const { seed = 1 } = checkOptions(options);
		this.#state = checkInteger(seed, "seed", 0, 0xffffffff);
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
