// What a life may meet, by the name of its profile: which families of faults, how densely, and for
// how long. The kinds themselves are in the catalogue.

import type { FaultFamily } from "./fault.js";

export interface Profile {
	readonly description: string;
	/** How often each family is drawn, relative to the others. */
	readonly families: Readonly<Partial<Record<FaultFamily, number>>>;
	/** Milliseconds from one fault to the next, least and most on average over a life. */
	readonly everyMs: readonly [number, number];
	/** Nothing but these kinds, where they are named. */
	readonly kinds?: readonly string[];
	/** The sensor is read so often; a minute without it. */
	readonly sampleIntervalMs?: number;
}

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

export type ProfileName =
	| "calm"
	| "storm"
	| "network"
	| "broker"
	| "tls"
	| "power"
	| "clock"
	| "flash"
	| "attack"
	| "heap"
	| "operator"
	| "outage";

export const PROFILES: Readonly<Record<ProfileName, Profile>> = Object.freeze({
	calm: {
		description: "a quiet place: a lost connection now and then",
		families: { network: 1, broker: 1 },
		everyMs: [4 * HOUR, 12 * HOUR],
	},
	storm: {
		description: "everything, often several at once",
		families: {
			network: 6,
			link: 3,
			name: 2,
			tls: 3,
			broker: 6,
			power: 3,
			heap: 1,
			clock: 2,
			flash: 1,
			operator: 2,
			attack: 3,
		},
		everyMs: [10 * MINUTE, 90 * MINUTE],
	},
	network: {
		description: "bad radio and bad middle boxes",
		families: { network: 4, link: 2, name: 1 },
		everyMs: [10 * MINUTE, 60 * MINUTE],
	},
	broker: {
		description: "a broker that crashes, refuses, kicks and forgets",
		families: { broker: 1 },
		everyMs: [10 * MINUTE, 60 * MINUTE],
	},
	tls: {
		description: "certificates and handshakes that fail",
		families: { tls: 3, heap: 1 },
		everyMs: [20 * MINUTE, 90 * MINUTE],
	},
	power: {
		description: "power cuts, brownouts, hangs",
		families: { power: 3, network: 1, broker: 1 },
		everyMs: [10 * MINUTE, 60 * MINUTE],
	},
	clock: {
		description: "time that is missing, wrong or jumps",
		families: { clock: 3, power: 1, network: 1 },
		everyMs: [20 * MINUTE, 90 * MINUTE],
	},
	flash: {
		description: "storage that wears out, under power cuts and outages",
		families: { flash: 2, power: 2, broker: 1, network: 1 },
		everyMs: [15 * MINUTE, 60 * MINUTE],
	},
	attack: {
		description: "a hostile peer: every packet that brought a client down, replays, floods",
		families: { attack: 4, operator: 2, broker: 1 },
		everyMs: [5 * MINUTE, 30 * MINUTE],
	},
	heap: {
		description: "memory in pieces, and connections that end",
		families: { heap: 2, broker: 1 },
		everyMs: [HOUR, 3 * HOUR],
		kinds: ["heap-fragments", "heap-in-pieces", "driver-hangs", "kicked"],
	},
	operator: {
		description: "commands, and configurations that do not connect",
		families: { operator: 1 },
		everyMs: [20 * MINUTE, 90 * MINUTE],
	},
	outage: {
		description: "hours without a broker",
		families: { broker: 1, network: 1 },
		everyMs: [3 * HOUR, 6 * HOUR],
		kinds: ["broker-down", "packets-vanish"],
	},
});

export const PROFILE_NAMES = Object.freeze(Object.keys(PROFILES) as ProfileName[]);
