// The firmware on the XS engine: reads the command line, builds the ports, loads the bundle
// unchanged and starts it. Prints one JSON line per event.
import { System } from "../../modules/system/system.js";
import { Watchdog } from "../../modules/watchdog/watchdog.js";
import { Device } from "../../src/device.js";
import type { DeviceEvent } from "../../src/ports.js";
import { type Arguments, ArgumentsMistake, parseArguments, USAGE } from "./arguments.js";
import { linuxPorts } from "./linux-ports.js";
import { LinuxTimer } from "./linux-timer.js";
import { program } from "./program.js";

const EXIT_MISTAKE = 2;

function main(): void {
	const given = readArguments();
	if (!given) return;
	program.setVariable("HOLDFAST_STATE", given.state);
	program.setVariable("HOLDFAST_FLASH_SYNC", given.flashSync);
	program.setVariable("HOLDFAST_FLASH_KIB", String(given.flashKib));
	if (!program.makeFolder(`${given.state}/flash`)) {
		mistake(`--state ${given.state}: not a folder that can be written`);
		return;
	}
	// In a turn of its own: what the modules needed only to start is gone by then.
	new LinuxTimer().set(() => {
		program.seal();
		start(given);
	}, 0);
}

function start({ wall, seed, timeScale, sampleMs, memoryMs, isControlled }: Arguments): void {
	const watchdog = new Watchdog();
	report({ name: "board-booted", reason: watchdog.lastReset.reason, boot: program.boot });
	const device = new Device({
		ports: linuxPorts({ wall, seed, watchdog, report }),
		...(timeScale !== undefined && { timeScale }),
		...(sampleMs !== undefined && { sampleIntervalMs: sampleMs }),
	});
	if (isControlled) program.listen(obey);
	device.start();
	if (memoryMs !== undefined) new LinuxTimer().repeat(reportMemory, memoryMs);
}

/** Misbehaviours for tests. Without the other end of standard input there is no board any more. */
function obey(line: string | undefined): void {
	if (line === undefined) program.exit(0);
	if (line === "crash") throw new Error("provoked by the board");
	if (line === "restart") new System().restart();
	if (line === "hang") for (;;);
}

/** What is live after a collection, and the highest that was ever held, above the loaded code. */
function reportMemory(): void {
	const memory = program.memory({ isCollecting: true });
	const { chunkBytesBase, slotCountBase } = memory;
	report({
		name: "engine-memory",
		chunkBytes: memory.chunkBytes - chunkBytesBase,
		chunkBytesPeak: memory.chunkBytesPeak - chunkBytesBase,
		slotCount: memory.slotCount - slotCountBase,
		slotCountPeak: memory.slotCountPeak - slotCountBase,
		slotBytes: memory.slotBytes,
	});
}

function readArguments(): Arguments | undefined {
	try {
		const given = parseArguments(program.arguments);
		if (given !== "help") return given;
		program.print(USAGE);
		return undefined;
	} catch (error) {
		if (!(error instanceof ArgumentsMistake)) throw error;
		mistake(`${error.message}\n${USAGE}`);
		return undefined;
	}
}

function report(event: DeviceEvent): void {
	const { name, ...details } = event;
	program.print(JSON.stringify({ event: name, ...details }));
}

function mistake(text: string): void {
	program.trace(`error: ${text}`);
	program.exit(EXIT_MISTAKE);
}

main();
