// Carries out the commands that the downlink has judged: what each of them does to the device.

import { unreachable } from "./assert.js";
import type { Command } from "./command/command.js";
import type { BootRecord } from "./connection/boot-record.js";
import type { TimeTrust } from "./credentials/time-trust.js";
import type { Performed } from "./downlink.js";
import { FIRMWARE_VERSION } from "./firmware-version.js";
import { RESTART_DELAY_MS } from "./limits.js";
import type { Outbox } from "./outbox/outbox.js";
import type { Ports } from "./ports.js";

export interface PerformerOptions {
	readonly ports: Ports;
	readonly bootRecord: BootRecord;
	readonly outbox: Outbox;
	readonly timeTrust: TimeTrust;
	readonly intervalMs: () => number;
	readonly setInterval: (intervalMs: number) => void;
}

export class Performer {
	readonly #options: PerformerOptions;

	constructor(options: PerformerOptions) {
		this.#options = options;
	}

	perform(command: Command): Performed {
		const { ports, setInterval } = this.#options;
		switch (command.name) {
			case "identify":
				ports.system.identify();
				return { outcome: "done" };
			case "report":
				return { outcome: "done", detail: this.#report() };
			case "set-interval":
				setInterval(command.intervalMs);
				return { outcome: "done", detail: { intervalMs: command.intervalMs } };
			case "restart":
				return { outcome: "done", afterwards: () => this.#restart() };
			default:
				return unreachable(command);
		}
	}

	/** Posture and health. What does not fit the result is left out from the end. */
	#report(): Record<string, string | number | boolean> {
		const { ports, bootRecord, outbox, timeTrust, intervalMs } = this.#options;
		const { records, bytesFree, wornBlocks, corruptRecords } = outbox.status();
		const health: Record<string, number> = {};
		for (const [name, value] of Object.entries(ports.system.health())) {
			if (typeof value === "number") health[name] = value;
		}
		return {
			firmwareVersion: FIRMWARE_VERSION,
			hardwareId: ports.system.hardwareId,
			mode: bootRecord.mode,
			...ports.system.posture(),
			uptimeMs: Math.floor(ports.clock.monotonicMs()),
			resetReason: ports.watchdog.lastReset.reason,
			rebootsSpent: bootRecord.rebootsSpent,
			timeQuality: timeTrust.now()?.quality ?? 0,
			intervalMs: intervalMs(),
			outboxRecords: records,
			outboxBytesFree: bytesFree,
			outboxWornBlocks: wornBlocks,
			outboxCorruptRecords: corruptRecords,
			...health,
		};
	}

	/** An operator's restart ends safe mode: a person has looked at the device. */
	#restart(): void {
		const { ports, bootRecord } = this.#options;
		ports.timer.set(() => {
			bootRecord.forgive();
			ports.report({ name: "device-restarting", cause: "command" });
			ports.system.restart();
		}, RESTART_DELAY_MS);
	}
}
