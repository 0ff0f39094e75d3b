// A security log on virtual time and a NOR chip, with toy cryptography: what it holds, and what it
// would upload. It also runs on the XS engine.

import { VirtualClock } from "../../hosts/simulator/clock.js";
import { NORFlash } from "../../hosts/simulator/flash.js";
import { VirtualKeyValue } from "../../hosts/simulator/key-value.js";
import { PowerSupply } from "../../hosts/simulator/power.js";
import { LOG_BOOT_HOLD_MS, LOG_RECORDS_MAX } from "../../src/limits.js";
import { Outbox } from "../../src/outbox/outbox.js";
import { TokenBucket } from "../../src/policy/token-bucket.js";
import type { DeviceEvent } from "../../src/ports.js";
import { decodeBatch, type LogBatch } from "../../src/security-log/batch.js";
import { openCheckpoint, type Checkpoint } from "../../src/security-log/checkpoint.js";
import { decodeEntry, type LogEntry } from "../../src/security-log/entry.js";
import { SecurityLog } from "../../src/security-log/security-log.js";
import { toyDigest } from "./toy-digest.js";
import { toyCrypto, toyKey } from "./toy-signature.js";

export const LOG_NOW = 1_800_000_000;
export const LOG_KEY = toyKey(7);
const MINUTE = 60_000;

/** What survives a power cut. */
export class LogImage {
	readonly power: PowerSupply;
	readonly chip: NORFlash;
	readonly keyValue: VirtualKeyValue;

	constructor(blocks = 16, from?: LogImage) {
		this.power = new PowerSupply();
		this.chip = from ? from.chip.copy(this.power) : new NORFlash({ blocks, power: this.power });
		this.keyValue = from ? from.keyValue.copy(this.power) : new VirtualKeyValue(this);
	}

	copy(): LogImage {
		return new LogImage(this.chip.blocks, this);
	}
}

/** One life of a log. */
export class LogLife {
	readonly clock = new VirtualClock();
	readonly failures: string[] = [];
	readonly store: Outbox;
	readonly log: SecurityLog;
	hasKey = true;
	time: { unixSeconds: number; quality: number } | undefined = {
		unixSeconds: LOG_NOW,
		quality: 3,
	};

	constructor(image: LogImage, bootHoldMs = LOG_BOOT_HOLD_MS) {
		const mounted = Outbox.mount({ flash: image.chip.open(), slots: LOG_RECORDS_MAX });
		if (mounted.kind === "unusable") throw new Error(mounted.code);
		this.store = mounted.outbox;
		this.log = new SecurityLog({
			store: this.store,
			headStore: image.keyValue.open({ path: "hf-log", format: "buffer" }),
			crypto: { sha256: toyDigest },
			clock: this.clock,
			makeBucket: (size, nowMs) => new TokenBucket(size, nowMs),
			signer: () => (this.hasKey ? LOG_KEY : undefined),
			now: () => this.time,
			bootHoldMs,
			onFailed: (path, code) => void this.failures.push(`${path} ${code}`),
		});
	}

	/** Events that no limit holds back: each of another kind, or far apart. */
	record(...names: string[]): void {
		for (const name of names) this.log.record({ name });
	}

	report(event: DeviceEvent): void {
		this.log.record(event);
	}

	/** `count` entries, with time enough between them. */
	fill(count: number): void {
		for (let index = 0; index < count; index++) {
			this.clock.advance(10 * MINUTE);
			this.report({ name: "signature-rejected", reason: `number ${index}` });
		}
	}

	/** The same, and after each what is due. */
	fillOneByOne(count: number): void {
		for (let done = 0; done < count; done++) {
			this.fill(1);
			this.work();
		}
	}

	/** A minute passes and what is due is done, as the journal does it. */
	work(): void {
		this.clock.advance(MINUTE);
		this.log.work();
		this.log.save();
	}

	/** Everything that waits is handed over. */
	upload(): LogBatch[] {
		const batches: LogBatch[] = [];
		for (;;) {
			const batch = this.log.nextBatch();
			if (batch === undefined) break;
			const read = decodeBatch(batch.payload);
			if (read.kind === "invalid") throw new Error(read.expected);
			batches.push(read.value);
			this.log.uploaded(batch.through);
		}
		this.log.save();
		return batches;
	}

	/** The entries on flash, oldest first. */
	get entries(): LogEntry[] {
		return this.#records(0).map(({ bytes }) => readEntry(bytes));
	}

	get names(): string[] {
		return this.entries.map(({ name }) => name);
	}

	get checkpoints(): Checkpoint[] {
		return this.#records(1).map(({ bytes }) => readCheckpoint(bytes));
	}

	#records(channel: number) {
		return this.store
			.waiting(undefined, 10_000)
			.filter((record) => record.channel === channel)
			.map(({ sequence }) => this.store.read(sequence) as { bytes: Uint8Array });
	}
}

export function readEntry(bytes: Uint8Array): LogEntry {
	const read = decodeEntry(bytes);
	if (read.kind === "invalid") throw new Error(`${read.path}: ${read.expected}`);
	return read.value;
}

export function readCheckpoint(bytes: Uint8Array): Checkpoint {
	const checkpoint = openCheckpoint(bytes, verifyLogKey);
	if (checkpoint === undefined) throw new Error("no checkpoint");
	return checkpoint;
}

export function verifyLogKey(
	keyId: Uint8Array,
	message: Uint8Array,
	signature: Uint8Array,
): boolean {
	if (keyId[0] !== LOG_KEY.keyId[0]) return false;
	return toyCrypto.ed25519Verify(LOG_KEY.publicKey, message, signature);
}
