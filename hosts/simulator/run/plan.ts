// A whole life as a value: options, and faults with their times, all drawn from one seed. A plan
// can be written as JSON, made smaller by a shrinker and run again. Running it is life.ts.

import { Random } from "../random.js";
import { kindNamed, kindsOf } from "./catalogue.js";
import type { Fault, FaultFamily, FaultKind } from "./fault.js";
import { PROFILES, type Profile, type ProfileName } from "./profiles.js";

const HOUR = 3_600_000;

/** Faults of one plan: a storm of a day has a hundred. */
export const FAULTS_MAX = 2000;
/** The device has booted and connected before the first fault. */
const FIRST_FAULT_MS = 90_000;

export type AuthenticationKind = "certificate" | "password" | "token";
/** Certificates are the rule. */
const AUTHENTICATIONS = ["certificate", "certificate", "password", "token"] as const;

/** What stays as it is for the whole life. */
export interface LifeOptions {
	readonly devices: number;
	readonly brokers: number;
	readonly sampleIntervalMs: number;
	readonly keepAliveS: number;
	readonly publishQoS: 1 | 2;
	readonly subscribeQoS: 0 | 1 | 2;
	/** 4 KiB each. */
	readonly outboxBlocks: number;
	readonly authentication: AuthenticationKind;
	/** Of the way between device and broker, each way. */
	readonly latencyMs: number;
	/** Of the device's processor for a full TLS handshake. */
	readonly handshakeMs: number;
	/** Real Ed25519, and not the stand-in. */
	readonly hasRealKeys: boolean;
	/** The network has an SNTP server. */
	readonly hasNetworkTime: boolean;
	/** Brokers take a QoS 2 message at its PUBREL, and not at its PUBLISH. */
	readonly deliversAtRelease?: boolean;
}

export interface Plan {
	readonly seed: number;
	readonly profile: ProfileName;
	/** Milliseconds in which anything may happen; after them all is healed. */
	readonly safetyMs: number;
	readonly options: LifeOptions;
	/** In the order of their times. */
	readonly faults: readonly Fault[];
}

export interface PlanRequest {
	readonly seed: number;
	readonly profile: ProfileName;
	readonly days: number;
	/** Instead of what would be drawn. */
	readonly changes?: Partial<LifeOptions>;
}

/** The life of `seed`. The same request gives the same plan. */
export function drawPlan({ seed, profile, days, changes }: PlanRequest): Plan {
	const random = new Random(seed);
	const chosen = PROFILES[profile];
	// Two generators: a changed option leaves the faults as they are.
	const options = { ...drawOptions(random.fork(), seed, chosen), ...changes };
	const safetyMs = Math.round(days * 24 * HOUR);
	return {
		seed,
		profile,
		safetyMs,
		options,
		faults: drawFaults(random.fork(), chosen, options, safetyMs),
	};
}

function drawOptions(random: Random, seed: number, profile: Profile): LifeOptions {
	const authentication = random.pick<AuthenticationKind>(AUTHENTICATIONS);
	return {
		devices: random.pick([1, 1, 1, 1, 1, 1, 1, 2, 2, 3]),
		brokers: random.pick([1, 1, 2]),
		sampleIntervalMs: profile.sampleIntervalMs ?? 60_000,
		keepAliveS: random.pick([15, 30, 60, 60, 60, 120, 300, 1200]),
		publishQoS: random.pick([1, 1, 1, 2]),
		subscribeQoS: random.pick([0, 1, 1, 1, 2]),
		outboxBlocks: random.pick([8, 16, 32, 64, 64]),
		authentication,
		latencyMs: random.pick([2, 20, 20, 80, 400]),
		handshakeMs: random.integer(300, 4000),
		hasRealKeys: seed % 100 === 0,
		// A token needs a date: without one nothing would ever connect.
		hasNetworkTime: !random.oneIn(5) || authentication === "token",
		deliversAtRelease: random.oneIn(2),
	};
}

function drawFaults(
	random: Random,
	profile: Profile,
	options: LifeOptions,
	safetyMs: number,
): Fault[] {
	const [least, most] = profile.everyMs;
	const everyMs = logUniform(random, least, most);
	const deck = new Deck(profile);
	/** When the newest fault of a kind and target is healed: one kind does not overlap itself. */
	const busyUntil = new Map<string, number>();
	const faults: Fault[] = [];
	for (let atMs = FIRST_FAULT_MS; faults.length < FAULTS_MAX;) {
		atMs += Math.ceil(random.fraction() * 2 * everyMs);
		if (atMs >= safetyMs) break;
		const kind = deck.draw(random);
		const [shortest, longest] = kind.lastsMs;
		const durationMs = longest === 0 ? 0 : Math.round(logUniform(random, shortest, longest));
		const targets = kind.isBrokers === true ? options.brokers : options.devices;
		const target = random.integer(0, targets - 1);
		const parameters = kind.draw?.(random) ?? {};
		const key = `${kind.name} ${target}`;
		if (atMs <= (busyUntil.get(key) ?? -1)) continue;
		busyUntil.set(key, atMs + durationMs);
		faults.push({ atMs, durationMs, kind: kind.name, target, parameters });
	}
	return faults;
}

/** Draws kinds: first the family, then one of it, each by its weight. */
class Deck {
	readonly #families: { readonly weight: number; readonly kinds: readonly FaultKind[] }[];

	constructor({ families, kinds }: Profile) {
		this.#families = kinds
			? [{ weight: 1, kinds: kinds.map(kindNamed) }]
			: (Object.keys(families) as FaultFamily[]).map((family) => ({
					weight: families[family] as number,
					kinds: kindsOf(family),
				}));
	}

	draw(random: Random): FaultKind {
		const family = byWeight(random, this.#families, ({ weight }) => weight);
		return byWeight(random, family.kinds, ({ weight = 1 }) => weight);
	}
}

function byWeight<T>(random: Random, items: readonly T[], weightOf: (item: T) => number): T {
	let total = 0;
	for (const item of items) total += weightOf(item);
	let left = random.fraction() * total;
	for (const item of items) {
		left -= weightOf(item);
		if (left < 0) return item;
	}
	return items[items.length - 1] as T;
}

/**
 * Short ones as often as long ones: each doubling has the same share. Without logarithms, whose
 * last bit depends on the engine.
 */
function logUniform(random: Random, least: number, most: number): number {
	let doublings = 0;
	for (let value = least * 2; value <= most; value *= 2) doublings++;
	let start = least;
	for (let count = random.integer(0, doublings); count > 0; count--) start *= 2;
	return Math.min(most, start * (1 + random.fraction()));
}
