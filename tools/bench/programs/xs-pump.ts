// The pump on the XS host, with its native modules.
import { Watchdog } from "../../../modules/watchdog/watchdog.js";
import { linuxPorts } from "../../../hosts/linux/linux-ports.js";
import { LinuxTimer } from "../../../hosts/linux/linux-timer.js";
import { program } from "../../../hosts/linux/program.js";
import { SimulatedSensor } from "../../../hosts/support/simulated-sensor.js";
import { pump } from "./pump.js";

/** The same sensor in every run. */
const SEED = 1;

function main(): void {
	const [state = "", ...words] = program.arguments;
	program.setVariable("HOLDFAST_STATE", state);
	program.setVariable("HOLDFAST_FLASH_SYNC", "none");
	program.setVariable("HOLDFAST_FLASH_KIB", "256");
	if (!program.makeFolder(`${state}/flash`)) throw new Error(`${state}: cannot be written`);
	new LinuxTimer().set(() => {
		program.seal();
		run(words);
	}, 0);
}

function run(words: readonly string[]): void {
	const ports = linuxPorts({
		wall: "host",
		seed: SEED,
		watchdog: new Watchdog(),
		report: (event) => program.print(JSON.stringify(event)),
	});
	pump(
		{
			ports,
			sensor: new SimulatedSensor({ seed: SEED }),
			print: (line) => program.print(line),
			exit: (code) => program.exit(code),
			memory: () => ({ ...program.memory({ isCollecting: true }) }),
		},
		words,
	);
}

main();
