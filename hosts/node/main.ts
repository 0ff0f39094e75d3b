// The board as a program: `node build/node-host.js --state DIR`. Prints one JSON line per event.
import { existsSync } from "node:fs";
import { Command, InvalidArgumentError } from "commander";
import type { DeviceEvent } from "../../src/ports.js";
import { Board } from "./board.js";
import type { WallSetting } from "./clock.js";

interface Arguments {
	state: string;
	bundle?: string;
	timeScale?: number;
	sampleMs?: number;
	flashSync: "always" | "none";
	flashKib: number;
	seed: number;
	wall: WallSetting;
	json?: boolean;
}

const EXIT_MISTAKE = 2;
/** The board ended by itself: its firmware could not be loaded. */
const EXIT_NO_FIRMWARE = 1;

async function main(): Promise<void> {
	const given = parse(process.argv);
	if (given.bundle !== undefined && !existsSync(given.bundle)) {
		mistake(`--bundle ${given.bundle}: no such file`);
	}
	const board = new Board({
		stateFolder: given.state,
		bundlePath: given.bundle,
		timeScale: given.timeScale,
		sampleIntervalMs: given.sampleMs,
		flashSync: given.flashSync,
		flashKiB: given.flashKib,
		seed: given.seed,
		wall: given.wall,
		onEvent: (event) => print(event, given.json === true),
	});
	let isStopping = false;
	const stop = () => {
		isStopping = true;
		void board.powerOff();
	};
	process.on("SIGINT", stop);
	process.on("SIGTERM", stop);
	// A reader that went away (a closed pipe) ends the board like a signal.
	process.stdout.on("error", stop);
	try {
		await board.powerOn();
	} catch (error) {
		mistake(`--state ${given.state}: ${error instanceof Error ? error.message : String(error)}`);
	}
	await board.off();
	process.exitCode = isStopping ? 0 : EXIT_NO_FIRMWARE;
}

function parse(argv: readonly string[]): Arguments {
	const command = new Command("node-host")
		.description("Runs the firmware on a board made of processes; its USB is a pseudo-terminal.")
		.requiredOption("--state <folder>", "what survives power cuts; made when missing")
		.option("--bundle <file>", "firmware bundle (default: build/device.js)")
		.option("--time-scale <factor>", "scale of all policy timings", positive)
		.option("--sample-ms <ms>", "interval of the readings", wholeFrom(1, 86_400_000))
		.option("--flash-sync <when>", "always or none: when flash is forced to disk", sync, "always")
		.option("--flash-kib <size>", "size of the outbox", wholeFrom(16, 16_384, 4), 256)
		.option("--seed <number>", "seed of the simulated sensor", wholeFrom(0, 0xffffffff), 1)
		.option("--wall <time>", "wall time: none, host, or host shifted by +SECONDS", wall, "host")
		.option("--json", "print events as JSON lines, nothing else (the default without a terminal)")
		.showHelpAfterError(false)
		.configureOutput({ writeErr: (text) => process.stderr.write(text) })
		.exitOverride((error) => {
			process.exit(error.exitCode === 0 ? 0 : EXIT_MISTAKE);
		});
	command.parse(argv);
	return command.opts<Arguments>();
}

function positive(text: string): number {
	const value = Number(text);
	if (text.trim() === "" || !Number.isFinite(value) || value <= 0) {
		throw new InvalidArgumentError("A number above 0 is needed.");
	}
	return value;
}

function wholeFrom(least: number, most: number, step = 1): (text: string) => number {
	return (text) => {
		const value = Number(text);
		if (!/^\d+$/.test(text) || value < least || value > most || value % step !== 0) {
			const steps = step === 1 ? "" : `, a multiple of ${step}`;
			throw new InvalidArgumentError(`A whole number from ${least} to ${most} is needed${steps}.`);
		}
		return value;
	};
}

function sync(text: string): string {
	if (text !== "always" && text !== "none") throw new InvalidArgumentError("always or none.");
	return text;
}

function wall(text: string): WallSetting {
	if (text === "none" || text === "host") return text;
	if (/^[+-]\d{1,10}$/.test(text)) return Number(text);
	throw new InvalidArgumentError("none, host, or seconds with their sign, as in +3600.");
}

function print(event: DeviceEvent, asJSON: boolean): void {
	const { name, ...details } = event;
	if (asJSON || !process.stdout.isTTY) {
		process.stdout.write(`${JSON.stringify({ event: name, ...details })}\n`);
		return;
	}
	const text = Object.entries(details).map(([key, value]) => `${key}=${String(value)}`);
	process.stdout.write(`${[name, ...text].join(" ")}\n`);
}

function mistake(line: string): never {
	process.stderr.write(`error: ${line}\n`);
	process.exit(EXIT_MISTAKE);
}

void main();
