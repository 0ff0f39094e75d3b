// What build/device.js exports, for the compiler that mcconfig runs: it would not find the npm
// package in src. device-conformance.ts holds it against src/device.ts.
import type { Ports } from "../../../src/ports.js";

export declare class Device {
	constructor(options: {
		readonly ports: Ports;
		readonly timeScale?: number;
		readonly sampleIntervalMs?: number;
	});
	start(): void;
	stop(): void;
}
