// The sensors where there is no bus: the emulator and the SDK's simulator.
import { SimulatedSensor } from "../support/simulated-sensor.js";
import type { Ports } from "../../src/ports.js";

export const sensors: Ports["sensors"] = Object.freeze([
	Object.freeze({ io: SimulatedSensor, seed: 1 }),
]);
