// Faults of brokers that mean no harm: they are away, overloaded, misconfigured or forgetful.

import { BACK_DUPLICATE_MS, BACK_MS, BACK_REFUSED_MS } from "./bounds.js";
import type { FaultKind } from "./fault.js";
import { brokerOf, every, undo } from "./stage.js";

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

/** A broker answers: nothing on the device is broken, and no reboot mends it. */
const broker = { family: "broker", isBrokers: true, mayReboot: false, backMs: BACK_MS } as const;

const DOWN_MANNERS = 3;

export const BROKER_FAULTS: readonly FaultKind[] = Object.freeze<FaultKind[]>([
	{
		...broker,
		name: "broker-down",
		proves: "an outage of any length loses nothing that has room, and is over when it is over",
		weight: 3,
		mayReboot: true, // to the device a dead broker looks like a dead network
		lastsMs: [10 * SECOND, 5 * HOUR],
		draw: (random) => ({ manner: random.integer(0, DOWN_MANNERS - 1) }),
		apply(stage, fault) {
			const down = brokerOf(stage, fault);
			if (fault.parameters["manner"] === 0) down.refuse();
			else down.crash(fault.parameters["manner"] === 1 ? "reset" : "silence");
		},
		heal: (stage, fault) => brokerOf(stage, fault).start(),
	},
	{
		...broker,
		name: "broker-restart",
		proves: "sessions that survive a restart, and those that do not, both go on",
		weight: 2,
		lastsMs: [0, 0],
		draw: (random) => ({ keepsSessions: random.integer(0, 1) }),
		apply(stage, fault) {
			const keepsSessions = fault.parameters["keepsSessions"] === 1;
			if (brokerOf(stage, fault).isUp) brokerOf(stage, fault).restart({ keepsSessions });
		},
	},
	{
		...broker,
		name: "kicked",
		proves: "a session that the broker ends is begun again",
		lastsMs: [0, 0],
		draw: (random) => ({ isReset: random.integer(0, 1) }),
		apply(stage, fault) {
			const { faults } = brokerOf(stage, fault);
			faults.endManner = fault.parameters["isReset"] === 1 ? "reset" : "close";
			brokerOf(stage, fault).kick();
			faults.endManner = "close";
		},
	},
	{
		...broker,
		name: "kicked-after-connect",
		proves: "a broker that accepts and kicks is not hammered",
		backMs: BACK_DUPLICATE_MS,
		lastsMs: [MINUTE, 2 * HOUR],
		draw: (random) => ({ afterMs: random.pick([0, 50, 1000, 5000, 20_000]) }),
		apply: (stage, fault) => {
			brokerOf(stage, fault).faults.kickAfterConnectMs = fault.parameters["afterMs"];
		},
		heal: (stage, fault) => {
			brokerOf(stage, fault).faults.kickAfterConnectMs = undefined;
		},
	},
	{
		...broker,
		name: "client-id-used-twice",
		proves: "another device with our client id is recognised, named, and not fought",
		backMs: BACK_DUPLICATE_MS,
		lastsMs: [10 * MINUTE, 3 * HOUR],
		draw: (random) => ({ everyMs: random.integer(2, 40) * SECOND }),
		apply(stage, fault) {
			const here = brokerOf(stage, fault);
			every(stage, fault, fault.parameters["everyMs"] as number, () => {
				for (const id of here.online) here.client(id)?.end("taken-over", "close");
			});
		},
		heal: undo,
	},
	{
		...broker,
		name: "connection-refused-by-code",
		proves: "each CONNACK code is heard, and no reboot is spent on it",
		backMs: BACK_REFUSED_MS,
		lastsMs: [10 * SECOND, 3 * HOUR],
		draw: (random) => ({ code: random.integer(1, 5) }),
		apply: (stage, fault) => {
			brokerOf(stage, fault).faults.connackCode = fault.parameters["code"] as number;
		},
		heal: (stage, fault) => {
			brokerOf(stage, fault).faults.connackCode = 0;
		},
	},
	{
		...broker,
		name: "connack-slow",
		proves: "an overloaded broker gets the whole of the attempt's budget, and no more",
		mayReboot: true, // the budget of the attempt ends: nobody answered
		lastsMs: [MINUTE, 2 * HOUR],
		draw: (random) => ({ delayMs: random.pick([2000, 20_000, 90_000]) }),
		apply: (stage, fault) => {
			brokerOf(stage, fault).faults.connackDelayMs = fault.parameters["delayMs"] as number;
		},
		heal: (stage, fault) => {
			brokerOf(stage, fault).faults.connackDelayMs = 0;
		},
	},
	{
		...broker,
		name: "connack-never",
		proves: "a broker that accepts TLS and then says nothing stalls nothing",
		mayReboot: true,
		lastsMs: [MINUTE, 2 * HOUR],
		apply: (stage, fault) => {
			brokerOf(stage, fault).faults.isMute = true;
		},
		heal: (stage, fault) => {
			brokerOf(stage, fault).faults.isMute = false;
		},
	},
	{
		...broker,
		name: "acknowledgements-slow",
		proves: "late acknowledgements count, and too late ones lead to a repetition",
		lastsMs: [MINUTE, 2 * HOUR],
		draw: (random) => ({ delayMs: random.pick([500, 5000, 15_000, 60_000]) }),
		apply: (stage, fault) => {
			brokerOf(stage, fault).faults.acknowledgeDelayMs = fault.parameters["delayMs"] as number;
		},
		heal: (stage, fault) => {
			brokerOf(stage, fault).faults.acknowledgeDelayMs = 0;
		},
	},
	{
		...broker,
		name: "acknowledgements-lost",
		proves: "a message without an acknowledgement is sent again and counted once",
		lastsMs: [MINUTE, 2 * HOUR],
		draw: (random) => ({ percent: random.pick([5, 50, 100]) }),
		apply: (stage, fault) => {
			const rate = (fault.parameters["percent"] as number) / 100;
			brokerOf(stage, fault).faults.acknowledgementLossRate = rate;
		},
		heal: (stage, fault) => {
			brokerOf(stage, fault).faults.acknowledgementLossRate = 0;
		},
	},
	{
		...broker,
		name: "pings-unanswered",
		proves: "a broker that no longer answers is left",
		mayReboot: true, // nothing comes back: it looks like a dead link
		lastsMs: [MINUTE, 2 * HOUR],
		apply: (stage, fault) => {
			brokerOf(stage, fault).faults.pingLossRate = 1;
		},
		heal: (stage, fault) => {
			brokerOf(stage, fault).faults.pingLossRate = 0;
		},
	},
	{
		...broker,
		name: "duplicates-delivered",
		keepsLink: true,
		proves: "a command that comes twice is obeyed once",
		lastsMs: [HOUR, 6 * HOUR],
		draw: (random) => ({ percent: random.pick([20, 100]) }),
		apply: (stage, fault) => {
			const rate = (fault.parameters["percent"] as number) / 100;
			brokerOf(stage, fault).faults.duplicateRate = rate;
		},
		heal: (stage, fault) => {
			brokerOf(stage, fault).faults.duplicateRate = 0;
		},
	},
	{
		...broker,
		name: "subscription-refused",
		keepsLink: true,
		proves: "a refused subscription is an event, and readings go on",
		lastsMs: [MINUTE, 4 * HOUR],
		apply: (stage, fault) => {
			brokerOf(stage, fault).faults.subackRefusalRate = 1;
		},
		heal(stage, fault) {
			brokerOf(stage, fault).faults.subackRefusalRate = 0;
		},
	},
	{
		...broker,
		name: "sessions-forgotten",
		keepsLink: true,
		proves: "a broker without memory costs repetitions and no reading",
		lastsMs: [10 * MINUTE, 6 * HOUR],
		apply(stage, fault) {
			brokerOf(stage, fault).faults.forgetsSessions = true;
			brokerOf(stage, fault).forget();
		},
		heal: (stage, fault) => {
			brokerOf(stage, fault).faults.forgetsSessions = false;
		},
	},
	{
		...broker,
		name: "packets-in-pieces",
		keepsLink: true,
		proves: "packets arrive split, and several in one segment",
		lastsMs: [MINUTE, HOUR],
		draw: (random) => ({ chunkBytes: random.pick([0, 1, 3, 50]) }),
		apply(stage, fault) {
			const { faults } = brokerOf(stage, fault);
			faults.chunkBytes = fault.parameters["chunkBytes"] as number;
			faults.isJoining = fault.parameters["chunkBytes"] === 0;
		},
		heal(stage, fault) {
			brokerOf(stage, fault).faults.chunkBytes = 0;
			brokerOf(stage, fault).faults.isJoining = false;
		},
	},
]);
