// Faults of the way between a board and the rest of the world: what TCP meets on it. Each sets one
// field of the interface and clears it again.

import type { Random } from "../random.js";
import { BACK_DUPLICATE_MS, BACK_MS } from "./bounds.js";
import type { FaultKind } from "./fault.js";
import { pathOf } from "./stage.js";

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

/** Looks like a network that is gone, or a driver that hangs. */
const network = { family: "network", mayReboot: true, backMs: BACK_MS } as const;

export const NETWORK_FAULTS: readonly FaultKind[] = Object.freeze<FaultKind[]>([
	{
		...network,
		name: "slow-network",
		proves: "round trips of many seconds are no failure, or end in one that heals",
		lastsMs: [MINUTE, 2 * HOUR],
		draw: (random) => ({ latencyMs: random.integer(500, 8000) }),
		apply: (stage, fault) => {
			pathOf(stage, fault).latencyMs = fault.parameters["latencyMs"] as number;
		},
		heal: (stage, fault) => {
			pathOf(stage, fault).latencyMs = stage.options.latencyMs;
		},
	},
	{
		...network,
		name: "jitter",
		proves: "no deadline is met or missed by luck",
		lastsMs: [MINUTE, 4 * HOUR],
		draw: (random) => ({ jitterMs: random.integer(10, 4000) }),
		apply: (stage, fault) => {
			pathOf(stage, fault).jitterMs = fault.parameters["jitterMs"] as number;
		},
		heal: (stage, fault) => {
			pathOf(stage, fault).jitterMs = 0;
		},
	},
	{
		...network,
		name: "packet-loss",
		proves: "what TCP makes of loss, delays of seconds and dead connections, loses nothing",
		lastsMs: [MINUTE, 3 * HOUR],
		draw: (random) => ({ percent: random.pick([1, 3, 10, 20, 40]) }),
		apply: (stage, fault) => {
			pathOf(stage, fault).lossRate = (fault.parameters["percent"] as number) / 100;
		},
		heal: (stage, fault) => {
			pathOf(stage, fault).lossRate = 0;
		},
	},
	{
		...network,
		name: "trickle",
		proves: "deadlines are over whole operations: a byte a second does not stall for ever",
		lastsMs: [MINUTE, HOUR],
		draw: (random) => ({ bytesPerSecond: random.pick([1, 4, 20, 100, 500]) }),
		apply: (stage, fault) => {
			pathOf(stage, fault).bytesPerSecond = fault.parameters["bytesPerSecond"] as number;
		},
		heal: (stage, fault) => {
			pathOf(stage, fault).bytesPerSecond = Infinity;
		},
	},
	{
		...network,
		name: "crumbled-stream",
		proves: "every packet may be split at every byte",
		weight: 0.3,
		lastsMs: [MINUTE, 20 * MINUTE],
		draw: (random) => ({ segmentBytes: random.pick([1, 2, 7, 33]) }),
		apply: (stage, fault) => {
			pathOf(stage, fault).segmentBytes = fault.parameters["segmentBytes"] as number;
		},
		heal: (stage, fault) => {
			pathOf(stage, fault).segmentBytes = Infinity;
		},
	},
	{
		...network,
		name: "reset-after-bytes",
		// A reset right after CONNACK, three times in a row, looks like a rival.
		backMs: BACK_DUPLICATE_MS,
		proves: "a connection may be reset at any byte of handshake and session",
		weight: 2,
		lastsMs: [10 * SECOND, HOUR],
		draw: (random) => ({ bytes: anyLength(random) }),
		apply: (stage, fault) => {
			pathOf(stage, fault).resetAfterBytes = fault.parameters["bytes"] as number;
		},
		heal: (stage, fault) => {
			pathOf(stage, fault).resetAfterBytes = undefined;
		},
	},
	{
		...network,
		name: "packets-vanish",
		isHalfOpen: true,
		proves: "a half-open link is noticed within 1.5 keep-alives",
		weight: 2,
		lastsMs: [5 * SECOND, 3 * HOUR],
		apply: (stage, fault) => {
			pathOf(stage, fault).isBlackHole = true;
		},
		heal: (stage, fault) => {
			pathOf(stage, fault).isBlackHole = false;
		},
	},
	{
		...network,
		name: "idle-connections-forgotten",
		proves: "a middle box that forgets a connection without a word is noticed",
		lastsMs: [10 * MINUTE, 4 * HOUR],
		draw: (random) => ({ natTimeoutMs: random.integer(5, 300) * SECOND }),
		apply: (stage, fault) => {
			pathOf(stage, fault).natTimeoutMs = fault.parameters["natTimeoutMs"] as number;
		},
		heal: (stage, fault) => {
			pathOf(stage, fault).natTimeoutMs = undefined;
		},
	},
	{
		...network,
		name: "captive-portal",
		proves: "a portal that answers for everybody gets no secrets and stalls nothing",
		lastsMs: [MINUTE, HOUR],
		apply: (stage, fault) => {
			pathOf(stage, fault).isCaptive = true;
		},
		heal: (stage, fault) => {
			pathOf(stage, fault).isCaptive = false;
		},
	},
	{
		...network,
		name: "connections-refused",
		proves: "a firewall that refuses is asked at the pace of the backoff",
		lastsMs: [10 * SECOND, 2 * HOUR],
		apply: (stage, fault) => {
			pathOf(stage, fault).refuse = true;
		},
		heal: (stage, fault) => {
			pathOf(stage, fault).refuse = false;
		},
	},
]);

/** In the handshake as often as in the session. */
function anyLength(random: Random): number {
	return random.integer(1, random.pick([100, 1000, 5000, 50_000]));
}
