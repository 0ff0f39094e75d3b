// Faults inside a board: its power, its processor, its heap and its sensor. Those of its storage
// are in faults-storage.ts.

import type { HangKind } from "../board.js";
import { authorityDER } from "../tls-certificate.js";
import type { CutManner, PowerCutAhead } from "../power.js";
import type { Random } from "../random.js";
import { BACK_MS, BACK_REFUSED_MS, BACK_TRIAL_MS } from "./bounds.js";
import type { Fault, FaultKind } from "./fault.js";
import { boardOf, every, undo } from "./stage.js";

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

/** A boot, and the first wait of its backoff. */
const BACK_BY_BOOT_MS = BACK_MS;

const power = { family: "power", mayReboot: false, backMs: BACK_BY_BOOT_MS } as const;

const MANNERS: readonly CutManner[] = ["before", "torn", "torn", "after"];
const HANGS: readonly HangKind[] = ["loop", "sampling", "tasks", "checks"];

export const BOARD_FAULTS: readonly FaultKind[] = Object.freeze<FaultKind[]>([
	{
		...power,
		name: "power-cut",
		proves: "nothing that was accepted is lost with the power",
		weight: 3,
		lastsMs: [SECOND, HOUR],
		apply: (stage, fault) => boardOf(stage, fault).powerCut(),
		heal: (stage, fault) => boardOf(stage, fault).powerOn(),
	},
	{
		...power,
		name: "power-cut-at-write",
		keepsLink: true,
		proves: "a write that power interrupts, torn or not, costs nothing that was accepted",
		weight: 4,
		lastsMs: [0, 0],
		draw: (random) => drawCut(random, 40),
		apply(stage, fault) {
			boardOf(stage, fault).planPowerCut(cutOf(fault));
		},
	},
	{
		...power,
		name: "power-cut-in-boot",
		proves: "a boot that power ends at any of its writes is followed by one that goes on",
		weight: 1.5,
		lastsMs: [0, 0],
		draw: (random) => drawCut(random, 12),
		apply(stage, fault) {
			boardOf(stage, fault).planPowerCutAtBoot(cutOf(fault));
		},
	},
	{
		...power,
		name: "brownouts",
		proves: "a supply that dips again and again costs no flash and no reading",
		lastsMs: [SECOND, 10 * MINUTE],
		draw: (random) => ({ everyMs: random.pick([700, 5000, 40_000]) }),
		apply(stage, fault) {
			const board = boardOf(stage, fault);
			every(stage, fault, fault.parameters["everyMs"] as number, () => board.brownOut());
		},
		heal: undo,
	},
	{
		...power,
		name: "reset-button",
		proves: "a person may press the button at any moment",
		lastsMs: [0, 0],
		apply(stage, fault) {
			const board = boardOf(stage, fault);
			if (board.isOn) board.reset("external");
		},
	},
	{
		...power,
		name: "program-hangs",
		proves: "what makes no progress is ended by the watchdog, whichever part it is",
		lastsMs: [0, 0],
		draw: (random) => ({ what: random.integer(0, HANGS.length - 1) }),
		apply: (stage, fault) =>
			boardOf(stage, fault).hang(HANGS[fault.parameters["what"] as number] as HangKind),
	},
	{
		...power,
		name: "crash-loop",
		weight: 0.5,
		proves: "boots that fail in a row lead to safe mode, and out of it again",
		lastsMs: [2 * MINUTE, 2 * HOUR],
		// In safe mode it is back after a boot; what mends the rest is the retry.
		draw: (random) => ({ everyMs: random.pick([5, 20, 50]) * SECOND }),
		apply(stage, fault) {
			const board = boardOf(stage, fault);
			every(stage, fault, fault.parameters["everyMs"] as number, () => board.hang("loop"));
		},
		heal: undo,
	},
	{
		...power,
		name: "sensor-fails",
		keepsLink: true,
		proves: "a broken sensor is told, and the rest goes on",
		lastsMs: [MINUTE, 2 * HOUR],
		apply: (stage, fault) => {
			boardOf(stage, fault).sensorError = new Error("sensor: no answer");
		},
		heal: (stage, fault) => {
			boardOf(stage, fault).sensorError = undefined;
		},
	},
	{
		...power,
		name: "serial-noise",
		keepsLink: true,
		proves: "noise on the serial line provisions nothing",
		lastsMs: [0, 0],
		draw: (random) => ({ bytes: random.pick([1, 20, 128]) }),
		apply: (stage, fault) =>
			boardOf(stage, fault).serial(stage.random.bytes(fault.parameters["bytes"] as number)),
	},
	{
		...power,
		name: "configuration-that-fails",
		proves: "a configuration that does not connect gives way to the one that did",
		family: "operator",
		weight: 0.3,
		backMs: BACK_TRIAL_MS,
		lastsMs: [0, 0],
		apply(stage, fault) {
			const board = boardOf(stage, fault);
			const { writeFault, isUnreadable } = board.keyValue;
			if (!board.isOn || writeFault !== undefined || isUnreadable) return;
			board.powerCut();
			board.install({
				...board.options.configuration,
				authorities: [authorityDER("of a mistaken factory")],
			});
			board.powerOn();
		},
	},
	{
		family: "heap",
		name: "heap-fragments",
		proves: "a heap too fragmented for TLS is seen before the handshake, and mended",
		mayReboot: true,
		backMs: BACK_REFUSED_MS,
		lastsMs: [HOUR, 12 * HOUR],
		draw: (random) => ({ bytes: random.pick([200, 1000, 6000]) }),
		apply: (stage, fault) => {
			boardOf(stage, fault).heap.fragmentationBytes = fault.parameters["bytes"] as number;
		},
		heal: (stage, fault) => {
			boardOf(stage, fault).heap.fragmentationBytes = 0;
		},
	},
	{
		family: "heap",
		name: "heap-in-pieces",
		proves: "much memory free and no block that is large enough: a reboot, within the budget",
		weight: 0.5,
		mayReboot: true,
		backMs: BACK_REFUSED_MS,
		lastsMs: [0, 0],
		draw: (random) => ({ bytes: random.pick([4000, 16_000, 20_000]) }),
		apply: (stage, fault) =>
			boardOf(stage, fault).heap.fragment(fault.parameters["bytes"] as number),
	},
]);

/** At one of the next `writes`. */
function drawCut(random: Random, writes: number): Fault["parameters"] {
	return {
		distance: random.integer(1, writes),
		manner: random.integer(0, MANNERS.length - 1),
		seed: random.integer(0, 9999),
	};
}

function cutOf({ parameters }: Fault): PowerCutAhead {
	const { distance, manner, seed } = parameters;
	return {
		distance: distance as number,
		manner: MANNERS[manner as number] as CutManner,
		seed: seed as number,
	};
}
