// Watches one device from outside: what it reports and what the brokers get from it. Each promise
// that it breaks is a finding. What can only be judged at the end of a life is in checkers.ts.

import {
	CONTENT_GAP,
	CONTENT_READING,
	CONTENT_RESULT,
} from "../../../src/envelope/content-types.js";
import { decodeResult } from "../../../src/command/result.js";
import { decodeGap } from "../../../src/envelope/gap.js";
import { open, type Envelope } from "../../../src/envelope/open.js";
import { decodeReading } from "../../../src/reading/senml.js";
import {
	MQTT_IN_FLIGHT_MAX,
	OUTBOX_REMOVALS_PENDING_MAX,
	REBOOT_DAY_MS,
	REBOOTS_PER_DAY_MAX,
	SAFE_MODE_FAILED_BOOTS,
	SAFE_MODE_RETRY_MS,
} from "../../../src/limits.js";
import type { DeviceEvent, ResetReason } from "../../../src/ports.js";
import type { SimulatedBoard } from "../board.js";
import type { BrokerMessage } from "../broker-options.js";
import { AttemptsWindow } from "./attempts-window.js";
import { LogCheck } from "./log-check.js";
import { MessageLedger } from "./message-ledger.js";
import { SampleCheck } from "./sample-check.js";
import { countOne, type Statistics } from "./statistics.js";

const HOUR = 3_600_000;
/** Sequences whose bytes are remembered, to see one that is used twice. */
const REMEMBERED_MAX = 4096;
/** An hour of outage, doubled for each of two reboots that did not help, and a wide wait. */
const REBOOT_DUE_MS = 4.5 * HOUR;
/** Boots in a row that the watchdog ended, before safe mode is demanded: one may have waited. */
const FAILED_BOOTS_MAX = SAFE_MODE_FAILED_BOOTS + 1;
/** In safe mode, with reboots left: a retry is due, and one look later it is late. */
const SAFE_MODE_MS = SAFE_MODE_RETRY_MS + 0.25 * HOUR;

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
	/** A command was performed, refused or answered. Why it should not have been. */
	readonly commands: CommandWatch;
	readonly sampleIntervalMs: number;
}

export interface CommandWatch {
	readonly obeyed: (operator: string, sequence: number) => string | undefined;
	readonly refused: (sequence: number) => void;
	readonly answered: (sequence: number) => void;
}

export class DeviceWatch {
	readonly ledger = new MessageLedger();
	readonly attempts: AttemptsWindow;
	readonly log: LogCheck;
	readonly samples: SampleCheck;
	isOnline = false;
	/** What the device remembers of its reboots was spoilt: to it, all of them are spent. */
	isBudgetLost = false;
	/** Its session ended last as another device's with its client id would end it. */
	suspectsRival = false;
	/** Its configuration is one that has not proved itself. */
	isOnTrial = false;
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
	/** Boots in a row that a watchdog ended before a stable session. */
	#failedBoots = 0;
	/** When restarts could not be counted, last. */
	#uncountedMs = -Infinity;
	/** Since when a configuration is in force in this boot. */
	#startedMs = Infinity;
	/** Of this boot: messages that came again, and sessions. */
	#duplicates = 0;
	#sessions = 0;

	constructor(options: DeviceWatchOptions) {
		const { board, find, mayBite, sampleIntervalMs } = options;
		this.#options = options;
		this.log = new LogCheck(board);
		this.samples = new SampleCheck({ board, sampleIntervalMs, find, mayHang: mayBite });
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
		this.samples.booted();
		this.#duplicates = 0;
		this.#sessions = 0;
		this.#startedMs = Infinity;
		this.#failedBoots = reason === "watchdog" ? this.#failedBoots + 1 : 0;
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
		this.samples.look();
		if (this.isBudgetLost) return;
		const nowMs = this.#nowMs();
		const offlineMs = this.isOnline ? 0 : nowMs - this.#offlineSinceMs;
		const spent = this.#reboots.filter((atMs) => nowMs - atMs < REBOOT_DAY_MS).length;
		if (spent >= REBOOTS_PER_DAY_MAX) return;
		const { isRunning, keyValue } = this.#options.board;
		// A restart that cannot be counted is none: it waits until it can.
		if (keyValue.writeFault !== undefined || keyValue.isUnreadable) this.#uncountedMs = nowMs;
		if (nowMs - this.#uncountedMs < SAFE_MODE_MS) return;
		const isSafe = this.isSafe && isRunning;
		if (isSafe && nowMs - this.#startedMs > SAFE_MODE_MS) {
			find("safe-mode-left", "in safe mode for hours, and the normal mode was not tried");
		}
		if (Math.min(offlineMs, brokenMs()) < REBOOT_DUE_MS) return;
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
				return this.samples.refused();
			case "sensor-failed":
				return this.samples.disturbed();
			case "device-booted":
				return this.#booted(event["mode"] === "safe", event["isRecordCorrupt"] === true);
			case "device-started":
				this.#startedMs = this.#nowMs();
				this.isOnTrial = event["isCandidate"] === true;
				if (!this.isSafe) this.samples.started();
				return;
			case "credential-promoted":
				this.isOnTrial = false;
				return;
			case "device-restarting":
				this.#expectsRestart = true;
				return;
			case "connection-failed":
				this.suspectsRival = event["failureClass"] === "duplicate-client-id";
				return;
			case "connection-state":
				// Until a configuration is in force again.
				if (event["state"] === "stopped") this.samples.disturbed();
				return this.#stateChanged(String(event["state"]), event["failureClass"] === undefined);
			case "reboot-requested":
				return this.#rebootRequested(String(event["failureClass"]));
			case "command-performed":
				return this.#commandPerformed(event);
			case "command-refused":
				statistics.counts.commandsRefused++;
				return this.#options.commands.refused(Number(event["sequence"]));
		}
	}

	#booted(isSafe: boolean, isRecordCorrupt: boolean): void {
		this.isSafe = isSafe;
		// It cannot know of the boots before, or cannot write them down.
		const cannotCount = this.#options.board.keyValue.writeFault !== undefined;
		if (isRecordCorrupt || cannotCount) this.#failedBoots = 0;
		if (isSafe || this.isBudgetLost || this.#failedBoots <= FAILED_BOOTS_MAX) return;
		const count = this.#failedBoots;
		this.#options.find("safe-mode-entered", `${count} boots failed in a row, and it tries on`);
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
		this.samples.accepted(sequence);
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
		if (state === "stable") this.#failedBoots = 0;
		if (state === "online") this.#online();
		else if (state !== "stable") this.#offline(isPlanned);
	}

	#online(): void {
		const { statistics, onOnline } = this.#options;
		statistics.counts.sessions++;
		this.#sessions++;
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
		const { statistics, find, commands } = this.#options;
		statistics.counts.commandsObeyed++;
		if (event["command"] === "restart") this.#expectsRestart = true;
		const objection = commands.obeyed(String(event["operator"]), event["sequence"] as number);
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
		if (envelope.contentType === CONTENT_RESULT) this.#resultDelivered(envelope);
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
		const { statistics } = this.#options;
		const isNew = !this.ledger.hasDelivered(sequence);
		this.ledger.deliver(sequence);
		const read = decodeReading(payload);
		this.samples.delivered(sequence, read.kind === "valid" ? read.value[0]?.value : undefined);
		if (isNew) {
			statistics.counts.readingsDelivered++;
			return;
		}
		statistics.counts.readingsDuplicated++;
		this.#duplicates++;
		// What was in flight when a session ended, and removals that no tombstone names yet.
		const most = MQTT_IN_FLIGHT_MAX * (this.#sessions + 1) + OUTBOX_REMOVALS_PENDING_MAX;
		if (this.#duplicates <= most) return;
		this.#options.find("duplicates-bounded", `${this.#duplicates} messages came again in a boot`);
	}

	#resultDelivered({ payload }: Envelope): void {
		const read = decodeResult(payload);
		if (read.kind === "invalid") {
			return this.#options.find("messages-genuine", `a result: ${read.expected}`);
		}
		this.#options.commands.answered(read.value.command);
	}

	#gapDelivered({ sequence, payload }: Envelope): void {
		const read = decodeGap(payload);
		if (read.kind === "invalid") {
			return this.#options.find("messages-genuine", `a gap record: ${read.expected}`);
		}
		this.#options.statistics.counts.gapRecords++;
		for (const gap of read.value) {
			const isPossible = gap.last < sequence && gap.count <= gap.last - gap.first + 1;
			if (!isPossible) {
				const range = `${gap.count} from ${gap.first} to ${gap.last}`;
				this.#options.find("gaps-counted", `record ${sequence} names ${range}`);
			}
			this.ledger.explain(gap);
		}
	}

	#nowMs(): number {
		return this.#options.board.world.clock.monotonicMs();
	}
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
