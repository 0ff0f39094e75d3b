// What belongs to the board as a whole: restart, counters of memory, what the running image says
// about its own safety. Decides nothing.

export interface Health {
	readonly freeHeapBytes?: number;
	readonly largestFreeBlockBytes?: number;
	readonly minimumFreeHeapBytes?: number;
	readonly rssi?: number;
}

export class System extends Native("xs_system_destructor") {
	constructor() {
		super();
		native("xs_system_constructor").call(this);
	}

	/** Restarts the board once the running turn is over. */
	restart(): void {
		return native("xs_system_restart").call(this);
	}

	/** Counters of memory; one that the platform cannot know is absent. */
	health(): Health {
		return native("xs_system_health").call(this);
	}

	/** The facts by which `holdfast posture` judges an image. */
	posture(): Readonly<Record<string, string | number | boolean>> {
		return native("xs_system_posture").call(this);
	}

	/** Cancels the rollback of a freshly updated image. Idempotent. */
	markImageValid(): void {
		return native("xs_system_mark_image_valid").call(this);
	}

	/** Makes a person find this board. */
	identify(): void {
		return native("xs_system_identify").call(this);
	}

	/** A name burnt into the hardware, at most 32 characters. */
	get hardwareId(): string {
		return native("xs_system_get_hardware_id").call(this);
	}

	/** Unix seconds at which the image was built. */
	get buildTime(): number {
		return native("xs_system_get_build_time").call(this);
	}
}
