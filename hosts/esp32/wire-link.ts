// The network link port over the emulator's wire.
import { Ethernet } from "holdfast/ethernet";
import type { LinkSettings, NetworkLink } from "../../src/ports.js";

export interface WireLinkOptions {
	/** The network interface is there, though not yet an address. */
	onStarted: () => void;
}

export class WireLink implements NetworkLink {
	readonly #onStarted: () => void;
	#wire: Ethernet | undefined;

	constructor(options: WireLinkOptions) {
		this.#onStarted = options.onStarted;
	}

	/** A wire has no name and no password; one that came along is wiped. */
	start(settings: LinkSettings, onChanged: () => void): void {
		if (typeof onChanged !== "function") throw new TypeError("onChanged: not a function");
		if (this.#wire) throw new Error("network link: started already");
		settings.password?.fill(0);
		this.#wire = new Ethernet({ onChanged });
		this.#wire.join();
		this.#onStarted();
	}

	get isUp(): boolean {
		return this.#wire?.isUp ?? false;
	}

	restart(): void {
		if (!this.#wire) throw new Error("network link: not started");
		this.#wire.restart();
	}

	stop(): void {
		this.#wire?.close();
		this.#wire = undefined;
	}
}
