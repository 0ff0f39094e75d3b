// A Wi-Fi station: joins one network, keeps trying, and says whether it holds an address. When to
// take it down and up again is decided in src/connection; what a network must offer is decided by
// whoever calls `join`.

/** What a network must offer at least: with "WPA3" it is joined by SAE or not at all. */
export type WiFiSecurity = "open" | "WPA2" | "WPA3";

export interface WiFiNetwork {
	/** 1 to 32 bytes of UTF-8. */
	readonly ssid: string;
	/**
	 * 8 to 63 characters, or a key of 64 hexadecimal digits; none for an open network. It is
	 * overwritten with zeros before `join` returns.
	 */
	readonly password?: Uint8Array;
	/** "WPA2" without it. A network without a password is joined with "open" alone. */
	readonly security?: WiFiSecurity;
	/** Management frames must be protected (802.11w). With "WPA3" they must be in any case. */
	readonly isProtectionRequired?: boolean;
}

export interface WiFiOptions {
	/** `isUp` has changed. */
	onChanged?: () => void;
}

/** There is one, as there is one radio. */
export class WiFi extends Native("xs_wifi_destructor") {
	constructor(options: WiFiOptions) {
		super();
		native("xs_wifi_constructor").call(this, options);
	}

	/**
	 * Joins, and goes on trying until `leave`; in place of any network before. Throws for wrong
	 * options only.
	 */
	join(network: WiFiNetwork): void {
		return native("xs_wifi_join").call(this, network);
	}

	/** Takes the radio down and up again and joins the same network. Without one, nothing. */
	restart(): void {
		return native("xs_wifi_restart").call(this);
	}

	/** Leaves, switches the radio off and forgets network and password. */
	leave(): void {
		return native("xs_wifi_leave").call(this);
	}

	/** Associated, and holding an address and a gateway: asked of the driver each time. */
	get isUp(): boolean {
		return native("xs_wifi_get_is_up").call(this);
	}

	/** Received signal strength in dBm; `undefined` while not associated. */
	get rssi(): number | undefined {
		return native("xs_wifi_get_rssi").call(this);
	}

	/** Why it last failed: a reason of a disconnection, or an error of ESP-IDF; 0 for never. */
	get failure(): number {
		return native("xs_wifi_get_failure").call(this);
	}

	/** As `leave`. */
	close(): void {
		return native("xs_wifi_close").call(this);
	}
}
