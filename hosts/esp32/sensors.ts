// The sensors of a board: choose them here. A set is a list of ECMA-419 sensor classes and their
// options, in the order of sampling.
import { SimulatedSensor } from "../support/simulated-sensor.js";
import type { Ports } from "../../src/ports.js";
import { TMP117Sensor } from "./tmp117-sensor.js";

const SETS = Object.freeze({
	/** An invented room: nothing has to be soldered. */
	simulated: Object.freeze([Object.freeze({ io: SimulatedSensor, seed: 1 })]),
	/** A TMP117 on I²C, with the pins that it is wired to. */
	tmp117: Object.freeze([Object.freeze({ io: TMP117Sensor, data: 5, clock: 6 })]),
}) satisfies Readonly<Record<string, Ports["sensors"]>>;

/** What the firmware samples. For a real sensor: `SETS.tmp117`. */
export const sensors: Ports["sensors"] = SETS.simulated;
