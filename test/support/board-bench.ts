// A bench for boards: state in a temporary folder, every event recorded, firmware as small as a
// test wants.
import { writeFileSync } from "node:fs";
import { Board, type BoardOptions } from "../../hosts/node/board.js";
import type { DeviceEvent } from "../../src/ports.js";
import { until } from "./socket-log.js";
import { TemporaryFolder } from "./temporary-folder.js";

/** Echoes what comes over USB, feeds its watchdog and tells how it was reset. */
export const ECHO_FIRMWARE = `
export class Device {
	constructor({ ports }) {
		this.ports = ports;
	}
	start() {
		const { ports } = this;
		const { reason, stage } = ports.watchdog.lastReset;
		ports.report({ name: "device-started", reason, stage });
		ports.watchdog.start(500);
		ports.watchdog.retain("echo");
		ports.timer.repeat(() => ports.watchdog.feed(), 50);
		let waiting = [];
		const drain = () => {
			while (waiting.length > 0) {
				try {
					port.write(waiting[0]);
					waiting.shift();
				} catch {
					return;
				}
			}
		};
		const port = new ports.serial.io({
			onReadable: () => {
				for (let bytes; (bytes = port.read(64)); ) waiting.push(bytes);
				drain();
			},
			onWritable: drain,
		});
		ports.link.start({}, () => ports.report({ name: "link", isUp: ports.link.isUp }));
	}
	stop() {
		this.ports.report({ name: "device-stopped" });
	}
}`;

export class BoardBench {
	readonly folder = new TemporaryFolder();
	readonly events: DeviceEvent[] = [];
	readonly board: Board;

	constructor(options: { firmware: string } & Partial<BoardOptions>) {
		const { firmware, ...more } = options;
		const bundlePath = this.folder.file("firmware.mjs");
		writeFileSync(bundlePath, firmware);
		this.board = new Board({
			stateFolder: this.folder.file("state"),
			bundlePath,
			onEvent: (event) => this.events.push(event),
			...more,
		});
	}

	all(name: string): DeviceEvent[] {
		return this.events.filter((event) => event.name === name);
	}

	/** Waits for the `count`th event of this name; returns it. */
	async see(name: string, count = 1): Promise<DeviceEvent> {
		await until(() => this.all(name).length >= count);
		return this.all(name)[count - 1] as DeviceEvent;
	}

	async close(): Promise<void> {
		await this.board.powerOff();
		this.folder.remove();
	}
}
