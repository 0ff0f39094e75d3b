// Watches one device from outside: what it reports and what the brokers get from it. Each promise
// that it breaks is a finding. What can only be judged at the end of a life is in checkers.ts.

import { CONTENT_GAP, CONTENT_READING } from "../../../src/envelope/content-types.js";
import { decodeGap } from "../../../src/envelope/gap.js";
import { open, type Envelope } from "../../../src/envelope/open.js";
import { decodeReading } from "../../../src/reading/senml.js";
import { REBOOT_DAY_MS, REBOOTS_PER_DAY_MAX } from "../../../src/limits.js";
import type { DeviceEvent, ResetReason } from "../../../src/ports.js";
import type { SimulatedBoard } from "../board.js";
import { sampleValue } from "../boot.js";
import type { BrokerMessage } from "../broker-options.js";
import { AttemptsWindow } from "./attempts-window.js";
import { LogCheck } from "./log-check.js";
import { MessageLedger } from "./message-ledger.js";
import { countOne, type Statistics } from "./statistics.js";

const HOUR = 3_600_000;
/** Sequences whose bytes are remembered, to see one that is used twice. */
const REMEMBERED_MAX = 4096;
const SAMPLES_COMPARED = 1000;
/** An hour of outage, doubled for each of two reboots that did not help, and a wide wait. */
const REBOOT_DUE_MS = 4.5 * HOUR;

export type Find = (checker: string, what: string) => void;

export interface DeviceWatchOptions {
	readonly board: SimulatedBoard;
	readonly statistics: Statistics;
	readonly find: Find;
	/** Text that no report may hold. */
	readonly secrets: readonly string[];
	/** Something hangs: the watchdog may bite. */
	readonly mayBite: () => boolean;
	/** What only a restart mends has been there for so many milliseconds; 0 where nothing is. */
	readonly brokenMs: () => number;
	/** A fault was there lately that a reboot may mend, as far as a device can tell. */
	readonly mayReboot: () => boolean;
	/** Something may be lost: time to look into the flash. */
	readonly onSuspicion: () => void;
	readonly onAttempt: () => void;
	readonly onOnline: () => void;
	readonly onOffline: (isPlanned: boolean) => void;
	readonly obeyed: (operator: string, sequence: number) => string | undefined;
}

export class DeviceWatch {
	readonly ledger = new MessageLedger();
	readonly attempts: AttemptsWindow;
	readonly log: LogCheck;
	isOnline = false;
	/** What the device remembers of its reboots was spoilt: to it, all of them are spent. */
	isBudgetLost = false;
	/** The present boot is in safe mode. */
	isSafe = false;
	readonly #options: DeviceWatchOptions;
	/** By sequence, of all that was ever delivered: which message it was. */
	readonly #signatures = new Map<number, string>();
	readonly #reboots: number[] = [];
	#state = "";
	/** Messages that the device said it dropped. */
	#dropped = 0;
	#expectsRestart = false;
	#offlineSinceMs = 0;
	#attemptsOffline: number[] = [];

	constructor(options: DeviceWatchOptions) {
		this.#options = options;
		this.log = new LogCheck(options.board);
		this.attempts = new AttemptsWindow({
			clock: options.board.world.clock,
			onTooMany: (count, most) =>
				options.find("attempts-bounded", `${count} attempts in an hour, at most ${most}`),
		});
	}

	// ------------------------------------------------------------ boots

	booted(reason: ResetReason): void {
		const { statistics, find, mayBite } = this.#options;
		countOne(statistics.boots, reason);
		this.attempts.renewed();
		this.#offline();
		if (reason === "watchdog" && !mayBite()) find("watchdog-with-cause", "nothing hangs");
		if (reason === "software" && !this.#expectsRestart) {
			find("reboots-with-cause", "it restarted and did not say why");
		}
		this.#expectsRestart = false;
	}

	/** The power went: nobody will say so. */
	lostPower(): void {
		this.#offline();
	}

	/** What no event tells: called now and then. */
	look(): void {
		const { find, brokenMs } = this.#options;
		if (this.isBudgetLost) return;
		const nowMs = this.#nowMs();
		const offlineMs = this.isOnline ? 0 : nowMs - this.#offlineSinceMs;
		const spent = this.#reboots.filter((atMs) => nowMs - atMs < REBOOT_DAY_MS).length;
		if (Math.min(offlineMs, brokenMs()) < REBOOT_DUE_MS || spent >= REBOOTS_PER_DAY_MAX) return;
		find("reboots-when-needed", "only a restart would mend it, and none was made for hours");
	}

	// ------------------------------------------------------------ what it reports

	reported(event: DeviceEvent): void {
		this.#searchSecrets(event);
		const { statistics } = this.#options;
		switch (event.name) {
			case "reading-accepted":
				return this.#readingAccepted(event["sequence"] as number, event["depth"] as number);
			case "readings-dropped":
				this.#dropped += event["count"] as number;
				return;
			case "reading-refused":
				statistics.counts.readingsRefused++;
				return;
			case "device-booted":
				this.isSafe = event["mode"] === "safe";
				return;
			case "device-restarting":
				this.#expectsRestart = true;
				return;
			case "connection-state":
				return this.#stateChanged(String(event["state"]), event["failureClass"] === undefined);
			case "reboot-requested":
				return this.#rebootRequested(String(event["failureClass"]));
			case "command-performed":
				return this.#commandPerformed(event);
			case "command-refused":
				statistics.counts.commandsRefused++;
				return;
		}
	}

	/**
	 * What nobody outside has yet must be among the `depth` messages in the outbox, or be dropped.
	 */
	#readingAccepted(sequence: number, depth: number): void {
		const { statistics, find, onSuspicion } = this.#options;
		statistics.counts.readingsAccepted++;
		if (!this.ledger.accept(sequence)) {
			find("sequences-unique", `accepted ${sequence} after a higher one`);
		}
		if (this.ledger.open > depth + this.#dropped) onSuspicion();
	}

	#stateChanged(state: string, isPlanned: boolean): void {
		if (state === "resolving") {
			this.#options.statistics.counts.attempts++;
			this.attempts.attempted();
			this.#options.onAttempt();
			this.#attemptsOffline.push(this.#nowMs());
		}
		// From one wait to the next without an attempt: an address came back and cut it short.
		const isCutShort = state === "waiting" && this.#state === "waiting";
		if (isCutShort || state === "stable") this.attempts.renewed();
		this.#state = state;
		if (state === "online") this.#online();
		else if (state !== "stable") this.#offline(isPlanned);
	}

	#online(): void {
		const { statistics, onOnline } = this.#options;
		statistics.counts.sessions++;
		this.isOnline = true;
		const nowMs = this.#nowMs();
		const firstHourEndMs = this.#offlineSinceMs + HOUR;
		if (nowMs > firstHourEndMs) {
			const late = this.#attemptsOffline.filter((atMs) => atMs >= firstHourEndMs);
			statistics.counts.longOutageMs += nowMs - firstHourEndMs;
			statistics.counts.longOutageAttempts += late.length;
		}
		onOnline();
	}

	#offline(isPlanned = false): void {
		if (!this.isOnline) return;
		this.isOnline = false;
		this.#offlineSinceMs = this.#nowMs();
		this.#attemptsOffline = [];
		this.#options.onOffline(isPlanned);
	}

	#rebootRequested(failureClass: string): void {
		const { find, mayReboot } = this.#options;
		this.#expectsRestart = true;
		const nowMs = this.#nowMs();
		this.#reboots.push(nowMs);
		const today = this.#reboots.filter((atMs) => nowMs - atMs < REBOOT_DAY_MS);
		if (today.length > REBOOTS_PER_DAY_MAX) {
			find("reboots-bounded", `${today.length} reboots in a day`);
		}
		const isRetry = failureClass === "safe-mode-retry";
		if (!isRetry && !mayReboot()) find("reboots-with-cause", `a reboot for ${failureClass}`);
	}

	#commandPerformed(event: DeviceEvent): void {
		const { statistics, find, obeyed } = this.#options;
		statistics.counts.commandsObeyed++;
		if (event["command"] === "restart") this.#expectsRestart = true;
		const objection = obeyed(String(event["operator"]), event["sequence"] as number);
		if (objection !== undefined) {
			find("commands-authentic", `command ${String(event["sequence"])}: ${objection}`);
		}
	}

	#searchSecrets(event: DeviceEvent): void {
		for (const name of Object.keys(event)) {
			const value = event[name];
			if (typeof value !== "string") continue;
			if (this.#options.secrets.some((secret) => value.includes(secret))) {
				this.#options.find("secrets-hidden", `${event.name} holds a secret in ${name}`);
			}
		}
	}

	// ------------------------------------------------------------ what brokers get from it

	delivered(message: BrokerMessage): void {
		const { board, find } = this.#options;
		const { topic, payload } = message;
		const opened = open(payload, topic, () => board.publicKey, board.crypto);
		if (opened.kind === "rejected") {
			return find("messages-genuine", `${topic}: ${opened.reason}`);
		}
		const { envelope } = opened;
		this.#checkSequence(envelope);
		const problem = this.log.take(envelope);
		if (problem !== undefined) find("log-verifies", `a batch: ${problem}`);
		if (envelope.contentType === CONTENT_READING) this.#readingDelivered(envelope);
		if (envelope.contentType === CONTENT_GAP) this.#gapDelivered(envelope);
	}

	#checkSequence({ sequence, payload }: Envelope): void {
		const fingerprint = fingerprintOf(payload);
		const before = this.#signatures.get(sequence);
		if (before !== undefined && before !== fingerprint) {
			this.#options.find("sequences-unique", `${sequence} was used for two messages`);
		}
		this.#signatures.set(sequence, fingerprint);
		if (this.#signatures.size <= REMEMBERED_MAX) return;
		this.#signatures.delete(this.#signatures.keys().next().value as number);
	}

	#readingDelivered({ sequence, payload }: Envelope): void {
		const { find, statistics, board } = this.#options;
		const isNew = !this.ledger.hasDelivered(sequence);
		this.ledger.deliver(sequence);
		if (!isNew) {
			statistics.counts.readingsDuplicated++;
			return;
		}
		statistics.counts.readingsDelivered++;
		const read = decodeReading(payload);
		const value = read.kind === "valid" ? read.value[0]?.value : undefined;
		if (!wasSampled(board.samples, value)) {
			find("nothing-invented", `${sequence} reads ${String(value)}, which no sensor showed`);
		}
	}

	#gapDelivered({ payload }: Envelope): void {
		const read = decodeGap(payload);
		if (read.kind === "invalid") {
			return this.#options.find("messages-genuine", `a gap record: ${read.expected}`);
		}
		this.#options.statistics.counts.gapRecords++;
		for (const gap of read.value) this.ledger.explain(gap);
	}

	#nowMs(): number {
		return this.#options.board.world.clock.monotonicMs();
	}
}

/** Among the newest that the sensor showed; they repeat after so many. */
function wasSampled(samples: number, value: unknown): boolean {
	if (typeof value !== "number") return false;
	const step = Math.round((value - sampleValue(0)) * 100);
	if (step < 0 || step >= SAMPLES_COMPARED) return false;
	return samples >= SAMPLES_COMPARED || (step > 0 && step <= samples);
}

/**
 * Short, and another for other bytes almost always: a collision hides a finding, and makes none.
 */
function fingerprintOf(bytes: Uint8Array): string {
	let left = 0x811c9dc5;
	let right = bytes.length;
	for (let index = 0; index < bytes.length; index++) {
		left = Math.imul(left ^ (bytes[index] as number), 0x01000193);
		right = Math.imul(right + (bytes[index] as number), 0x5bd1e995) ^ (left >>> 13);
	}
	return `${left}.${right}`;
}
