// How often a device tries to connect, over the last hour. Each boot and each stable session begins
// the backoff anew, and an address that returns cuts its wait short; everything else is bounded.

const HOUR = 3_600_000;
/** In the first hour of an outage, and per beginning of the backoff: what the README states. */
const ATTEMPTS_MAX = 60;
const ATTEMPTS_PER_RENEWAL = 30;

export interface AttemptsWindowOptions {
	readonly clock: { monotonicMs(): number };
	readonly onTooMany: (count: number, most: number) => void;
}

export class AttemptsWindow {
	readonly #options: AttemptsWindowOptions;
	#attempts: number[] = [];
	#renewals: number[] = [];

	constructor(options: AttemptsWindowOptions) {
		this.#options = options;
	}

	/** An attempt begins. */
	attempted(): void {
		const nowMs = this.#options.clock.monotonicMs();
		this.#attempts = this.#attempts.filter((atMs) => nowMs - atMs < HOUR);
		this.#attempts.push(nowMs);
		if (this.#attempts.length <= ATTEMPTS_MAX) return;
		this.#renewals = this.#renewals.filter((atMs) => nowMs - atMs < HOUR);
		const most = ATTEMPTS_MAX + ATTEMPTS_PER_RENEWAL * this.#renewals.length;
		if (this.#attempts.length > most) this.#options.onTooMany(this.#attempts.length, most);
	}

	/** The backoff begins anew, or its wait is cut short. */
	renewed(): void {
		this.#renewals.push(this.#options.clock.monotonicMs());
	}
}
