// What a row of failures means: counts them, names patterns (kicks, refused certificates), and says
// which rung of the ladder is due and how long to wait. Pure: no clock, no chance, no port.

import { assert } from "../assert.js";
import {
	HEAP_CHECK_FAILURES,
	KICKS_SUSPECTED,
	LINK_RESTART_FAILURES,
	REBOOT_FAILURES,
	REBOOT_HEAP_FAILURES,
	RECHECK_FAILURES,
	SILENT_REFUSALS_SUSPECTED,
} from "../limits.js";
import { backoffDelayMs, delayAboveFloorMs } from "./backoff.js";
import {
	FAILURES,
	failureClassOf,
	isOrderlyEnd,
	isRebootable,
	isTransportEnd,
	type FailureClass,
	type RecoveryStep,
} from "./failure.js";
import type { Timings } from "./timings.js";

/** How far a connection had come when it failed. */
export type Reached = "nothing" | "secured" | "online";

export interface Failure {
	/** When, in monotonic milliseconds. */
	readonly atMs: number;
	/** The close reason's code, as the MQTT client, a socket or the supervisor names it. */
	readonly code: string;
	/** How the transport ended, where `code` says only that the peer did it. */
	readonly transportCode?: string | undefined;
	readonly reached: Reached;
	/** Milliseconds since CONNACK; 0 without one. */
	readonly onlineMs: number;
	/** Something was acknowledged in this session. */
	readonly hadProgress: boolean;
	/** Milliseconds since the last stable session, or since the start. */
	readonly outageMs: number;
	/**
	 * Reboots of the budget that were spent lately: each doubles the outage that the next one needs.
	 */
	readonly rebootsSpent: number;
}

export interface Verdict {
	readonly failureClass: FailureClass;
	readonly step: RecoveryStep;
	/** What to do in place of a reboot that is denied. */
	readonly stepWithoutReboot: RecoveryStep;
	readonly delayMs: number;
	/** Failures in a row since the last stable session, this one included. */
	readonly failures: number;
}

/** Doublings after which the wait after a flood is the longest in any case. */
const FLOOD_DOUBLINGS_MAX = 10;

export class Recovery {
	readonly #timings: Timings;
	#failures = 0;
	/** Failures in a row of causes that a reboot may mend. */
	#rebootable = 0;
	#heapFailures = 0;
	#kicks = 0;
	#silentRefusals = 0;
	#isDuplicateSuspected = false;
	/** Floods of any class without floodClearMs between them. A stable session forgives none. */
	#floods = 0;
	#lastFloodMs = Number.NEGATIVE_INFINITY;

	constructor(timings: Timings) {
		this.#timings = timings;
	}

	get failures(): number {
		return this.#failures;
	}

	get isDuplicateSuspected(): boolean {
		return this.#isDuplicateSuspected;
	}

	/** A session became stable: the backoff starts anew. A suspected duplicate and floods live on. */
	stable(): void {
		this.#failures = 0;
		this.#rebootable = 0;
		this.#heapFailures = 0;
		this.#silentRefusals = 0;
		this.#kicks = 0;
	}

	/** Judges `failure`; `random` is a fraction that spreads the delay. */
	failed(failure: Failure, random: number): Verdict {
		const failureClass = this.#classify(failure);
		this.#count(failureClass, failure);
		const attempt = this.#failures - 1;
		const { backoffBaseMs, backoffMaxMs } = this.#timings;
		const delayMs = backoffDelayMs(attempt, random, backoffBaseMs, backoffMaxMs);
		const stepWithoutReboot = this.#stepWithoutReboot(failureClass);
		return {
			failureClass,
			step: this.#isRebootDue(failureClass, failure) ? "reboot" : stepWithoutReboot,
			stepWithoutReboot,
			delayMs: delayAboveFloorMs(delayMs, this.#floorMs(failureClass), random),
			failures: this.#failures,
		};
	}

	/** The delay of a planned reconnect: no failure, and still no way around the backoff. */
	plannedDelayMs(random: number): number {
		const { backoffBaseMs, backoffMaxMs } = this.#timings;
		return backoffDelayMs(this.#failures, random, backoffBaseMs, backoffMaxMs);
	}

	#classify(failure: Failure): FailureClass {
		const isEnd = failure.code === "closed-by-peer" && failure.transportCode !== undefined;
		const found = failureClassOf(isEnd ? String(failure.transportCode) : failure.code);
		if (failure.reached === "online") {
			this.#silentRefusals = 0;
			return isTransportEnd(found) ? this.#endedOnline(found, failure) : found;
		}
		const isSilentRefusal =
			found === "closed-before-connack" || (failure.reached === "secured" && isTransportEnd(found));
		if (!isSilentRefusal) {
			// A timeout or a dead network says nothing about the certificate: the row goes on.
			return found;
		}
		this.#silentRefusals++;
		if (this.#silentRefusals >= SILENT_REFUSALS_SUSPECTED) return "authentication";
		return "closed-before-connack";
	}

	/**
	 * The peer ended an accepted session. Two devices with one client id do this to each other:
	 *
	 * 1. A is online; B connects with the same id; the broker closes A [MQTT-3.1.4-2].
	 * 2. A reconnects at once, the broker closes B, and so on.
	 * 3. Once A waits long, its own sessions last as long as B's backoff: a session of a minute no
	 *    longer proves innocence, so the suspicion ends only after duplicateClearMs online.
	 *
	 * A transport that breaks without a goodbye counts only when the session got nothing done: a bad
	 * radio cuts sessions that worked, a broker that kicks does so at the door.
	 */
	#endedOnline(found: FailureClass, failure: Failure): FailureClass {
		const { duplicateClearMs, kickWindowMs } = this.#timings;
		const isKick = isOrderlyEnd(found) || !failure.hadProgress;
		if (this.#isDuplicateSuspected && failure.onlineMs >= duplicateClearMs) {
			this.#isDuplicateSuspected = false;
			this.#kicks = 0;
		}
		if (!isKick) return found;
		if (this.#isDuplicateSuspected) return "duplicate-client-id";
		if (failure.onlineMs >= kickWindowMs) return found;
		this.#kicks++;
		this.#isDuplicateSuspected = this.#kicks >= KICKS_SUSPECTED;
		return this.#isDuplicateSuspected ? "duplicate-client-id" : "kicked";
	}

	#count(failureClass: FailureClass, failure: Failure): void {
		this.#failures++;
		// A session that got something done, however short, proves that this device works.
		const mayReboot = isRebootable(failureClass) && !failure.hadProgress;
		this.#rebootable = mayReboot ? this.#rebootable + 1 : 0;
		this.#heapFailures = failureClass === "tls-resources" ? this.#heapFailures + 1 : 0;
		if (FAILURES[failureClass].floor !== "rising") return;
		const isRecent = failure.atMs - this.#lastFloodMs < this.#timings.floodClearMs;
		this.#floods = isRecent ? this.#floods + 1 : 1;
		this.#lastFloodMs = failure.atMs;
	}

	#isRebootDue(failureClass: FailureClass, failure: Failure): boolean {
		if (!isRebootable(failureClass)) return false;
		if (this.#heapFailures >= REBOOT_HEAP_FAILURES) return true;
		const outageNeededMs = this.#timings.rebootAfterMs * 2 ** failure.rebootsSpent;
		return this.#rebootable >= REBOOT_FAILURES && failure.outageMs >= outageNeededMs;
	}

	#stepWithoutReboot(failureClass: FailureClass): RecoveryStep {
		const { ladder } = FAILURES[failureClass];
		assert(ladder.includes("socket"), "every ladder begins with a new socket");
		const isDue = (step: RecoveryStep, every: number, before = 0): boolean =>
			ladder.includes(step) && (this.#failures + before) % every === 0;
		if (this.#heapFailures > 0 || isDue("check-heap", HEAP_CHECK_FAILURES, 1)) return "check-heap";
		if (isDue("restart-link", LINK_RESTART_FAILURES)) return "restart-link";
		return isDue("recheck", RECHECK_FAILURES) ? "recheck" : "socket";
	}

	#floorMs(failureClass: FailureClass): number {
		const { floorShortMs, floorLongMs, floorDuplicateMs } = this.#timings;
		const doublings = Math.max(0, Math.min(this.#floods - 1, FLOOD_DOUBLINGS_MAX));
		const floors = {
			none: 0,
			short: floorShortMs,
			long: floorLongMs,
			rising: Math.min(floorDuplicateMs, floorLongMs * 2 ** doublings),
			duplicate: floorDuplicateMs,
		};
		return floors[FAILURES[failureClass].floor];
	}
}
