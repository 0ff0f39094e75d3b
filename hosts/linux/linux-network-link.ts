// The network link port: a wire that is always up.
import type { LinkSettings, NetworkLink, Timer } from "../../src/ports.js";

export class LinuxNetworkLink implements NetworkLink {
	readonly #timer: Timer;
	#onChanged: (() => void) | undefined;
	#isUp = false;

	constructor(options: { timer: Timer }) {
		this.#timer = options.timer;
	}

	start(_settings: LinkSettings, onChanged: () => void): void {
		if (typeof onChanged !== "function") throw new TypeError("onChanged: not a function");
		if (this.#onChanged) throw new Error("network link: started already");
		this.#onChanged = onChanged;
		this.#joinLater();
	}

	get isUp(): boolean {
		return this.#isUp;
	}

	restart(): void {
		if (!this.#onChanged) throw new Error("network link: not started");
		this.#isUp = false;
		this.#timer.set(() => this.#onChanged?.(), 0);
		this.#joinLater();
	}

	stop(): void {
		this.#onChanged = undefined;
		this.#isUp = false;
	}

	#joinLater(): void {
		this.#timer.set(() => {
			if (!this.#onChanged) return;
			this.#isUp = true;
			this.#onChanged();
		}, 0);
	}
}
