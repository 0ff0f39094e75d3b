// The SDK's ECMA-419 driver of the TMP117 thermometer, as far as hosts/esp32 uses it: the SDK's
// typings have no sensors.
import type SMBus from "embedded:io/smbus";

export interface TMP117Options {
	sensor: { io: typeof SMBus; data: number; clock: number; address?: number };
	/** The driver is of no use then, and holds nothing. May be called inside the constructor. */
	onError?: (problem: string) => void;
}

export default class TMP117 {
	constructor(options: TMP117Options);
	/** Throws when the bus fails. `temperature` is in °C; 256 before the first measurement. */
	sample(): { temperature: number; alert: number };
	close(): void;
}
