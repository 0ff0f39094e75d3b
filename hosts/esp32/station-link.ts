// The network link port over the radio: joins the configured network and keeps no password.
import { WiFi, type WiFiNetwork } from "holdfast/wifi";
import type { LinkSettings, NetworkLink } from "../../src/ports.js";

export interface StationLinkOptions {
	/** The network interface is there, though not yet an address. */
	onStarted: () => void;
}

export class StationLink implements NetworkLink {
	readonly #onStarted: () => void;
	#station: WiFi | undefined;

	constructor(options: StationLinkOptions) {
		this.#onStarted = options.onStarted;
	}

	/**
	 * Joins at once: with a password WPA2 or better, or WPA3 alone where `settings` asks for it;
	 * without one an open network, unless security is asked for, which then throws. The password's
	 * bytes are zeros when this returns.
	 */
	start(settings: LinkSettings, onChanged: () => void): void {
		const { ssid, password, security } = settings;
		if (typeof onChanged !== "function") throw new TypeError("onChanged: not a function");
		if (this.#station) throw new Error("network link: started already");
		const station = new WiFi({ onChanged });
		this.#station = station;
		try {
			if (security !== undefined && !password) throw new TypeError("password: missing");
			if (ssid !== undefined && password) {
				station.join({ ssid, password, ...demandsOf(security) });
			} else if (ssid !== undefined) station.join({ ssid, security: "open" });
		} finally {
			password?.fill(0);
		}
		this.#onStarted();
	}

	get isUp(): boolean {
		return this.#station?.isUp ?? false;
	}

	/** dBm of the access point, while associated. */
	get rssi(): number | undefined {
		return this.#station?.rssi;
	}

	restart(): void {
		if (!this.#station) throw new Error("network link: not started");
		this.#station.restart();
	}

	stop(): void {
		this.#station?.close();
		this.#station = undefined;
	}
}

/** Management frames are protected wherever the network can; with WPA3 it has to. */
function demandsOf(
	security: LinkSettings["security"] = "wpa2",
): Pick<WiFiNetwork, "security" | "isProtectionRequired"> {
	const isStrict = security === "wpa3";
	return { security: isStrict ? "WPA3" : "WPA2", isProtectionRequired: isStrict };
}
