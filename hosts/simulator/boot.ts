// One boot of a simulated board: the firmware with its ports, from a reset to the next.

import { Device } from "../../src/device.js";
import type {
	ByteSource,
	Ports,
	Posture,
	ResetReason,
	Sensor,
	SerialOptions,
	SerialPort,
	System,
	Watchdog,
} from "../../src/ports.js";
import type { HangKind, SimulatedBoard } from "./board.js";
import { BoardTimer } from "./board-timer.js";
import { BootGate } from "./boot-gate.js";
import { copyOf } from "./byte-queue.js";
import { VirtualFlashStorage } from "./flash-storage.js";
import { resolverConstructor } from "./resolver.js";
import { tlsConstructor } from "./tls.js";
import { TicketCache } from "./ticket-cache.js";
import { VirtualWatchdog } from "./virtual-watchdog.js";

const POSTURE: Posture = Object.freeze({ secureBoot: false, simulated: true });
/** The sensor's values begin anew after so many. */
export const SAMPLE_STEPS = 1000;

/** What the sensor shows the `count`th time: a checker can tell what was never measured. */
export function sampleValue(count: number): number {
	return 20 + (count % SAMPLE_STEPS) / 100;
}

interface LastReset {
	readonly reason: ResetReason;
	readonly stage: string;
}

export class Boot {
	readonly #board: SimulatedBoard;
	readonly #gate: BootGate;
	readonly #timer: BoardTimer;
	readonly #watchdog: VirtualWatchdog;
	readonly #serialInput: Uint8Array[] = [];
	#onSerial: (() => void) | undefined;
	#hanging: HangKind | undefined;

	constructor(board: SimulatedBoard, lastReset: LastReset) {
		const { clock } = board.world;
		this.#board = board;
		this.#gate = new BootGate({ clock, onThrown: (error) => board.thrown(error) });
		this.#timer = new BoardTimer({
			clock,
			boardClock: board.clock,
			gate: this.#gate,
			isLost: (delayMs) => this.#isLost(delayMs),
		});
		this.#watchdog = new VirtualWatchdog({
			clock,
			lastReset,
			onRetain: (stage) => board.retain(stage),
			onBite: () => board.reset("watchdog"),
		});
		this.#gate.onEnd(() => this.#watchdog.close());
	}

	start(): void {
		const { timeScale, sampleIntervalMs } = this.#board.options;
		this.#board.clock.begin(this.#gate);
		this.#gate.run(() => {
			new Device({
				ports: this.#ports(),
				...(timeScale !== undefined && { timeScale }),
				...(sampleIntervalMs !== undefined && { sampleIntervalMs }),
			}).start();
		});
	}

	/** The program is gone. Peers see silence. */
	end(): void {
		this.#gate.close();
	}

	hang(kind: HangKind): void {
		this.#hanging = kind;
		if (kind === "loop") this.#gate.isHung = true;
	}

	serial(bytes: Uint8Array): void {
		this.#serialInput.push(bytes.slice());
		this.#gate.run(() => this.#onSerial?.());
	}

	get activeTimers(): number {
		return this.#timer.active;
	}

	#isLost(delayMs: number): boolean {
		if (this.#hanging === undefined) return false;
		const isSamplers = delayMs === this.#board.options.sampleIntervalMs;
		return isSamplers ? this.#hanging === "sampling" : this.#hanging === "tasks";
	}

	#ports(): Ports {
		const board = this.#board;
		const gate = this.#gate;
		const { path, heap, keyStore, crypto } = board;
		const tls = tlsConstructor({
			gate,
			random: board.random,
			keyStore,
			heap,
			tickets: new TicketCache(),
			costs: board.handshake,
		});
		return {
			tcp: { io: path.tcpThrough(gate) },
			tls: { io: tls },
			dns: { io: resolverConstructor(path, board.resolver, gate) },
			link: board.link.portThrough(gate),
			keyValue: board.keyValue,
			flash: new VirtualFlashStorage({ outbox: board.outboxChip, log: board.logChip }),
			keyStore,
			crypto,
			clock: board.clock,
			timer: this.#timer,
			entropy: board.options.entropy ?? board.random.fork(),
			watchdog: this.#watchdogPort(),
			serial: { io: this.#serialPort() },
			system: this.#system(),
			sensors: [{ io: this.#sensor() }],
			report: (event) => {
				if (!gate.isOpen) return;
				if (event.name === "device-started") board.isStarted = true;
				board.onReport?.(event);
			},
		};
	}

	#watchdogPort(): Watchdog {
		const watchdog = this.#watchdog;
		return {
			start: (timeoutMs) => watchdog.start(timeoutMs),
			feed: () => {
				if (this.#hanging !== "checks") watchdog.feed();
			},
			retain: (stage) => watchdog.retain(stage),
			lastReset: watchdog.lastReset,
			close: () => watchdog.close(),
		};
	}

	#system(): System {
		const board = this.#board;
		return {
			restart: () => {
				if (this.#gate.isOpen) board.reset("software");
			},
			health: () => board.heap.health,
			posture: () => POSTURE,
			markImageValid: () => void board.imagesValid++,
			identify: () => void board.identified++,
			hardwareId: board.name,
			buildTime: board.options.buildTime ?? board.world.startUnixSeconds - 86_400,
		};
	}

	#sensor(): new () => Sensor {
		const board = this.#board;
		return class {
			sample() {
				if (board.sensorError) throw board.sensorError;
				board.samples++;
				return { thermometer: { temperature: sampleValue(board.samples) } };
			}
			close(): void {}
		};
	}

	#serialPort(): new (options: SerialOptions) => SerialPort {
		const board = this.#board;
		const input = this.#serialInput;
		const opened = (onReadable: () => void) => (this.#onSerial = onReadable);
		return class {
			constructor({ onReadable }: SerialOptions) {
				opened(() => onReadable?.(input[0]?.length ?? 0));
			}
			read(): ArrayBuffer | undefined {
				return input.shift()?.buffer as ArrayBuffer | undefined;
			}
			write(bytes: ByteSource): void {
				board.onSerial?.(copyOf(bytes));
			}
			close(): void {}
		};
	}
}
