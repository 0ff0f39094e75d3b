// How often what may be written: a bucket for each kind of event and one for each source, so that
// nobody wears the flash out by provoking events, and no source silences another. What is
// suppressed is counted.

import { assert } from "../assert.js";
import {
	LOG_DEVICE_BURST,
	LOG_DEVICE_PER_SECOND,
	LOG_KIND_BURST,
	LOG_KIND_PER_SECOND,
	LOG_KINDS_MAX,
	LOG_OPERATOR_BURST,
	LOG_OPERATOR_PER_SECOND,
	LOG_PEER_BURST,
	LOG_PEER_PER_SECOND,
	LOG_RESERVE,
	LOG_STATION_BURST,
	LOG_STATION_PER_SECOND,
	LOG_SUPPRESSED_MS,
} from "../limits.js";
import { CATALOGUE, type EventSource } from "./catalogue.js";

/** A token bucket, as policy/token-bucket has it. */
export interface Bucket {
	spend(count: number, nowMs: number): void;
	available(nowMs: number): number;
}

export type MakeBucket = (
	size: { readonly burst: number; readonly perSecond: number },
	nowMs: number,
) => Bucket;

/** Of an event, what decides whether it may be written. */
export interface Limited {
	readonly name: string;
	readonly kind: string;
	readonly source: EventSource;
	readonly isMinor: boolean;
}

/** One object for all of them. */
const KIND_SIZE = Object.freeze({ burst: LOG_KIND_BURST, perSecond: LOG_KIND_PER_SECOND });

export class Limiter {
	readonly #makeBucket: MakeBucket;
	readonly #sources: Readonly<Record<EventSource, Bucket>>;
	/** At most LOG_KINDS_MAX, and one for each source: for the kinds that have no place any more. */
	readonly #kinds = new Map<string, Bucket>();
	/** Since the last entry of each name. At most one for each name of the catalogue. */
	readonly #suppressed = new Map<string, number>();
	#suppressedSinceMs = 0;

	constructor(makeBucket: MakeBucket, nowMs: number) {
		this.#makeBucket = makeBucket;
		const bucket = (burst: number, perSecond: number): Bucket =>
			makeBucket({ burst, perSecond }, nowMs);
		this.#sources = {
			device: bucket(LOG_DEVICE_BURST, LOG_DEVICE_PER_SECOND),
			operator: bucket(LOG_OPERATOR_BURST, LOG_OPERATOR_PER_SECOND),
			station: bucket(LOG_STATION_BURST, LOG_STATION_PER_SECOND),
			peer: bucket(LOG_PEER_BURST, LOG_PEER_PER_SECOND),
		};
	}

	/**
	 * Whether an event may be written now, and how many of its name were not since the last one. An
	 * event that may not is counted.
	 */
	take(event: Limited, nowMs: number): { readonly more: number } | undefined {
		const { name, source, isMinor } = event;
		assert(Object.hasOwn(CATALOGUE, name), "only events of the catalogue are counted");
		const kind = this.#kindOf(event, nowMs);
		const all = this.#sources[source];
		const reserve = isMinor ? LOG_RESERVE : 0;
		if (kind.available(nowMs) < 1 || all.available(nowMs) <= reserve) {
			this.count(name, nowMs);
			return undefined;
		}
		kind.spend(1, nowMs);
		all.spend(1, nowMs);
		const more = this.#suppressed.get(name) ?? 0;
		this.#suppressed.delete(name);
		return { more };
	}

	/** One more that is not written. */
	count(name: string, nowMs: number): void {
		if (this.#suppressed.size === 0) this.#suppressedSinceMs = nowMs;
		this.#suppressed.set(name, (this.#suppressed.get(name) ?? 0) + 1);
	}

	/** Something is counted and not written down. */
	get hasSuppressed(): boolean {
		return this.#suppressed.size > 0;
	}

	/**
	 * The counts, once they have waited for LOG_SUPPRESSED_MS or where it is the last occasion: the
	 * caller writes them down and they begin anew.
	 */
	takeSuppressed(nowMs: number, isLast: boolean): ReadonlyMap<string, number> | undefined {
		if (this.#suppressed.size === 0) return undefined;
		const isDue = nowMs - this.#suppressedSinceMs >= LOG_SUPPRESSED_MS;
		if ((!isLast && !isDue) || this.#sources.device.available(nowMs) < 1) return undefined;
		this.#sources.device.spend(1, nowMs);
		const counts = new Map(this.#suppressed);
		this.#suppressed.clear();
		return counts;
	}

	#kindOf({ kind, source }: Limited, nowMs: number): Bucket {
		const known = this.#kinds.get(kind);
		if (known !== undefined) return known;
		if (this.#kinds.size >= LOG_KINDS_MAX) this.#forgetIdle(nowMs);
		// No event's name is a source's: what such kinds share is nobody else's.
		const key = this.#kinds.size >= LOG_KINDS_MAX ? source : kind;
		let bucket = this.#kinds.get(key);
		if (bucket === undefined) {
			bucket = this.#makeBucket(KIND_SIZE, nowMs);
			this.#kinds.set(key, bucket);
		}
		return bucket;
	}

	/** A full bucket is as good as a new one. */
	#forgetIdle(nowMs: number): void {
		for (const [kind, bucket] of this.#kinds) {
			if (bucket.available(nowMs) >= LOG_KIND_BURST) this.#kinds.delete(kind);
		}
	}
}
