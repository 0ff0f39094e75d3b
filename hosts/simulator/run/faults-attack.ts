// Attacks, and what an operator does rightly: a peer that sends what brought other clients down,
// floods, and commands that must not be obeyed.

import { HOSTILE, HOSTILE_KINDS, type HostileKind } from "../broker-hostility.js";
import { Rival } from "../rival.js";
import { BACK_DUPLICATE_MS, BACK_REFUSED_MS } from "./bounds.js";
import type { Fault, FaultKind } from "./fault.js";
import { brokerOf, boardOf, undo, type Stage } from "./stage.js";

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

const ONLINE = HOSTILE_KINDS.filter((kind) => HOSTILE[kind].moment === "online");
const JOINING = HOSTILE_KINDS.filter((kind) => HOSTILE[kind].moment === "joining");
const SUBSCRIBING = HOSTILE_KINDS.filter((kind) => HOSTILE[kind].moment === "subscribing");

/** The device works: no reboot mends what a peer sends. */
const attack = { family: "attack", mayReboot: false, backMs: BACK_REFUSED_MS } as const;

export const ATTACKS: readonly FaultKind[] = Object.freeze<FaultKind[]>([
	{
		...attack,
		name: "hostile-packet",
		proves: "no packet that brought a client down brings this one down",
		weight: 4,
		isBrokers: true,
		lastsMs: [0, 0],
		draw: (random) => ({ packet: random.integer(0, ONLINE.length - 1) }),
		apply: (stage, fault) => void brokerOf(stage, fault).hostile(packetOf(ONLINE, fault)),
	},
	{
		...attack,
		name: "hostile-connack",
		proves: "what a peer says in place of CONNACK leads to a closed connection",
		isBrokers: true,
		lastsMs: [30 * SECOND, HOUR],
		draw: (random) => ({ packet: random.integer(0, JOINING.length - 1) }),
		apply(stage, fault) {
			brokerOf(stage, fault).hostile(packetOf(JOINING, fault));
			brokerOf(stage, fault).kick();
		},
		heal: (stage, fault) => {
			brokerOf(stage, fault).faults.hostileConnack = undefined;
		},
	},
	{
		...attack,
		name: "hostile-suback",
		proves: "what a peer says in place of SUBACK leads to a closed connection",
		isBrokers: true,
		lastsMs: [30 * SECOND, HOUR],
		draw: (random) => ({ packet: random.integer(0, SUBSCRIBING.length - 1) }),
		apply(stage, fault) {
			brokerOf(stage, fault).hostile(packetOf(SUBSCRIBING, fault));
			brokerOf(stage, fault).kick();
		},
		heal: (stage, fault) => {
			brokerOf(stage, fault).faults.hostileSuback = undefined;
		},
	},
	{
		...attack,
		name: "flood",
		proves: "a flood costs bounded memory and time, and ends in a longer wait",
		weight: 0.7,
		isBrokers: true,
		lastsMs: [5 * SECOND, 90 * SECOND],
		draw: (random) => ({
			messagesPerSecond: random.pick([20, 100, 300]),
			payloadBytes: random.pick([0, 100, 3000]),
			QoS: random.integer(0, 2),
		}),
		apply(stage, fault) {
			const { messagesPerSecond, payloadBytes, QoS } = fault.parameters;
			brokerOf(stage, fault).flood({
				messagesPerSecond: messagesPerSecond as number,
				payloadBytes: payloadBytes as number,
				QoS: QoS as 0 | 1 | 2,
			});
		},
		heal: (stage, fault) => brokerOf(stage, fault).flood(),
	},
	{
		...attack,
		name: "rival",
		proves: "a cloned identity is recognised, named, and not fought",
		backMs: BACK_DUPLICATE_MS,
		lastsMs: [10 * MINUTE, 3 * HOUR],
		draw: (random) => ({ returnMs: random.integer(1, 60) * SECOND }),
		apply(stage, fault) {
			const returnMs = fault.parameters["returnMs"] as number;
			const id = boardOf(stage, fault).name;
			const { clock, places } = stage;
			const rivals = places.map(({ broker }) => new Rival({ broker, clock, id, returnMs }));
			stage.endings.set(fault, () => rivals.forEach((rival) => rival.stop()));
		},
		heal: undo,
	},
	{
		...attack,
		name: "command-forged",
		keepsLink: true,
		proves: "what no operator signed is not obeyed",
		lastsMs: [0, 0],
		apply: (stage, fault) => send(stage, fault, stage.commands.forged(fault.target)),
	},
	{
		...attack,
		name: "command-replayed",
		keepsLink: true,
		proves: "a command is obeyed once, however often it comes",
		lastsMs: [0, 0],
		apply: (stage, fault) => send(stage, fault, stage.commands.replayed(fault.target)),
	},
	{
		...attack,
		name: "command-for-another",
		keepsLink: true,
		proves: "a command for another device is not obeyed",
		lastsMs: [0, 0],
		apply: (stage, fault) => send(stage, fault, stage.commands.misaddressed(fault.target)),
	},
	{
		...attack,
		name: "command-expired",
		keepsLink: true,
		proves: "a command that is held back is not obeyed later",
		lastsMs: [0, 0],
		apply: (stage, fault) => send(stage, fault, stage.commands.expired(fault.target)),
	},
	{
		...attack,
		name: "command-elsewhere",
		keepsLink: true,
		proves: "what comes on a topic that was never granted is not even opened",
		lastsMs: [0, 0],
		apply(stage, fault) {
			const id = boardOf(stage, fault).name;
			const message = { ...stage.commands.elsewhere(fault.target), QoS: 1 } as const;
			for (const { broker } of stage.places) broker.push(id, message);
		},
	},
	{
		...attack,
		name: "command-retained",
		keepsLink: true,
		proves: "a retained command does not act at every connect",
		weight: 2,
		lastsMs: [MINUTE, 3 * HOUR],
		apply(stage, fault) {
			// Nobody listens when it is published: the only way to the device is the retained copy.
			const id = boardOf(stage, fault).name;
			for (const { broker } of stage.places) {
				broker.kick(id);
				broker.forget();
			}
			send(stage, fault, stage.commands.held(fault.target), true);
		},
		heal: (stage, fault) => send(stage, fault, new Uint8Array(0), true),
	},
	{
		...attack,
		name: "command",
		keepsLink: true,
		family: "operator",
		proves: "an operator's command is obeyed once, and answered",
		lastsMs: [0, 0],
		draw: (random) => ({ name: random.integer(0, 9) }),
		apply: (stage, fault) =>
			send(stage, fault, stage.commands.genuine(fault.target, fault.parameters["name"] as number)),
	},
]);

function packetOf(kinds: readonly HostileKind[], fault: Fault): HostileKind {
	return kinds[(fault.parameters["packet"] as number) % kinds.length] as HostileKind;
}

function send(stage: Stage, fault: Fault, payload: Uint8Array | undefined, retain = false): void {
	if (payload !== undefined) stage.send(fault.target, payload, retain);
}
