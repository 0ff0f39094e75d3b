// Ethernet of the emulated board (the open-cores controller of QEMU): the shape of modules/wifi, so
// that the same link stands over both. A cable has no network to choose, and none to refuse.

export interface EthernetOptions {
	/** `isUp` has changed. */
	onChanged?: () => void;
}

/** There is one, as there is one controller. */
export class Ethernet extends Native("xs_ethernet_destructor") {
	constructor(options: EthernetOptions) {
		super();
		native("xs_ethernet_constructor").call(this, options);
	}

	/** Starts the controller and asks for an address. */
	join(): void {
		return native("xs_ethernet_join").call(this);
	}

	/** Takes the interface down and up again. Before `join`, nothing. */
	restart(): void {
		return native("xs_ethernet_restart").call(this);
	}

	/** Stops the controller. */
	leave(): void {
		return native("xs_ethernet_leave").call(this);
	}

	/** A cable is there, and an address and a gateway are held: asked of the driver each time. */
	get isUp(): boolean {
		return native("xs_ethernet_get_is_up").call(this);
	}

	/** As `leave`. */
	close(): void {
		return native("xs_ethernet_close").call(this);
	}
}
