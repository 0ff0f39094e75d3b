// One fault of a plan, and what the catalogue says about its kind. Types alone.

import type { Random } from "../random.js";
import type { Stage } from "./stage.js";

/** What a fault is about; a profile names the families that it draws from. */
export type FaultFamily =
	| "network"
	| "link"
	| "name"
	| "tls"
	| "broker"
	| "power"
	| "heap"
	| "clock"
	| "flash"
	| "operator"
	| "attack";

/** Numbers alone, so that a plan is text and a shrinker can handle it. */
export type FaultParameters = Readonly<Record<string, number>>;

/** Something that goes wrong at a stated moment and is healed after a stated time. */
export interface Fault {
	readonly atMs: number;
	/** 0 for what is over in a moment. */
	readonly durationMs: number;
	readonly kind: string;
	/** Index of the device that it happens to; where it happens to a broker, of the broker. */
	readonly target: number;
	readonly parameters: FaultParameters;
}

export interface FaultKind {
	readonly name: string;
	readonly family: FaultFamily;
	/** What a life that survives it shows. */
	readonly proves: string;
	/** Milliseconds, least and most; both 0 for what is over in a moment. */
	readonly lastsMs: readonly [number, number];
	/** How often it is drawn within its family, relative to the others; 1 without it. */
	readonly weight?: number;
	/** Whether `target` is a broker. */
	readonly isBrokers?: boolean;
	/** The link is dead and looks alive: it must be noticed within 1.5 keep-alives. */
	readonly isHalfOpen?: boolean;
	/** The link need not feel it: what it does later is not counted as noticing. */
	readonly keepsLink?: boolean;
	/** Whether to a device it can look like something that its own reboot mends. */
	readonly mayReboot: boolean;
	/**
	 * Only a restart of the board ends it: the device's own within its budget, or, when all is
	 * healed, a hand at the plug.
	 */
	readonly isMendedByRestart?: boolean;
	/** Milliseconds after healing within which the link is back, 1.5 keep-alives apart. */
	readonly backMs: number;
	draw?(random: Random): FaultParameters;
	apply(stage: Stage, fault: Fault): void;
	heal?(stage: Stage, fault: Fault): void;
}
