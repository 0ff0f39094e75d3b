// The security log in the device: opens its partition, listens to everything that is reported,
// works when there is work, and hands signed entries to the uplink while there is a session.
// Without a usable partition the device runs all the same, and looks for it now and then.

import type { StatementSigner } from "./cbor/statement.js";
import {
	LOG_BATCHES_AT_ONCE,
	LOG_BOOT_HOLD_MS,
	LOG_CHECKPOINT_MS,
	LOG_RECORDS_MAX,
	STORAGE_RETRY_MS,
} from "./limits.js";
import { Outbox } from "./outbox/outbox.js";
import { TokenBucket } from "./policy/token-bucket.js";
import type { DeviceEvent, KeyValueStore, Ports, TimerHandle } from "./ports.js";
import type { LogTime } from "./security-log/entry.js";
import { SecurityLog } from "./security-log/security-log.js";
import { storageCodeOf } from "./storage-code.js";

export interface JournalOptions {
	readonly ports: Ports;
	/** All waits times this; the rate limits are as they are. */
	readonly timeScale: number;
	/** The namespace "hf-log". */
	readonly headStore: () => KeyValueStore;
	readonly signer: () => StatementSigner | undefined;
	readonly now: () => LogTime | undefined;
}

/** Where signed entries go. */
export interface LogDestination {
	readonly isOnline: () => boolean;
	/** Whether the batch is durable there. */
	readonly accept: (payload: Uint8Array) => boolean;
}

export class Journal {
	/** Those of the host; what is reported through them is listened to. */
	readonly ports: Ports;
	readonly #options: JournalOptions;
	#log: SecurityLog | undefined;
	/** Paths whose failure was reported, and why: once is enough. */
	readonly #failed = new Map<string, string>();
	#destination: LogDestination | undefined;
	#timer: TimerHandle | undefined;
	#isClosed = false;

	constructor(options: JournalOptions) {
		this.#options = options;
		this.ports = { ...options.ports, report: (event) => this.#report(event) };
		this.#log = this.#mount();
		this.#arm();
	}

	/** From now on entries go to `destination`, while it is online. */
	attach(destination: LogDestination): void {
		this.#destination = destination;
	}

	detach(): void {
		this.#destination = undefined;
	}

	/** A session has begun: what waited goes now. */
	online(): void {
		this.#work();
	}

	close(): void {
		this.#isClosed = true;
		this.#destination = undefined;
		if (this.#timer !== undefined) this.#options.ports.timer.clear(this.#timer);
		this.#timer = undefined;
	}

	#report(event: DeviceEvent): void {
		this.#options.ports.report(event);
		if (this.#isClosed) return;
		this.#log?.record(event);
		this.#arm();
	}

	#mount(): SecurityLog | undefined {
		const { ports, signer, now, timeScale, headStore } = this.#options;
		try {
			const flash = ports.flash.open({ path: "log", mode: "r+" });
			const mounted = Outbox.mount({ flash, slots: LOG_RECORDS_MAX });
			if (mounted.kind === "unusable") {
				this.#storageFailed("log", mounted.code);
				return undefined;
			}
			return new SecurityLog({
				store: mounted.outbox,
				headStore: headStore(),
				crypto: ports.crypto,
				clock: ports.clock,
				makeBucket: (size, nowMs) => new TokenBucket(size, nowMs),
				signer,
				now,
				bootHoldMs: LOG_BOOT_HOLD_MS * timeScale,
				onFailed: (path, code) => this.#storageFailed(path, code),
			});
		} catch (error) {
			this.#storageFailed("log", storageCodeOf(error));
			return undefined;
		}
	}

	/** Not through `#report`: what the log cannot write it need not hear of. */
	#storageFailed(path: string, code: string): void {
		if (this.#failed.has(path)) return;
		this.#failed.set(path, code);
		this.#options.ports.report({ name: "storage-failed", path, code });
	}

	#arm(): void {
		if (this.#timer !== undefined || this.#isClosed) return;
		const { ports, timeScale } = this.#options;
		const isMissing = this.#log === undefined;
		if (!isMissing && !this.#hasWork()) return;
		const delayMs = isMissing ? STORAGE_RETRY_MS : LOG_CHECKPOINT_MS;
		this.#timer = ports.timer.set(() => {
			this.#timer = undefined;
			if (isMissing) this.#mountAgain();
			else this.#work();
		}, delayMs * timeScale);
	}

	/** The log goes on where it was; its first entry says what is missing before it. */
	#mountAgain(): void {
		this.#log = this.#mount();
		const code = this.#failed.get("log");
		if (this.#log !== undefined && code !== undefined) {
			this.#failed.delete("log");
			this.#log.record({ name: "storage-failed", path: "log", code });
		}
		this.#arm();
	}

	#hasWork(): boolean {
		const log = this.#log;
		if (log === undefined) return false;
		return log.hasWork || (this.#isOnline() && log.hasBatch);
	}

	#work(): void {
		const log = this.#log;
		if (log === undefined || this.#isClosed) return;
		log.work();
		if (this.#isOnline()) this.#upload(log);
		log.save();
		this.#arm();
	}

	/** A power cut between the two steps uploads once more: the counter of an entry tells. */
	#upload(log: SecurityLog): void {
		for (let count = 0; count < LOG_BATCHES_AT_ONCE; count++) {
			const batch = log.nextBatch();
			if (batch === undefined || this.#destination?.accept(batch.payload) !== true) return;
			log.uploaded(batch.through);
		}
	}

	#isOnline(): boolean {
		return this.#destination?.isOnline() === true;
	}
}
