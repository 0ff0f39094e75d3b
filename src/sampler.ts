// Samples the sensors at an interval and hands each round on as one payload. A sensor that fails is
// made anew at the next round; it never stops the others.

import type { Ports, Sensor, SensorSample, TimerHandle } from "./ports.js";

export interface SamplerOptions {
	readonly ports: Pick<Ports, "sensors" | "timer" | "report">;
	readonly intervalMs: number;
	/** What all sensors gave in one round: at least one sample. */
	readonly onSamples: (samples: readonly SensorSample[]) => void;
	/** A round is over, whether or not a sensor gave anything. */
	readonly onRound: () => void;
}

export class Sampler {
	readonly #options: SamplerOptions;
	readonly #sensors: (Sensor | undefined)[];
	#intervalMs: number;
	#timer: TimerHandle | undefined;

	constructor(options: SamplerOptions) {
		this.#options = options;
		this.#sensors = options.ports.sensors.map(() => undefined);
		this.#intervalMs = options.intervalMs;
	}

	/** Milliseconds between rounds. */
	get intervalMs(): number {
		return this.#intervalMs;
	}

	/** The first round comes at once, from a timer. */
	start(): void {
		this.#timer = this.#options.ports.timer.set(() => this.#round(), 0);
	}

	/** From the next round on. */
	setInterval(intervalMs: number): void {
		this.#intervalMs = intervalMs;
		if (this.#timer === undefined) return;
		this.#options.ports.timer.clear(this.#timer);
		this.#arm();
	}

	stop(): void {
		const { timer } = this.#options.ports;
		if (this.#timer !== undefined) timer.clear(this.#timer);
		this.#timer = undefined;
		this.#sensors.forEach((_, index) => this.#close(index));
	}

	#arm(): void {
		this.#timer = this.#options.ports.timer.set(() => this.#round(), this.#intervalMs);
	}

	#round(): void {
		this.#arm();
		const samples: SensorSample[] = [];
		this.#sensors.forEach((_, index) => {
			const sample = this.#sample(index);
			if (sample !== undefined) samples.push(sample);
		});
		if (samples.length > 0) this.#options.onSamples(samples);
		this.#options.onRound();
	}

	#sample(index: number): SensorSample | undefined {
		const { sensors, report } = this.#options.ports;
		const { io, ...options } = sensors[index] as Ports["sensors"][number];
		try {
			this.#sensors[index] ??= new io(options);
			return this.#sensors[index]?.sample();
		} catch (error) {
			// A driver may throw anything; the bus may be back at the next round.
			report({ name: "sensor-failed", sensor: index, reason: nameOf(error) });
			this.#close(index);
			return undefined;
		}
	}

	#close(index: number): void {
		const sensor = this.#sensors[index];
		this.#sensors[index] = undefined;
		try {
			sensor?.close();
		} catch (error) {
			this.#options.ports.report({
				name: "sensor-failed",
				sensor: index,
				reason: nameOf(error),
			});
		}
	}
}

/** The kind of an error, never its message: a driver's text is not ours to publish. */
function nameOf(error: unknown): string {
	return error instanceof Error ? error.name : "unknown";
}
