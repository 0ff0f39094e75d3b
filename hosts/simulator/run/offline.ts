// A device without a broker for a long time at a fast pace: what its memory does, and whether every
// reading is accounted for when the broker is back.

import type { ByteSource } from "../../../src/ports.js";
import type { SimulatedBoard } from "../board.js";
import { World } from "../world.js";
import { storedMessages } from "./checkers.js";
import { DeviceWatch } from "./device-watch.js";
import type { Finding } from "./finding.js";
import type { LifeOptions } from "./plan.js";
import { Statistics } from "./statistics.js";
import { buildStage, SECRETS } from "./theatre.js";

const MINUTE = 60_000;

export interface OfflineOptions {
	readonly hours: number;
	readonly sampleIntervalMs: number;
	readonly outboxBlocks: number;
	/** The broker stays: for a comparison. */
	readonly keepsBroker?: boolean;
	readonly sha256: (bytes: ByteSource) => ArrayBuffer;
	/** Called now and then: bytes that the program uses, where the host knows them. */
	readonly usedBytes?: () => number;
}

export interface OfflineResult {
	readonly accepted: number;
	readonly delivered: number;
	/** Accepted, not delivered, and inside a gap that a signed record names. */
	readonly explained: number;
	/** What the gap records that arrived count, all together. */
	readonly counted: number;
	/** Gap records that a later one replaced and counts: messages too, and no readings. */
	readonly replaced: number;
	readonly lost: number;
	/** The most records that the outbox ever held. */
	readonly recordsMax: number;
	readonly timersMax: number;
	/** Of the host's measurements, after each quarter of the time. */
	readonly usedBytes: readonly number[];
	/** Erases of each block a day, on average and at the worst block. */
	readonly erasesPerDay: number;
	readonly erasesPerDayWorst: number;
	readonly programsPerReading: number;
	readonly finding?: Finding;
}

/** Online, then `hours` without a broker, then online until everything is delivered. */
export function runOffline(options: OfflineOptions): OfflineResult {
	const { hours, sampleIntervalMs, outboxBlocks, sha256 } = options;
	const world = new World({ seed: 1, sha256 });
	const statistics = new Statistics();
	let finding: Finding | undefined;
	const find = (checker: string, what: string) =>
		(finding ??= { checker, what, atMs: world.clock.monotonicMs() });
	const stage = buildStage({
		world,
		options: { ...LIFE, sampleIntervalMs, outboxBlocks },
		onPublish: (message) => watch.delivered(message),
		onFinding: ({ clause, detail }) => find("protocol-kept", `${clause}: ${detail}`),
		onClient: () => undefined,
		onExpired: () => undefined,
		onAcknowledged: () => undefined,
	});
	const [board] = stage.boards as [(typeof stage.boards)[number]];
	const [{ broker }] = stage.places as [(typeof stage.places)[number]];
	const watch = new DeviceWatch({
		board,
		statistics,
		find,
		secrets: SECRETS,
		mayBite: () => false,
		mayReboot: () => true,
		onSuspicion: () => undefined,
		onAttempt: () => undefined,
		brokenMs: () => 0,
		onOnline: () => undefined,
		onOffline: () => undefined,
		commands: stage.commands.of(board.name),
		sampleIntervalMs,
	});
	let recordsMax = 0;
	let drops = 0;
	board.onReport = (event) => {
		watch.reported(event);
		if (event.name === "readings-dropped") drops++;
		if (event.name !== "reading-accepted") return;
		recordsMax = Math.max(recordsMax, event["depth"] as number);
	};
	board.onBoot = (reason) => watch.booted(reason);
	board.powerOn();
	world.run(10 * MINUTE);
	if (options.keepsBroker !== true) broker.crash();
	let timersMax = 0;
	const usedBytes: number[] = [];
	for (let quarter = 0; quarter < 4; quarter++) {
		for (let step = 0; step < 100; step++) {
			world.run((hours * 60 * MINUTE) / 400);
			timersMax = Math.max(timersMax, board.activeTimers);
		}
		if (options.usedBytes) usedBytes.push(options.usedBytes());
	}
	const wear = wearOf(board, watch.ledger.accepted);
	broker.start();
	world.run(60 * MINUTE);
	const stored = storedMessages(board) ?? { sequences: new Set<number>(), gaps: [] };
	return {
		accepted: watch.ledger.accepted,
		delivered: watch.ledger.delivered,
		explained: watch.ledger.dropped,
		counted: watch.ledger.gaps().reduce((sum, { count }) => sum + count, 0),
		replaced: drops - watch.ledger.gaps().length,
		lost: watch.ledger.lost(stored.sequences, stored.gaps).length,
		recordsMax,
		timersMax,
		usedBytes,
		...wear,
		...(finding && { finding }),
	};
}

function wearOf({ outboxChip, world }: SimulatedBoard, readings: number) {
	const { erases, programs } = outboxChip;
	const days = world.clock.monotonicMs() / 86_400_000;
	return {
		erasesPerDay: erases.reduce((sum, count) => sum + count, 0) / erases.length / days,
		erasesPerDayWorst: Math.max(...erases) / days,
		programsPerReading: programs / readings,
	};
}

const LIFE: LifeOptions = Object.freeze({
	devices: 1,
	brokers: 1,
	sampleIntervalMs: 1000,
	keepAliveS: 60,
	publishQoS: 1,
	subscribeQoS: 1,
	outboxBlocks: 64,
	authentication: "certificate",
	latencyMs: 20,
	handshakeMs: 2500,
	hasRealKeys: false,
	hasNetworkTime: true,
});
