// What is demanded of a device at moments that the life chooses: that nothing it accepted is lost,
// that its memory is bounded, and, when all is healed, that it is well again.

import { CONTENT_GAP } from "../../../src/envelope/content-types.js";
import { decodeGap } from "../../../src/envelope/gap.js";
import { open } from "../../../src/envelope/open.js";
import { CHANNELS } from "../../../src/uplink.js";
import { Outbox } from "../../../src/outbox/outbox.js";
import { OUTBOX_RECORDS_MAX } from "../../../src/limits.js";
import type { SimulatedBoard } from "../board.js";
import { PowerSupply } from "../power.js";
import type { DeviceWatch, Find } from "./device-watch.js";
import type { StatedGap } from "./message-ledger.js";

/** Timers of one boot: its tasks, its session, its stages. Six is usual; a leak passes it soon. */
const TIMERS_MAX = 24;

const EVENT_CHANNEL = CHANNELS.indexOf("event");

export interface StoredMessages {
	readonly sequences: ReadonlySet<number>;
	/** Of gap records that nobody got so far. */
	readonly gaps: readonly StatedGap[];
}

/** What the outbox's flash holds, read as the next boot would. */
export function storedMessages(board: SimulatedBoard): StoredMessages | undefined {
	const flash = board.outboxChip.copy(new PowerSupply()).open();
	const mounted = Outbox.mount({ flash });
	if (mounted.kind === "unusable") return undefined;
	const { outbox } = mounted;
	const sequences = new Set<number>();
	const gaps: StatedGap[] = [];
	for (const { sequence, channel } of outbox.waiting(undefined, OUTBOX_RECORDS_MAX)) {
		sequences.add(sequence);
		if (channel !== EVENT_CHANNEL) continue;
		gaps.push(...gapsOf(board, outbox.read(sequence)?.bytes));
	}
	return { sequences, gaps };
}

function gapsOf(board: SimulatedBoard, bytes: Uint8Array | undefined): readonly StatedGap[] {
	if (bytes === undefined) return [];
	const topic = `holdfast/${board.name}/event`;
	const opened = open(bytes, topic, () => board.publicKey, board.crypto);
	if (opened.kind === "rejected" || opened.envelope.contentType !== CONTENT_GAP) return [];
	const read = decodeGap(opened.envelope.payload);
	return read.kind === "valid" ? read.value : [];
}

/** Every accepted reading is in flash, delivered, or named in a gap record that is or was. */
export function checkNothingLost(board: SimulatedBoard, watch: DeviceWatch, find: Find): void {
	const stored = storedMessages(board);
	if (stored === undefined) return find("nothing-lost", "the outbox cannot be read");
	const lost = watch.ledger.lost(stored.sequences, stored.gaps);
	if (lost.length === 0) return;
	const [first] = lost;
	find("nothing-lost", `${lost.length} accepted readings are nowhere, the first is ${first}`);
}

export function checkMemory(board: SimulatedBoard, find: Find): void {
	if (board.activeTimers > TIMERS_MAX) {
		find("memory-bounded", `${board.activeTimers} timers are set`);
	}
}
