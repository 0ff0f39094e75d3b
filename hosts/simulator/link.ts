// The network link of one simulated board: Wi-Fi as its driver shows it, and what goes wrong
// between "associated" and "has an address". It alone says whether the board's interface is up.

import type { LinkSettings, NetworkLink } from "../../src/ports.js";
import type { Gate } from "./gate.js";
import type { NetworkInterface } from "./network-interface.js";

/** Association and DHCP on a quiet network. */
const JOIN_MS = 1500;

/**
 * How an address is lost without a word. "unseen": the driver believes that it still has one.
 * "untold": it knows, and says so only when asked.
 */
export type SilentLoss = "unseen" | "untold";

/** What lasts over boots: the surroundings. The driver's own state begins anew with each boot. */
export class Link {
	joinMs = JOIN_MS;
	readonly #path: NetworkInterface;
	#driver: Driver | undefined;
	#isAway = false;
	#givesNoAddress = false;
	#restarts = 0;

	constructor(path: NetworkInterface) {
		this.#path = path;
		path.isUp = false;
	}

	/** Nothing to associate with: the access point is away. */
	get isAway(): boolean {
		return this.#isAway;
	}

	set isAway(isAway: boolean) {
		this.#isAway = isAway;
		this.#driver?.surroundingsChanged();
	}

	/** Association succeeds and no address is given; one that there was is lost. */
	get givesNoAddress(): boolean {
		return this.#givesNoAddress;
	}

	set givesNoAddress(givesNoAddress: boolean) {
		this.#givesNoAddress = givesNoAddress;
		this.#driver?.surroundingsChanged();
	}

	/** How often the firmware restarted the interface. */
	get restarts(): number {
		return this.#restarts;
	}

	/** The address works no more. A restart of the interface gets another. */
	loseAddress(manner: SilentLoss): void {
		this.#driver?.loseAddress(manner);
	}

	/** The driver does nothing any more; only a restart of the chip helps. */
	hangDriver(): void {
		this.#driver?.hang();
	}

	/** The surroundings are well again. What only a restart mends stays. */
	heal(): void {
		this.joinMs = JOIN_MS;
		this.isAway = false;
		this.givesNoAddress = false;
	}

	/** The port of one boot. */
	portThrough(gate: Gate): NetworkLink {
		const driver = new Driver(gate, this, this.#path, () => this.#restarts++);
		this.#driver = driver;
		gate.onEnd(() => {
			if (this.#driver !== driver) return;
			this.#driver = undefined;
			this.#path.isUp = false;
		});
		return driver;
	}
}

class Driver implements NetworkLink {
	readonly #gate: Gate;
	readonly #link: Link;
	readonly #path: NetworkInterface;
	readonly #onRestart: () => void;
	#onChanged: (() => void) | undefined;
	#cancelJoin: (() => void) | undefined;
	#hasAddress = false;
	#silentLoss: SilentLoss | undefined;
	#isHung = false;

	constructor(gate: Gate, link: Link, path: NetworkInterface, onRestart: () => void) {
		this.#gate = gate;
		this.#link = link;
		this.#path = path;
		this.#onRestart = onRestart;
	}

	start(_settings: LinkSettings, onChanged: () => void): void {
		this.#onChanged = onChanged;
		this.#join();
	}

	get isUp(): boolean {
		return this.#hasAddress && this.#silentLoss !== "untold";
	}

	restart(): void {
		this.#onRestart();
		if (!this.#onChanged || this.#isHung) return;
		this.#silentLoss = undefined;
		this.#lose();
		this.#join();
	}

	stop(): void {
		this.#onChanged = undefined;
		this.#cancelJoin?.();
		this.#hasAddress = false;
		this.#show();
	}

	loseAddress(manner: SilentLoss): void {
		if (!this.#hasAddress) return;
		this.#silentLoss = manner;
		this.#show();
	}

	hang(): void {
		this.#isHung = true;
		this.#cancelJoin?.();
		this.#show();
	}

	surroundingsChanged(): void {
		if (this.#isHung) return;
		if (this.#link.isAway || this.#link.givesNoAddress) this.#lose();
		else if (!this.#hasAddress) this.#join();
	}

	#join(): void {
		this.#cancelJoin?.();
		if (!this.#onChanged || this.#isHung) return;
		this.#cancelJoin = this.#gate.after(this.#link.joinMs, () => {
			if (this.#link.isAway || this.#link.givesNoAddress || !this.#onChanged) return;
			this.#hasAddress = true;
			this.#show();
			this.#onChanged();
		});
	}

	/** Told later: the caller may be the firmware. */
	#lose(): void {
		this.#cancelJoin?.();
		if (!this.#hasAddress) return;
		this.#hasAddress = false;
		this.#show();
		this.#gate.after(0, () => this.#onChanged?.());
	}

	#show(): void {
		this.#path.isUp = this.#hasAddress && this.#silentLoss === undefined && !this.#isHung;
	}
}
