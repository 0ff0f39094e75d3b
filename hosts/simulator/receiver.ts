// The receiving end of a simulated fleet: judges every message as `holdfast verify` does, and
// accounts for each device's readings, to the reading.

import type { Gap } from "../../src/envelope/gap.js";
import type { CommandResult } from "../../src/command/result.js";
import {
	StreamVerifier,
	type KnownDevice,
	type VerifierCrypto,
} from "../support/verify/stream-verifier.js";
import type { DeviceSummary, Refusal, Verdict } from "../support/verify/verdict.js";

export interface ReceivedReading {
	readonly sequence: number;
	readonly name: string;
	readonly value: number;
}

/** What one device got across. Every entry was verified, and came for the first time. */
export interface Received {
	readonly sequences: Set<number>;
	readonly readings: ReceivedReading[];
	readonly events: Readonly<Record<string, unknown>>[];
	readonly results: CommandResult[];
	readonly gaps: Gap[];
	/** Reasons of refusals, duplicates left out. */
	readonly refused: Refusal[];
	duplicates: number;
}

/** What became of the sequences that a device said it had accepted. */
export interface Account {
	readonly delivered: number;
	/** Not delivered, and named in a signed gap record. */
	readonly explained: number;
	/** Neither. */
	readonly lost: readonly number[];
}

export interface ReceiverOptions {
	readonly devices: readonly KnownDevice[];
	readonly crypto: VerifierCrypto;
}

export class Receiver {
	readonly #verifier: StreamVerifier;
	readonly #received = new Map<string, Received>();
	readonly #strangers: Refusal[] = [];

	constructor(options: ReceiverOptions) {
		this.#verifier = new StreamVerifier(options);
		for (const { device } of options.devices) this.of(device);
	}

	/** Judges a message as it came on `topic`. */
	accept({ topic, payload }: { readonly topic: string; readonly payload: Uint8Array }): Verdict {
		const verdict = this.#verifier.accept(topic, payload);
		if (verdict.kind === "refused") {
			const { device, duplicate, reason } = verdict;
			if (device === undefined) this.#strangers.push(reason);
			else if (duplicate === true) this.of(device).duplicates++;
			else this.of(device).refused.push(reason);
			return verdict;
		}
		const received = this.of(verdict.device);
		received.sequences.add(verdict.sequence);
		const { content, sequence } = verdict;
		switch (content.kind) {
			case "reading":
				for (const { name, value } of content.measurements) {
					received.readings.push({ sequence, name, value });
				}
				break;
			case "event":
				received.events.push(content.event as Record<string, unknown>);
				break;
			case "gap":
				received.gaps.push(...content.gaps);
				break;
			case "result":
				received.results.push(content.result);
				break;
			case "other":
				break;
		}
		return verdict;
	}

	/** What `device` got across so far. */
	of(device: string): Received {
		let received = this.#received.get(device);
		if (received === undefined) {
			received = {
				sequences: new Set(),
				readings: [],
				events: [],
				results: [],
				gaps: [],
				refused: [],
				duplicates: 0,
			};
			this.#received.set(device, received);
		}
		return received;
	}

	/** Refusals that no known device can be blamed for. */
	get strangers(): readonly Refusal[] {
		return this.#strangers;
	}

	/** What the verifier says of `device`: what is missing, and why. */
	summaryOf(device: string): DeviceSummary | undefined {
		return this.#verifier.summary().find((summary) => summary.device === device);
	}

	/** What became of what `device` had `accepted`. */
	account(device: string, accepted: readonly number[]): Account {
		const { sequences, gaps } = this.of(device);
		const missing = accepted.filter((sequence) => !sequences.has(sequence));
		const lost = missing.filter(
			(sequence) => !gaps.some(({ first, last }) => first <= sequence && sequence <= last),
		);
		return {
			delivered: accepted.length - missing.length,
			explained: missing.length - lost.length,
			lost,
		};
	}
}
