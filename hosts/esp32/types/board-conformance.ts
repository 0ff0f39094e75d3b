// Compile-time proof that all boards have one shape: mcconfig puts one of them behind the specifier
// "hosts/esp32/board". Nothing here is built or run.
import type * as Simulator from "../simulator-board.js";
import type * as WiFi from "../wifi-board.js";
import type * as Wire from "../wire-board.js";
import type { Clock, NetworkLink, ResolverConstructor } from "../../../src/ports.js";

interface BoardModule {
	readonly Board: new () => {
		readonly clock: Clock;
		readonly link: NetworkLink;
		readonly resolver: ResolverConstructor;
		readonly rssi: number | undefined;
	};
	readonly print: (line: string) => void;
	readonly tellAbort: (message: string, exception: unknown) => void;
}

export const boards: readonly BoardModule[] = [
	{} as typeof WiFi,
	{} as typeof Wire,
	{} as typeof Simulator,
];
