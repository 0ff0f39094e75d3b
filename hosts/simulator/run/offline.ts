// A device without a broker for a long time at a fast pace: what its memory does, and whether the
// receiver can account for every reading when the broker is back. What is kept for that here does
// not grow while the broker is away, so that the process's heap tells of the device.

import type { ByteSource } from "../../../src/ports.js";
import type { DeviceSummary } from "../../support/verify/verdict.js";
import type { SimulatedBoard } from "../board.js";
import { Receiver } from "../receiver.js";
import { World } from "../world.js";
import { storedMessages } from "./checkers.js";
import type { Finding } from "./finding.js";
import type { LifeOptions } from "./plan.js";
import { buildStage } from "./theatre.js";

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;
const SETTLED_MS = 10 * MINUTE;
/** The broker is back: the device has reconnected, delivered what it holds, and goes on. */
const AFTER_MS = 60 * MINUTE;
/** No more samples: what is under way arrives. */
const DRAINED_MS = 5 * MINUTE;

export interface OfflineOptions {
	readonly hours: number;
	readonly sampleIntervalMs: number;
	readonly outboxBlocks: number;
	/** The broker stays: for a comparison. */
	readonly keepsBroker?: boolean;
	/** Of the readings; 1 without it. */
	readonly publishQoS?: 1 | 2;
	readonly sha256: (bytes: ByteSource) => ArrayBuffer;
	/** Called now and then: bytes that the program uses, where the host knows them. */
	readonly usedBytes?: () => number;
}

export interface OfflineResult extends Accounts, Wear {
	/** The most records that the outbox ever held. */
	readonly recordsMax: number;
	readonly timersMax: number;
	/** Of the host's measurements, after each quarter of the time. */
	readonly usedBytes: readonly number[];
	/** Readings that the device took between the second measurement and the last. */
	readonly readingsMeasured: number;
	readonly finding?: Finding;
}

/** What became of the readings. The device accepted; all else is what the verifier says. */
export interface Accounts {
	readonly accepted: number;
	/** Before the broker went, while it was away, and since it is back. */
	readonly deliveredBefore: number;
	readonly deliveredDuring: number;
	readonly deliveredAfter: number;
	/** Accepted and not delivered. */
	readonly lost: number;
	/** Of those, outside of every range that a signed gap record names. */
	readonly unnamed: number;
	/** Missing messages that signed gap records count, by the verifier's summary. */
	readonly counted: number;
	/**
	 * Gap records that a later one replaced and counts: messages too, and no readings. The device
	 * reports one whenever it drops; those that did not arrive were replaced.
	 */
	readonly replaced: number;
	/** Counted, for they were dropped, and delivered: they were in flight at that moment. */
	readonly cameAllTheSame: number;
	/** Sequences in the same ranges that no record counts: of wills, or never used. */
	readonly uncounted: number;
	/** Missing by the verifier's summary, and in no gap record. */
	readonly unexplained: number;
	/** Messages that the verifier refused, duplicates left out. */
	readonly refused: number;
}

export interface Wear {
	/** Erases of each block a day, on average and at the worst block. */
	readonly erasesPerDay: number;
	readonly erasesPerDayWorst: number;
	readonly programsPerReading: number;
	readonly logErasesPerDayWorst: number;
	readonly keyValueWritesPerDay: number;
}

/** The losses that signed records count are the readings that are missing, to the reading. */
export function isAccounted(result: Accounts): boolean {
	const { accepted, deliveredBefore, deliveredDuring, deliveredAfter } = result;
	const { lost, unnamed, counted, replaced, cameAllTheSame, unexplained, refused } = result;
	return (
		accepted === deliveredBefore + deliveredDuring + deliveredAfter + lost &&
		counted - replaced - cameAllTheSame === lost &&
		unnamed + unexplained + refused === 0
	);
}

/** Online, then `hours` without a broker, then online until everything is delivered. */
export function runOffline(options: OfflineOptions): OfflineResult {
	return new OfflineRun(options).run();
}

class OfflineRun {
	readonly #options: OfflineOptions;
	readonly #world: World;
	readonly #board: SimulatedBoard;
	readonly #broker: { crash(): void; start(): void };
	readonly #receiver: Receiver;
	/** By sequence, for accepted readings, in memory that is there from the start. */
	readonly #accepted: Uint8Array;
	#acceptedCount = 0;
	#gapRecords = 0;
	#arrivedGapRecords = 0;
	#recordsMax = 0;
	#timersMax = 0;
	#cameAllTheSame = 0;
	#isBack = false;
	#finding: Finding | undefined;

	constructor(options: OfflineOptions) {
		const { hours, sampleIntervalMs, outboxBlocks, publishQoS = 1, sha256 } = options;
		this.#options = options;
		const world = new World({ seed: 1, sha256 });
		this.#world = world;
		const stage = buildStage({
			world,
			options: { ...LIFE, sampleIntervalMs, outboxBlocks, publishQoS },
			onPublish: (message) => {
				const verdict = this.#receiver.accept(message);
				if (verdict.kind !== "verified") return;
				if (verdict.content.kind === "gap") this.#arrivedGapRecords++;
				if (this.#accepted[verdict.sequence] === GONE) this.#cameAllTheSame++;
			},
			onFinding: ({ clause, detail }) => this.#find("protocol-kept", `${clause}: ${detail}`),
			onClient: () => undefined,
			onExpired: () => undefined,
			onAcknowledged: () => undefined,
		});
		const [board] = stage.boards as [SimulatedBoard];
		this.#board = board;
		this.#broker = (stage.places[0] as (typeof stage.places)[number]).broker;
		const { name, publicKey } = board;
		this.#receiver = new Receiver({ devices: [{ device: name, publicKey }], crypto: world.crypto });
		const readings = (hours * 60 * MINUTE + SETTLED_MS + AFTER_MS + DRAINED_MS) / sampleIntervalMs;
		this.#accepted = new Uint8Array(2 * readings + SEQUENCES_BESIDE);
		board.onReport = (event) => this.#reported(event);
	}

	run(): OfflineResult {
		const { keepsBroker } = this.#options;
		this.#board.powerOn();
		this.#world.run(SETTLED_MS);
		const before = this.#delivered();
		if (keepsBroker !== true) this.#broker.crash();
		const [usedBytes, readingsMeasured] = this.#away();
		const during = this.#delivered() - before;
		const wear = this.#wear();
		this.#broker.start();
		this.#isBack = true;
		this.#world.run(AFTER_MS);
		this.#board.sensorError = new Error("taken away");
		this.#world.run(DRAINED_MS);
		const after = this.#delivered() - during - before;
		return {
			...this.#accounts(before, during, after),
			...wear,
			recordsMax: this.#recordsMax,
			timersMax: this.#timersMax,
			usedBytes,
			readingsMeasured,
			...(this.#finding && { finding: this.#finding }),
		};
	}

	/** The time in question, with what was measured in it. */
	#away(): [usedBytes: number[], readings: number] {
		const { hours, usedBytes } = this.#options;
		const measured: number[] = [];
		let readingsBefore = 0;
		for (let quarter = 0; quarter < 4; quarter++) {
			for (let step = 0; step < 100; step++) {
				this.#world.run((hours * 60 * MINUTE) / 400);
				this.#timersMax = Math.max(this.#timersMax, this.#board.activeTimers);
			}
			if (usedBytes) measured.push(usedBytes());
			if (quarter === 1) readingsBefore = this.#acceptedCount;
		}
		return [measured, this.#acceptedCount - readingsBefore];
	}

	#reported(event: Readonly<Record<string, unknown>>): void {
		if (event["name"] === "readings-dropped") {
			this.#gapRecords++;
			if (this.#isBack) this.#markGone();
		}
		if (event["name"] !== "reading-accepted") return;
		const sequence = event["sequence"] as number;
		if (this.#accepted[sequence] !== 0) this.#find("sequences-unique", `${sequence}, or too high`);
		this.#accepted[sequence] = KEPT;
		this.#acceptedCount++;
		this.#recordsMax = Math.max(this.#recordsMax, event["depth"] as number);
	}

	/** A drop while the broker is there: what is not stored and arrives later was in flight. */
	#markGone(): void {
		const { sequences } = this.#receiver.of(this.#board.name);
		const stored = storedMessages(this.#board)?.sequences;
		this.#accepted.forEach((mark, sequence) => {
			const isGone = mark === KEPT && !sequences.has(sequence) && stored?.has(sequence) === false;
			if (isGone) this.#accepted[sequence] = GONE;
		});
	}

	#delivered(): number {
		let count = 0;
		for (const sequence of this.#receiver.of(this.#board.name).sequences) {
			if (this.#accepted[sequence] !== 0) count++;
		}
		return count;
	}

	#accounts(before: number, during: number, after: number): Accounts {
		const { name } = this.#board;
		const { missing } = this.#receiver.summaryOf(name) as DeviceSummary;
		const { sequences, refused } = this.#receiver.of(name);
		const accounts = { counted: 0, uncounted: 0, unexplained: 0 };
		const named = new Uint8Array(this.#accepted.length);
		for (const { first, last, cause, uncounted = 0 } of missing) {
			const size = last - first + 1;
			if (cause === "unexplained") accounts.unexplained += size;
			if (cause === "unexplained" || cause === "possible") continue;
			accounts.counted += size - uncounted;
			accounts.uncounted += uncounted;
			named.fill(1, first, last + 1);
		}
		let lost = 0;
		let unnamed = 0;
		for (let sequence = 0; sequence < this.#accepted.length; sequence++) {
			if (this.#accepted[sequence] === 0 || sequences.has(sequence)) continue;
			lost++;
			if (named[sequence] !== 1) unnamed++;
		}
		return {
			accepted: this.#acceptedCount,
			deliveredBefore: before,
			deliveredDuring: during,
			deliveredAfter: after,
			lost,
			unnamed,
			...accounts,
			cameAllTheSame: this.#cameAllTheSame,
			replaced: this.#gapRecords - this.#arrivedGapRecords,
			refused: refused.length + this.#receiver.strangers.length,
		};
	}

	#wear(): Wear {
		const { outboxChip, logChip, keyValue } = this.#board;
		const days = this.#world.clock.monotonicMs() / DAY;
		const { erases, programs } = outboxChip;
		return {
			erasesPerDay: erases.reduce((sum, count) => sum + count, 0) / erases.length / days,
			erasesPerDayWorst: Math.max(...erases) / days,
			programsPerReading: programs / this.#acceptedCount,
			logErasesPerDayWorst: Math.max(...logChip.erases) / days,
			keyValueWritesPerDay: keyValue.writes / days,
		};
	}

	#find(checker: string, what: string): void {
		this.#finding ??= { checker, what, atMs: this.#world.clock.monotonicMs() };
	}
}

const KEPT = 1;
/** Dropped, and not delivered by then. */
const GONE = 2;
/** For wills, gap records, events and blocks of numbers that a boot leaves. */
const SEQUENCES_BESIDE = 10_000;

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
