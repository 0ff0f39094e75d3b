// Where the device's reports go on a board. Only a debugger shows them: the one wire of a board
// carries provisioning, and a release build prints nothing.
import { print } from "hosts/esp32/board";
import type { DeviceEvent } from "../../src/ports.js";

/** One line of JSON. */
export function report(event: DeviceEvent): void {
	const { name, ...details } = event;
	print(JSON.stringify({ event: name, ...details }));
}
