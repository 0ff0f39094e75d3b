// The device process: loads the firmware bundle, gives it the ports of this host and starts it.
// Started by a board (board.ts), never by hand.
import { pathToFileURL } from "node:url";
import { Worker } from "node:worker_threads";
import type { Ports } from "../../src/ports.js";
import { BoardChannel, type Messenger } from "./board-channel.js";
import { EXIT_ABORT, EXIT_NO_BUNDLE, EXIT_ORPHANED, EXIT_RESTART } from "./messages.js";
import { EXIT_STOPPED, type DeviceArguments } from "./messages.js";
import { nodePorts } from "./node-ports.js";

/** What this host needs of build/device.js. */
interface FirmwareBundle {
	readonly Device: new (options: {
		ports: Ports;
		timeScale?: number;
		sampleIntervalMs?: number;
	}) => { start(): void; stop(): void };
}

/** Characters of an error that is reported. */
const ERROR_CHARACTERS_MAX = 2000;
/** Milliseconds that the last reports may take before the process ends all the same. */
const FLUSH_MS = 500;

/**
 * An endless loop on the main thread would outlive a board that was killed: this thread notices
 * that the parent has changed.
 */
const ORPHAN_WATCH = `
const { workerData } = require("node:worker_threads");
const watch = () => { if (process.ppid !== workerData) process.kill(process.pid, "SIGKILL"); };
setInterval(watch, 500);
watch();
`;

function main(): void {
	const channel = new BoardChannel(process as unknown as Messenger);
	let isEnding = false;
	const endWith = (code: number) => {
		if (isEnding) return;
		isEnding = true;
		setTimeout(() => process.exit(code), FLUSH_MS);
		channel.flushed(() => process.exit(code));
	};
	const abort = (name: string, error: unknown, code: number) => {
		const text = (error instanceof Error ? (error.stack ?? error.message) : String(error)).trim();
		channel.send({
			kind: "event",
			event: { name, error: text.slice(0, ERROR_CHARACTERS_MAX) },
		});
		endWith(code);
	};
	process.on("uncaughtException", (error) => abort("device-aborted", error, EXIT_ABORT));
	process.on("disconnect", () => process.exit(EXIT_ORPHANED));
	// A terminal sends these to the whole group: the board decides when the device stops.
	process.on("SIGINT", () => undefined);
	process.on("SIGTERM", () => undefined);
	const given = JSON.parse(process.argv[2] ?? "{}") as DeviceArguments;
	new Worker(ORPHAN_WATCH, { eval: true, workerData: given.boardProcess }).unref();
	void start(given, channel, endWith).catch((error: unknown) =>
		abort("bundle-not-loaded", error, EXIT_NO_BUNDLE),
	);
}

async function start(
	given: DeviceArguments,
	channel: BoardChannel,
	endWith: (code: number) => void,
): Promise<void> {
	const bundle = (await import(pathToFileURL(given.bundlePath).href)) as FirmwareBundle;
	if (typeof bundle.Device !== "function") throw new Error("the bundle exports no Device");
	// From here on an exception is the device's own: out of the promise, to the handler of the
	// process.
	setImmediate(() => {
		const restart = () => endWith(EXIT_RESTART);
		const ports = nodePorts({ arguments: given, channel, onRestart: restart });
		const { timeScale, sampleIntervalMs } = given;
		const device = new bundle.Device({
			ports,
			...(timeScale !== undefined && { timeScale }),
			...(sampleIntervalMs !== undefined && { sampleIntervalMs }),
		});
		channel.on("stop", () => {
			device.stop();
			endWith(EXIT_STOPPED);
		});
		channel.on("restart", () => ports.system.restart());
		channel.on("crash", () => {
			throw new Error("provoked by the board");
		});
		channel.on("hang", () => {
			// An empty loop would be optimised away by the bundler.
			for (;;) process.hrtime();
		});
		device.start();
	});
}

main();
