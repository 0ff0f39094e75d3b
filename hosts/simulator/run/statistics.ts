// The numbers of one life, and of many lives added up. Counting only: what is too much is said by
// the checkers.

import { Spread, type SpreadValue } from "./spread.js";

/** Sums over lives. */
export interface Counts {
	lives: number;
	/** Device time: two devices for an hour are two hours. */
	simulatedMs: number;
	readingsAccepted: number;
	/** Verified by the receiver, each once. */
	readingsDelivered: number;
	/** Verified again: at least once is not exactly once. */
	readingsDuplicated: number;
	/** Named as lost in a signed gap record. */
	readingsDropped: number;
	/** In flash or on their way when the life ended: seconds old, where nothing failed. */
	readingsHeld: number;
	gapRecords: number;
	/** The device said no when the sensor was read. */
	readingsRefused: number;
	commandsObeyed: number;
	commandsRefused: number;
	/** Sessions accepted by a broker. */
	sessions: number;
	attempts: number;
	handshakesFull: number;
	handshakesResumed: number;
	/** Milliseconds of outages longer than an hour, and the attempts in them. */
	longOutageMs: number;
	longOutageAttempts: number;
	flashPrograms: number;
	flashErases: number;
	/** Blocks times device time, for erases of each block a day. */
	blockMs: number;
	keyValueWrites: number;
}

/** As JSON has it, and as it goes from a worker to its master. */
export interface StatisticsValue {
	readonly counts: Counts;
	/** Of one device, in bytes; the most of all lives. */
	readonly heapHighWaterBytes: number;
	readonly faults: Readonly<Record<string, number>>;
	readonly boots: Readonly<Record<string, number>>;
	/** Milliseconds by kind of fault. */
	readonly detect: Readonly<Record<string, SpreadValue>>;
	readonly recover: Readonly<Record<string, SpreadValue>>;
}

export class Statistics {
	readonly counts: Counts = noCounts();
	heapHighWaterBytes = 0;
	readonly faults = new Map<string, number>();
	/** By the reason of the reset before. */
	readonly boots = new Map<string, number>();
	readonly #detect = new Map<string, Spread>();
	readonly #recover = new Map<string, Spread>();

	/** The device noticed so long after the fault began. */
	detected(kind: string, afterMs: number): void {
		spreadOf(this.#detect, kind).add(afterMs);
	}

	/** It was online again so long after the fault was healed. */
	recovered(kind: string, afterMs: number): void {
		spreadOf(this.#recover, kind).add(afterMs);
	}

	detect(kind: string): Spread | undefined {
		return this.#detect.get(kind);
	}

	recover(kind: string): Spread | undefined {
		return this.#recover.get(kind);
	}

	/** Adds another life, or many. */
	merge(other: StatisticsValue): void {
		for (const name of Object.keys(this.counts) as (keyof Counts)[]) {
			this.counts[name] += other.counts[name];
		}
		this.heapHighWaterBytes = Math.max(this.heapHighWaterBytes, other.heapHighWaterBytes);
		addCounts(this.faults, other.faults);
		addCounts(this.boots, other.boots);
		for (const [kind, value] of Object.entries(other.detect)) {
			spreadOf(this.#detect, kind).merge(value);
		}
		for (const [kind, value] of Object.entries(other.recover)) {
			spreadOf(this.#recover, kind).merge(value);
		}
	}

	toJSON(): StatisticsValue {
		return {
			counts: { ...this.counts },
			heapHighWaterBytes: this.heapHighWaterBytes,
			faults: sortedObject(this.faults, (count) => count),
			boots: sortedObject(this.boots, (count) => count),
			detect: sortedObject(this.#detect, (spread) => spread.toJSON()),
			recover: sortedObject(this.#recover, (spread) => spread.toJSON()),
		};
	}
}

/** One more of `name`. */
export function countOne(counts: Map<string, number>, name: string): void {
	counts.set(name, (counts.get(name) ?? 0) + 1);
}

function noCounts(): Counts {
	return {
		lives: 0,
		simulatedMs: 0,
		readingsAccepted: 0,
		readingsDelivered: 0,
		readingsDuplicated: 0,
		readingsDropped: 0,
		readingsHeld: 0,
		gapRecords: 0,
		readingsRefused: 0,
		commandsObeyed: 0,
		commandsRefused: 0,
		sessions: 0,
		attempts: 0,
		handshakesFull: 0,
		handshakesResumed: 0,
		longOutageMs: 0,
		longOutageAttempts: 0,
		flashPrograms: 0,
		flashErases: 0,
		blockMs: 0,
		keyValueWrites: 0,
	};
}

function addCounts(counts: Map<string, number>, other: Readonly<Record<string, number>>): void {
	for (const [name, count] of Object.entries(other)) {
		counts.set(name, (counts.get(name) ?? 0) + count);
	}
}

function spreadOf(spreads: Map<string, Spread>, kind: string): Spread {
	let spread = spreads.get(kind);
	if (spread === undefined) {
		spread = new Spread();
		spreads.set(kind, spread);
	}
	return spread;
}

function sortedObject<T, R>(map: ReadonlyMap<string, T>, of: (value: T) => R): Record<string, R> {
	const names = [...map.keys()].sort();
	return Object.fromEntries(names.map((name) => [name, of(map.get(name) as T)]));
}
