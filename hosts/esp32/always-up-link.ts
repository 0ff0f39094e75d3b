// The network link port where the network is somebody else's: up from the first turn.
import SDKTimer from "timer";
import type { LinkSettings, NetworkLink } from "../../src/ports.js";

export class AlwaysUpLink implements NetworkLink {
	#onChanged: (() => void) | undefined;
	#isUp = false;

	/** Joins nothing; a password that came along is wiped. */
	start(settings: LinkSettings, onChanged: () => void): void {
		if (typeof onChanged !== "function") throw new TypeError("onChanged: not a function");
		if (this.#onChanged) throw new Error("network link: started already");
		settings.password?.fill(0);
		this.#onChanged = onChanged;
		this.#joinLater();
	}

	get isUp(): boolean {
		return this.#isUp;
	}

	restart(): void {
		if (!this.#onChanged) throw new Error("network link: not started");
		this.#isUp = false;
		this.#joinLater();
	}

	stop(): void {
		this.#onChanged = undefined;
		this.#isUp = false;
	}

	#joinLater(): void {
		SDKTimer.set(() => {
			if (!this.#onChanged) return;
			this.#isUp = true;
			this.#onChanged();
		}, 0);
	}
}
