// Faults around a board: the access point and its addresses, names, and time.

import { BACK_MS, BACK_REFUSED_MS } from "./bounds.js";
import type { FaultKind } from "./fault.js";
import { boardOf, every, undo } from "./stage.js";

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const YEAR_S = 31_557_600;
/** How often the SDK asks for the time. */
const SNTP_POLL_MS = HOUR;

/** The interface is restarted at every fourth failure: four attempts and their waits. */
const BACK_BY_LINK_RESTART_MS = 4 * BACK_MS;

const link = { family: "link", mayReboot: true, backMs: BACK_MS } as const;
const name = { family: "name", mayReboot: true, backMs: BACK_MS } as const;
const time = { family: "clock", mayReboot: false, backMs: BACK_REFUSED_MS } as const;

/** A name server's answer that leads nowhere. */
const NOWHERE = "198.51.100.99";

export const SURROUNDINGS_FAULTS: readonly FaultKind[] = Object.freeze<FaultKind[]>([
	{
		...link,
		name: "access-point-away",
		proves: "a network that is gone for hours is found again when it is back",
		weight: 2,
		lastsMs: [5 * SECOND, 4 * HOUR],
		apply: (stage, fault) => {
			boardOf(stage, fault).link.isAway = true;
		},
		heal: (stage, fault) => {
			boardOf(stage, fault).link.isAway = false;
		},
	},
	{
		...link,
		name: "no-address-given",
		proves: "associated without an address is not connected",
		lastsMs: [MINUTE, 2 * HOUR],
		apply: (stage, fault) => {
			boardOf(stage, fault).link.givesNoAddress = true;
		},
		heal: (stage, fault) => {
			boardOf(stage, fault).link.givesNoAddress = false;
		},
	},
	{
		...link,
		name: "address-lost-unseen",
		isHalfOpen: true,
		proves: "an address that is lost without a word is noticed, and the interface restarted",
		backMs: BACK_BY_LINK_RESTART_MS,
		lastsMs: [0, 0],
		apply: (stage, fault) => boardOf(stage, fault).link.loseAddress("unseen"),
	},
	{
		...link,
		name: "address-lost-untold",
		proves: "the supervisor asks for an address, not for association",
		backMs: BACK_BY_LINK_RESTART_MS,
		lastsMs: [0, 0],
		apply: (stage, fault) => boardOf(stage, fault).link.loseAddress("untold"),
	},
	{
		...link,
		name: "link-flaps",
		proves: "a link that comes and goes earns no attempt by it",
		lastsMs: [MINUTE, HOUR],
		draw: (random) => ({ everyMs: random.pick([3, 10, 45, 200]) * SECOND }),
		apply(stage, fault) {
			const { link: flapping } = boardOf(stage, fault);
			every(stage, fault, fault.parameters["everyMs"] as number, () => {
				flapping.isAway = !flapping.isAway;
			});
		},
		heal(stage, fault) {
			undo(stage, fault);
			boardOf(stage, fault).link.isAway = false;
		},
	},
	{
		...link,
		name: "driver-hangs",
		proves: "what only a restart of the chip mends is mended by one, within the budget",
		weight: 0.3,
		isMendedByRestart: true,
		lastsMs: [0, 0],
		apply: (stage, fault) => boardOf(stage, fault).link.hangDriver(),
	},
	{
		...name,
		name: "names-hang",
		proves: "a resolver that never answers has its own deadline",
		lastsMs: [MINUTE, 2 * HOUR],
		apply: (stage, fault) => {
			boardOf(stage, fault).resolver.hangs = true;
		},
		heal: (stage, fault) => {
			boardOf(stage, fault).resolver.hangs = false;
		},
	},
	{
		...name,
		name: "names-unknown",
		proves: "a name that is not found is asked for again",
		lastsMs: [MINUTE, 2 * HOUR],
		apply: (stage, fault) => {
			boardOf(stage, fault).resolver.fails = true;
		},
		heal: (stage, fault) => {
			boardOf(stage, fault).resolver.fails = false;
		},
	},
	{
		...name,
		name: "names-lead-nowhere",
		proves: "a name server that lies delays, and gets nothing",
		lastsMs: [MINUTE, 2 * HOUR],
		apply: (stage, fault) => {
			boardOf(stage, fault).resolver.lie = NOWHERE;
		},
		heal: (stage, fault) => {
			boardOf(stage, fault).resolver.lie = undefined;
		},
	},
	{
		...name,
		name: "names-slow",
		proves: "a slow answer counts if it comes within the deadline",
		lastsMs: [MINUTE, 2 * HOUR],
		draw: (random) => ({ answerMs: random.pick([2000, 9000, 14_900, 20_000]) }),
		apply: (stage, fault) => {
			boardOf(stage, fault).resolver.answerMs = fault.parameters["answerMs"] as number;
		},
		heal: (stage, fault) => boardOf(stage, fault).resolver.heal(),
	},
	{
		...name,
		name: "broker-moves",
		proves: "a name is resolved anew for each attempt",
		isBrokers: true,
		lastsMs: [0, 0],
		apply: (stage, fault) => stage.places[fault.target]?.move(),
	},
	{
		...time,
		name: "time-blocked",
		keepsLink: true,
		proves: "without SNTP the best floor judges certificates, and readings go on",
		lastsMs: [10 * MINUTE, 10 * HOUR],
		apply: (stage, fault) => {
			boardOf(stage, fault).clock.isSNTPBlocked = true;
		},
		heal(stage, fault) {
			boardOf(stage, fault).clock.isSNTPBlocked = !stage.options.hasNetworkTime;
			boardOf(stage, fault).clock.poll();
		},
	},
	{
		...time,
		name: "time-lies",
		keepsLink: true,
		proves: "a lying time server bricks nothing: its word never becomes the floor",
		lastsMs: [10 * MINUTE, 5 * HOUR],
		draw: (random) => {
			const seconds = random.pick([60, 7200, 40 * 86_400, YEAR_S, 10 * YEAR_S]);
			return { seconds: random.oneIn(2) ? seconds : -seconds };
		},
		apply(stage, fault) {
			boardOf(stage, fault).clock.lieSeconds = fault.parameters["seconds"] as number;
			boardOf(stage, fault).clock.poll();
		},
		heal(stage, fault) {
			boardOf(stage, fault).clock.lieSeconds = 0;
			boardOf(stage, fault).clock.poll();
		},
	},
	{
		...time,
		name: "time-jumps",
		keepsLink: true,
		backMs: BACK_REFUSED_MS + SNTP_POLL_MS, // only then the device's token has a right date again
		proves: "durations do not depend on the wall clock",
		lastsMs: [0, 0],
		draw: (random) => {
			const seconds = random.pick([3, 3600, 86_400, 10 * YEAR_S]);
			return { seconds: random.oneIn(2) ? seconds : -seconds };
		},
		apply: (stage, fault) =>
			boardOf(stage, fault).clock.jump(fault.parameters["seconds"] as number),
	},
	{
		...time,
		name: "quartz-drifts",
		keepsLink: true,
		proves: "a slow or fast quartz keeps the keep-alive all the same",
		lastsMs: [HOUR, 12 * HOUR],
		draw: (random) => ({ ppm: random.pick([-900, -100, 100, 900]) }),
		apply: (stage, fault) => {
			boardOf(stage, fault).clock.driftPPM = fault.parameters["ppm"] as number;
		},
		heal: (stage, fault) => {
			boardOf(stage, fault).clock.driftPPM = 0;
		},
	},
]);
