// Builds the ports of a device from the SDK's classes and the native modules: the only place where
// they meet. What differs from board to board is behind the imports of hosts/esp32.
import { TLSSocket } from "embedded:io/socket/tcp/tls";
import { Board } from "hosts/esp32/board";
import { crypto } from "holdfast/crypto";
import { Entropy } from "holdfast/entropy";
import { flashPartitions } from "holdfast/flash-partition";
import { KeyStore } from "holdfast/key-store";
import { nvs } from "holdfast/nvs";
import { sensors } from "hosts/esp32/sensors";
import { System } from "holdfast/system";
import { USBSerial } from "holdfast/usb-serial";
import type { DeviceEvent, Health, Ports, Watchdog } from "../../src/ports.js";
import { BoardTimer } from "./board-timer.js";
import { TCPSocket } from "./tcp-socket.js";

export interface BoardPortsOptions {
	watchdog: Watchdog;
	report: (event: DeviceEvent) => void;
}

export function boardPorts({ watchdog, report }: BoardPortsOptions): Ports {
	const board = new Board();
	return {
		tcp: { io: TCPSocket },
		tls: { io: TLSSocket },
		dns: { io: board.resolver },
		link: board.link,
		keyValue: nvs,
		flash: flashPartitions,
		keyStore: new KeyStore(),
		crypto,
		clock: board.clock,
		timer: new BoardTimer(),
		entropy: new Entropy(),
		watchdog,
		serial: { io: USBSerial },
		system: new BoardSystem(board),
		sensors,
		report,
	};
}

/** The module's counters, and the radio's. */
class BoardSystem extends System {
	readonly #board: Board;

	constructor(board: Board) {
		super();
		this.#board = board;
	}

	override health(): Health {
		const { rssi } = this.#board;
		return { ...super.health(), ...(rssi !== undefined && { rssi }) };
	}
}
