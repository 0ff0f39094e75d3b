// One life of the device process, seen from the board: started, spoken to, ended.
import { fork, type ChildProcess } from "node:child_process";
import { EXIT_RESTART } from "./messages.js";
import type { BoardMessage, DeviceArguments, DeviceMessage } from "./messages.js";

/** Milliseconds that an orderly stop may take before it is forced. */
const STOP_MS = 3000;
/** Characters of one report of what the process printed. */
const OUTPUT_CHARACTERS_MAX = 4096;

/** How a life ended: exit code or signal, one of them. */
export interface DeviceEnd {
	readonly code: number | null;
	readonly signal: string | null;
	/** The device asked for a restart. */
	readonly isRestart: boolean;
}

export interface DeviceChildOptions {
	/** The program: build/node-device.js. */
	path: string;
	arguments: DeviceArguments;
	onMessage: (message: DeviceMessage) => void;
	/** What the process prints, which it should not. */
	onOutput: (text: string) => void;
	/** Last of all callbacks. */
	onEnd: (end: DeviceEnd) => void;
}

export class DeviceChild {
	readonly #process: ChildProcess;
	readonly #ended: Promise<void>;

	constructor(options: DeviceChildOptions) {
		const { path, onMessage, onOutput, onEnd } = options;
		this.#process = fork(path, [JSON.stringify(options.arguments)], {
			serialization: "advanced",
			stdio: ["ignore", "pipe", "pipe", "ipc"],
			execArgv: [],
		});
		for (const stream of [this.#process.stdout, this.#process.stderr]) {
			stream?.setEncoding("utf8");
			stream?.on("data", (text: string) =>
				onOutput(text.trimEnd().slice(0, OUTPUT_CHARACTERS_MAX)),
			);
		}
		this.#process.on("message", (message) => onMessage(message as DeviceMessage));
		this.#ended = new Promise((resolve) => {
			let isOver = false;
			const over = (code: number | null, signal: string | null) => {
				if (isOver) return;
				isOver = true;
				onEnd({ code, signal, isRestart: code === EXIT_RESTART });
				resolve();
			};
			this.#process.on("close", over);
			this.#process.on("error", (error) => {
				onOutput(String(error));
				if (this.#process.pid === undefined) over(null, null);
			});
		});
	}

	get pid(): number | undefined {
		return this.#process.pid;
	}

	/** A message to a process that is going away is lost, like a signal to a chip without power. */
	send(message: BoardMessage): void {
		if (this.#process.connected) this.#process.send(message, () => undefined);
	}

	/** Ends the process at once. */
	kill(): void {
		this.#process.kill("SIGKILL");
	}

	/** Asks the device to stop, and forces it when it does not. */
	async stop(): Promise<void> {
		this.send({ kind: "stop" });
		const force = setTimeout(() => this.kill(), STOP_MS);
		await this.#ended;
		clearTimeout(force);
	}
}
