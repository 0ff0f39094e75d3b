// The gate of one boot: what the world wants of the program goes through here, until the boot ends.

import type { VirtualClock } from "./clock.js";
import type { Gate } from "./gate.js";

export interface BootGateOptions {
	readonly clock: VirtualClock;
	/** The program threw: its boot is over, and this says how. */
	readonly onThrown: (error: unknown) => void;
}

export class BootGate implements Gate {
	/** The loop stands still: whatever happens is lost on it. */
	isHung = false;
	readonly #options: BootGateOptions;
	readonly #endings = new Set<() => void>();
	#isOpen = true;

	constructor(options: BootGateOptions) {
		this.#options = options;
	}

	get isOpen(): boolean {
		return this.#isOpen;
	}

	run(callback: () => void): void {
		if (!this.#isOpen || this.isHung) return;
		try {
			callback();
		} catch (error) {
			// A program that has ended may still be on its way out of its last call.
			if (this.#isOpen) this.#options.onThrown(error);
		}
	}

	after(delayMs: number, callback: () => void): () => void {
		const { clock } = this.#options;
		const event = clock.schedule(() => this.run(callback), delayMs);
		return () => clock.cancel(event);
	}

	onEnd(callback: () => void): () => void {
		this.#endings.add(callback);
		return () => void this.#endings.delete(callback);
	}

	/** Nothing goes in any more. Closing twice does nothing. */
	close(): void {
		if (!this.#isOpen) return;
		this.#isOpen = false;
		for (const ending of [...this.#endings]) ending();
		this.#endings.clear();
	}
}
