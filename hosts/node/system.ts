// The system port of a device process.
import type { Health, Posture, System } from "../../src/ports.js";

export interface NodeSystemOptions {
	hardwareId: string;
	/** Ends the process so that the board starts it again. */
	onRestart: () => void;
	onIdentify: () => void;
	/** Unix seconds at which the firmware bundle was built. */
	buildTime: number;
}

export class NodeSystem implements System {
	readonly hardwareId: string;
	readonly buildTime: number;
	readonly #options: NodeSystemOptions;

	constructor(options: NodeSystemOptions) {
		this.hardwareId = options.hardwareId;
		this.buildTime = options.buildTime;
		this.#options = { ...options };
	}

	restart(): void {
		this.#options.onRestart();
	}

	health(): Health {
		const { heapTotal, heapUsed } = process.memoryUsage();
		return { freeHeapBytes: Math.max(0, heapTotal - heapUsed) };
	}

	/** A process has none of a chip's protections, and says so. */
	posture(): Posture {
		return {
			host: "node",
			secureBoot: false,
			flashEncryption: false,
			storageEncryption: false,
			debugPort: true,
			watchdog: true,
		};
	}

	markImageValid(): void {
		// There is no second image here to roll back to.
	}

	identify(): void {
		this.#options.onIdentify();
	}
}
