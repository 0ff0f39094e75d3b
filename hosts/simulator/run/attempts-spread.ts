// Devices that lost their broker in one moment must not come back in one moment, again and again:
// that is how a herd tramples a broker that restarts.

/** Attempts of two devices within so many milliseconds count as one moment. */
const MOMENT_MS = 20;
/** Such moments in a row: by chance about once in ten million pairs of waits. */
const COINCIDENCES_MAX = 5;

export interface AttemptsSpreadOptions {
	readonly clock: { monotonicMs(): number };
	readonly onHerd: (device: number, other: number) => void;
}

export class AttemptsSpread {
	readonly #options: AttemptsSpreadOptions;
	/** Of each device, its newest attempts, newest last. */
	readonly #attempts: number[][];

	constructor(devices: number, options: AttemptsSpreadOptions) {
		this.#options = options;
		this.#attempts = Array.from({ length: devices }, () => []);
	}

	attempted(device: number): void {
		const own = this.#attempts[device] as number[];
		own.push(this.#options.clock.monotonicMs());
		if (own.length > COINCIDENCES_MAX) own.shift();
		if (own.length < COINCIDENCES_MAX) return;
		this.#attempts.forEach((others, other) => {
			if (other === device || others.length < COINCIDENCES_MAX) return;
			const isHerd = own.every((atMs, at) => Math.abs(atMs - (others[at] as number)) <= MOMENT_MS);
			if (isHerd) this.#options.onHerd(device, other);
		});
	}
}
