// What faults act on: the boards, the brokers and their listeners of one life, and what a fault
// leaves to be undone.

import type { SimulatedBoard } from "../board.js";
import type { SimulatedBroker } from "../broker.js";
import type { VirtualClock } from "../clock.js";
import type { NORFlash } from "../flash.js";
import type { Random } from "../random.js";
import type { SecureConnection, TLSServerSettings, TLSTickets } from "../tls-server.js";
import type { Commands } from "./commands.js";
import type { Fault } from "./fault.js";
import type { LifeOptions } from "./plan.js";

/** A broker where it listens. */
export interface Place {
	readonly broker: SimulatedBroker;
	readonly tls: TLSServerSettings;
	/** Connections whose handshake is done, by now or before. */
	readonly secured: readonly SecureConnection[];
	/** The broker gets another address; its name follows. */
	move(): void;
}

export interface Stage {
	readonly options: LifeOptions;
	readonly clock: VirtualClock;
	/** For what a fault draws while it lasts. */
	readonly random: Random;
	readonly boards: readonly SimulatedBoard[];
	readonly places: readonly Place[];
	readonly commands: Commands;
	/** What ends with a fault. */
	readonly endings: Map<Fault, () => void>;
	/** Blocks of each chip that were worn out one by one. */
	readonly wornBlocks: Map<NORFlash, number>;
	/** All that {@link newTickets} ever gave. */
	readonly tickets: readonly TLSTickets[];
	/** Sends a command to a device through every broker: it is at one of them. Answers with it. */
	send(device: number, command: Uint8Array, retain?: boolean): Uint8Array;
	/** The true time. */
	unixSeconds(): number;
	/** A server's memory of sessions, empty. */
	newTickets(): TLSTickets;
	/** How broker `index` speaks TLS when nothing is wrong. */
	soundTLS(index: number): TLSServerSettings;
}

export function boardOf(stage: Stage, { target }: Fault): SimulatedBoard {
	return stage.boards[target] as SimulatedBoard;
}

export function pathOf(stage: Stage, fault: Fault): SimulatedBoard["path"] {
	return boardOf(stage, fault).path;
}

export function brokerOf(stage: Stage, { target }: Fault): SimulatedBroker {
	return (stage.places[target] as Place).broker;
}

export function tlsOf(stage: Stage, { target }: Fault): TLSServerSettings {
	return (stage.places[target] as Place).tls;
}

/** Does `act` every `everyMs` until the fault is undone; the first time at once. */
export function every(stage: Stage, fault: Fault, everyMs: number, act: () => void): void {
	const { clock, endings } = stage;
	let event = clock.schedule(function again() {
		event = clock.schedule(again, everyMs);
		act();
	}, 0);
	endings.set(fault, () => clock.cancel(event));
}

/** Ends what {@link every} began, or what else the fault left behind. */
export function undo(stage: Stage, fault: Fault): void {
	stage.endings.get(fault)?.();
	stage.endings.delete(fault);
}
