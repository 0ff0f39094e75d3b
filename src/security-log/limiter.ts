// How often what may be written: a bucket for each kind of event and one for each source, so that
// nobody wears the flash out by provoking events, and no source silences another. What is
// suppressed is counted.

import { assert } from "../assert.js";
import {
	LOG_DEVICE_BURST,
	LOG_DEVICE_PER_SECOND,
	LOG_KIND_BURST,
	LOG_KIND_PER_SECOND,
	LOG_OPERATOR_BURST,
	LOG_OPERATOR_PER_SECOND,
	LOG_PEER_BURST,
	LOG_PEER_PER_SECOND,
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

export class Limiter {
	readonly #makeBucket: MakeBucket;
	readonly #sources: Readonly<Record<EventSource, Bucket>>;
	/** At most one for each name of the catalogue. */
	readonly #kinds = new Map<string, Bucket>();
	/** Since the last entry of each kind. At most one for each name of the catalogue. */
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
	 * Whether an event may be written now, and how many of its kind were not since the last one. An
	 * event that may not is counted.
	 */
	take(name: string, source: EventSource, nowMs: number): { readonly more: number } | undefined {
		assert(Object.hasOwn(CATALOGUE, name), "only events of the catalogue are counted");
		const kind = this.#kindOf(name, nowMs);
		const all = this.#sources[source];
		if (kind.available(nowMs) < 1 || all.available(nowMs) < 1) {
			if (this.#suppressed.size === 0) this.#suppressedSinceMs = nowMs;
			this.#suppressed.set(name, (this.#suppressed.get(name) ?? 0) + 1);
			return undefined;
		}
		kind.spend(1, nowMs);
		all.spend(1, nowMs);
		const more = this.#suppressed.get(name) ?? 0;
		this.#suppressed.delete(name);
		return { more };
	}

	/** Something is counted and not written down. */
	get hasSuppressed(): boolean {
		return this.#suppressed.size > 0;
	}

	/**
	 * The counts, once they have waited for LOG_SUPPRESSED_MS: the caller writes them down and they
	 * begin anew.
	 */
	takeSuppressed(nowMs: number): ReadonlyMap<string, number> | undefined {
		if (this.#suppressed.size === 0) return undefined;
		if (nowMs - this.#suppressedSinceMs < LOG_SUPPRESSED_MS) return undefined;
		if (this.#sources.device.available(nowMs) < 1) return undefined;
		this.#sources.device.spend(1, nowMs);
		const counts = new Map(this.#suppressed);
		this.#suppressed.clear();
		return counts;
	}

	#kindOf(name: string, nowMs: number): Bucket {
		let bucket = this.#kinds.get(name);
		if (bucket === undefined) {
			const size = { burst: LOG_KIND_BURST, perSecond: LOG_KIND_PER_SECOND };
			bucket = this.#makeBucket(size, nowMs);
			this.#kinds.set(name, bucket);
		}
		return bucket;
	}
}
