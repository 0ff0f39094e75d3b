// Faults of a board's storage: flash that wears out or does not answer, settings that are spoilt,
// cannot be read or cannot be written.

import type { StorageErrorCode } from "../../../src/ports.js";
import type { NORFlash } from "../flash.js";
import { BACK_MS } from "./bounds.js";
import type { Fault, FaultKind } from "./fault.js";
import { boardOf, type Stage } from "./stage.js";

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

/** No reboot mends flash. */
const flash = { family: "flash", mayReboot: false, backMs: BACK_MS } as const;

/** What a device can do without: not its credentials. */
const ENTRIES = [
	["hf-boot", "record"],
	["hf-time", "floor"],
	["hf-seq", "next"],
	["hf-mqtt", "session"],
	["hf-log", "head"],
] as const;
/** Of the blocks of one partition, those that may wear out in one life. */
const WORN_BLOCKS_MAX = 2;
const WRITE_FAULTS: readonly StorageErrorCode[] = ["storage-worn", "storage-full"];
/** Nothing can be read; or nothing as long as a block, while its beginning can. */
const UNREADABLE_BYTES = [0, 4096] as const;

export const STORAGE_FAULTS: readonly FaultKind[] = Object.freeze<FaultKind[]>([
	{
		...flash,
		name: "block-wears-out",
		keepsLink: true,
		proves: "a block that can be written no more is left, and what it holds is not lost",
		lastsMs: [0, 0],
		draw: (random) => ({ block: random.integer(0, 9999) }),
		apply: (stage, fault) => wearOut(stage, fault, boardOf(stage, fault).outboxChip),
	},
	{
		...flash,
		name: "log-block-wears-out",
		keepsLink: true,
		proves: "the security log goes on in the blocks that are left",
		lastsMs: [0, 0],
		draw: (random) => ({ block: random.integer(0, 9999) }),
		apply: (stage, fault) => wearOut(stage, fault, boardOf(stage, fault).logChip),
	},
	{
		...flash,
		name: "log-wears-out",
		weight: 0.2,
		keepsLink: true,
		proves: "a security log that can be written no more stops nothing else",
		lastsMs: [0, 0],
		apply(stage, fault) {
			const { logChip } = boardOf(stage, fault);
			for (let block = 0; block < logChip.blocks; block++) logChip.wearOut(block);
		},
	},
	{
		...flash,
		name: "outbox-unreadable",
		proves: "an outbox that does not answer is not taken for an empty one",
		lastsMs: [MINUTE, 2 * HOUR],
		draw: (random) => ({ bytes: random.pick(UNREADABLE_BYTES), resets: random.integer(0, 1) }),
		apply: (stage, fault) => unreadable(stage, fault, boardOf(stage, fault).outboxChip),
		heal: (stage, fault) => {
			boardOf(stage, fault).outboxChip.unreadableBytes = Infinity;
		},
	},
	{
		...flash,
		name: "log-unreadable",
		keepsLink: true,
		proves: "a log that does not answer stops nothing else, and goes on where it was",
		lastsMs: [MINUTE, 2 * HOUR],
		draw: (random) => ({ bytes: random.pick(UNREADABLE_BYTES), resets: random.integer(0, 1) }),
		apply: (stage, fault) => unreadable(stage, fault, boardOf(stage, fault).logChip),
		heal: (stage, fault) => {
			boardOf(stage, fault).logChip.unreadableBytes = Infinity;
		},
	},
	{
		...flash,
		name: "settings-unreadable",
		proves: "credentials that cannot be read are neither missing nor worth repairing",
		lastsMs: [MINUTE, 2 * HOUR],
		draw: (random) => ({ resets: random.integer(0, 1) }),
		apply(stage, fault) {
			const board = boardOf(stage, fault);
			board.keyValue.isUnreadable = true;
			if (fault.parameters["resets"] === 1 && board.isOn) board.reset("external");
		},
		heal: (stage, fault) => {
			boardOf(stage, fault).keyValue.isUnreadable = false;
		},
	},
	{
		...flash,
		name: "settings-not-written",
		proves: "what cannot be made durable is not done: no number twice, no command twice",
		lastsMs: [MINUTE, 3 * HOUR],
		draw: (random) => ({ code: random.integer(0, WRITE_FAULTS.length - 1) }),
		apply(stage, fault) {
			const { code } = fault.parameters;
			boardOf(stage, fault).keyValue.writeFault = WRITE_FAULTS[code as number];
		},
		heal: (stage, fault) => {
			boardOf(stage, fault).keyValue.writeFault = undefined;
		},
	},
	{
		...flash,
		name: "entry-corrupted",
		proves: "a settings entry that cannot be read costs what it held, and no boot",
		lastsMs: [0, 0],
		draw: (random) => ({
			entry: random.integer(0, ENTRIES.length - 1),
			bytes: random.pick([0, 1, 12, 40]),
		}),
		apply(stage, fault) {
			const { entry, bytes } = fault.parameters;
			const board = boardOf(stage, fault);
			const [path, key] = ENTRIES[entry as number] as (typeof ENTRIES)[number];
			if (!board.isOn || board.keyValue.peek(path, key) === undefined) return;
			board.keyValue.plant(path, key, stage.random.bytes(bytes as number));
			board.reset("external");
		},
	},
]);

/** One block, and no more than a ring stands in one life. */
function wearOut(stage: Stage, { parameters }: Fault, chip: NORFlash): void {
	const worn = stage.wornBlocks.get(chip) ?? 0;
	if (worn >= WORN_BLOCKS_MAX) return;
	stage.wornBlocks.set(chip, worn + 1);
	chip.wearOut((parameters["block"] as number) % chip.blocks);
}

/** With a reset the device finds it so at its boot. */
function unreadable(stage: Stage, fault: Fault, chip: NORFlash): void {
	const { bytes, resets } = fault.parameters;
	const board = boardOf(stage, fault);
	chip.unreadableBytes = bytes as number;
	if (resets === 1 && board.isOn) board.reset("external");
}
