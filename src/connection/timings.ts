// All durations of the connection's policy in one object, so that a test can scale every one of
// them by one factor. It decides nothing: the defaults and their reasons are in limits.ts.

import { assert } from "../assert.js";
import {
	ACKNOWLEDGE_MS_MAX,
	BACKOFF_FLOOR_DUPLICATE_MS,
	BACKOFF_FLOOR_LONG_MS,
	BACKOFF_FLOOR_SHORT_MS,
	BACKOFF_MS_BASE,
	BACKOFF_MS_MAX,
	CONNECT_MS_MAX,
	DNS_MS_MAX,
	DUPLICATE_CLEAR_MS,
	FLOOD_CLEAR_MS,
	KICK_WINDOW_MS,
	LINK_UP_MS_MAX,
	PING_RESPONSE_MS_MAX,
	PROGRESS_WAIT_MS_MAX,
	REBOOT_AFTER_MS,
	REBOOT_DAY_MS,
	SAFE_MODE_RETRY_MS,
	SILENCE_MS_MAX,
	STABLE_MS,
	UPTIME_SAVE_MS,
	WATCHDOG_MS,
} from "../limits.js";

/** Durations in milliseconds. Each is described at its constant in limits.ts. */
export interface Timings {
	/** One attempt: DNS, TCP, TLS and CONNACK together. */
	readonly connectMs: number;
	readonly dnsMs: number;
	readonly linkUpMs: number;
	/** Online for so long, with proof of progress, is stable. */
	readonly stableMs: number;
	/** Online without PUBACK or PINGRESP. */
	readonly silenceMs: number;
	readonly backoffBaseMs: number;
	readonly backoffMaxMs: number;
	readonly floorShortMs: number;
	readonly floorLongMs: number;
	readonly floorDuplicateMs: number;
	readonly kickWindowMs: number;
	readonly duplicateClearMs: number;
	readonly floodClearMs: number;
	readonly rebootAfterMs: number;
	readonly rebootDayMs: number;
	readonly uptimeSaveMs: number;
	readonly safeModeRetryMs: number;
	readonly watchdogMs: number;
	readonly progressWaitMs: number;
	/** For the MQTT client. */
	readonly pingResponseMs: number;
	/** For the MQTT client. */
	readonly acknowledgeMs: number;
}

export const DEFAULT_TIMINGS: Timings = Object.freeze({
	connectMs: CONNECT_MS_MAX,
	dnsMs: DNS_MS_MAX,
	linkUpMs: LINK_UP_MS_MAX,
	stableMs: STABLE_MS,
	silenceMs: SILENCE_MS_MAX,
	backoffBaseMs: BACKOFF_MS_BASE,
	backoffMaxMs: BACKOFF_MS_MAX,
	floorShortMs: BACKOFF_FLOOR_SHORT_MS,
	floorLongMs: BACKOFF_FLOOR_LONG_MS,
	floorDuplicateMs: BACKOFF_FLOOR_DUPLICATE_MS,
	kickWindowMs: KICK_WINDOW_MS,
	duplicateClearMs: DUPLICATE_CLEAR_MS,
	floodClearMs: FLOOD_CLEAR_MS,
	rebootAfterMs: REBOOT_AFTER_MS,
	rebootDayMs: REBOOT_DAY_MS,
	uptimeSaveMs: UPTIME_SAVE_MS,
	safeModeRetryMs: SAFE_MODE_RETRY_MS,
	watchdogMs: WATCHDOG_MS,
	progressWaitMs: PROGRESS_WAIT_MS_MAX,
	pingResponseMs: PING_RESPONSE_MS_MAX,
	acknowledgeMs: ACKNOWLEDGE_MS_MAX,
});

/**
 * What a machine and a network really take does not shrink with a test's factor: below these a
 * scaled run would see faults that are not there.
 */
const LEAST_MS: Partial<Record<keyof Timings, number>> = Object.freeze({
	connectMs: 3_000,
	dnsMs: 1_000,
	linkUpMs: 1_000,
	silenceMs: 10_000,
	watchdogMs: 3_000,
	pingResponseMs: 1_000,
	acknowledgeMs: 1_000,
});

/** The defaults times `factor` (1 on a real device), in whole milliseconds. */
export function scaledTimings(factor: number): Timings {
	assert(Number.isFinite(factor) && factor > 0, "factor is a positive number");
	const timings: Record<string, number> = {};
	for (const name of Object.keys(DEFAULT_TIMINGS) as (keyof Timings)[]) {
		const normal = DEFAULT_TIMINGS[name];
		const least = Math.min(normal, LEAST_MS[name] ?? 1);
		timings[name] = Math.max(least, Math.round(normal * factor));
	}
	return timings as unknown as Timings;
}
