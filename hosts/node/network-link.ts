// The network link port: a wire that is always up, unless the board cuts the network.
import type { LinkSettings, NetworkLink } from "../../src/ports.js";
import type { Network } from "./network.js";

export class NodeNetworkLink implements NetworkLink {
	readonly #network: Network;
	#onChanged: (() => void) | undefined;
	#leaveNetwork: (() => void) | undefined;
	#isJoined = false;

	constructor(options: { network: Network }) {
		this.#network = options.network;
	}

	start(_settings: LinkSettings, onChanged: () => void): void {
		if (typeof onChanged !== "function") throw new TypeError("onChanged: not a function");
		if (this.#onChanged) throw new Error("network link: started already");
		this.#onChanged = onChanged;
		const changed = () => setImmediate(() => this.#onChanged?.());
		this.#leaveNetwork = this.#network.join({ onCut: changed, onRestored: changed });
		this.#joinLater();
	}

	get isUp(): boolean {
		return this.#isJoined && this.#network.isUp;
	}

	restart(): void {
		if (!this.#onChanged) throw new Error("network link: not started");
		this.#isJoined = false;
		setImmediate(() => this.#onChanged?.());
		this.#joinLater();
	}

	stop(): void {
		this.#leaveNetwork?.();
		this.#leaveNetwork = undefined;
		this.#onChanged = undefined;
		this.#isJoined = false;
	}

	#joinLater(): void {
		setImmediate(() => {
			if (!this.#onChanged) return;
			this.#isJoined = true;
			this.#onChanged();
		});
	}
}
