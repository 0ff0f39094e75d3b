// One life after another, each ended as the arguments say; every one reports how it began.
import { LinuxTimer } from "../../../hosts/linux/linux-timer.js";
import { program } from "../../../hosts/linux/program.js";
import { System } from "../../../modules/system/system.js";
import { USBSerial } from "../../../modules/usb-serial/usb-serial.js";
import { Watchdog } from "../../../modules/watchdog/watchdog.js";
import { plantedFault } from "../native/planted.js";

const WATCHDOG_MS = 150;

const ends: Record<string, () => void> = {
	"loop-in-script": () => {
		for (;;);
	},
	// The engine's matcher is C: it tries two to the power of sixty ways.
	"loop-in-c": () => void /^(a+)+$/.test(`${"a".repeat(60)}!`),
	"waits-for-ever": () => undefined,
	"fault-in-c": plantedFault,
	restart: () => new System().restart(),
	"memory-full": () => {
		program.seal();
		const kept: object[] = [];
		for (;;) kept.push({});
	},
	"chunks-full": () => {
		program.seal();
		const kept: object[] = [];
		for (;;) kept.push(new Uint8Array(10_000));
	},
	"stack-full": () => {
		program.seal();
		const deeper = (depth: number): number => deeper(depth + 1) + 1;
		deeper(0);
	},
	exception: () => {
		const inner = () => {
			throw new TypeError("a mistake");
		};
		inner();
	},
	rejection: () => void Promise.reject(new RangeError("nobody cares")),
};

const watchdog = new Watchdog();
const { reason, stage } = watchdog.lastReset;
program.print(JSON.stringify({ boot: program.boot, reason, stage }));
new USBSerial({});
const end = program.arguments[program.boot - 1];
if (end === undefined) program.exit(0);
else {
	watchdog.retain(`stage ${program.boot}`);
	watchdog.start(WATCHDOG_MS);
	const timer = new LinuxTimer();
	timer.repeat(() => undefined, 1000);
	timer.set(ends[end] as () => void, 5);
}
