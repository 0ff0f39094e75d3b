// The watchdog's counting half, in the board. It judges the device, not this process: when the
// board itself was late, messages that are already waiting count as having come in time.

export class WatchdogTimer {
	readonly #onExpired: () => void;
	#timeoutMs: number | undefined;
	#timer: NodeJS.Timeout | undefined;
	#feeds = 0;

	constructor(onExpired: () => void) {
		this.#onExpired = onExpired;
	}

	start(timeoutMs: number): void {
		this.#timeoutMs = timeoutMs;
		this.feed();
	}

	feed(): void {
		if (this.#timeoutMs === undefined) return;
		this.#feeds++;
		clearTimeout(this.#timer);
		this.#timer = setTimeout(() => this.#suspect(), this.#timeoutMs);
	}

	stop(): void {
		this.#timeoutMs = undefined;
		clearTimeout(this.#timer);
	}

	/** Lets two rounds of the event loop deliver what arrived while this process was busy. */
	#suspect(): void {
		const feeds = this.#feeds;
		const judge = () => {
			if (this.#timeoutMs === undefined || this.#feeds !== feeds) return;
			this.stop();
			this.#onExpired();
		};
		setImmediate(() => setTimeout(() => setImmediate(judge), 1));
	}
}
