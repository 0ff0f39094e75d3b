// Everything outside the device of the delivery world, and what is remembered to judge it: the
// broker, the wires, and the environment's budget. Plain data, so that a state can be kept.

import type { Range } from "./delivery-device.js";

/** What the environment may still do. */
export interface Budget {
	readings: number;
	/** Power cuts. */
	cuts: number;
	/** Connections that break, or in which an answer comes too late. */
	breaks: number;
	/** Restarts of a broker that keeps no session. */
	losses: number;
}

export interface Answer {
	readonly type: "PUBACK" | "PUBREC" | "PUBCOMP";
	readonly packetId: number;
}

export interface Held {
	readonly packetId: number;
	readonly sequence: number;
	/** What it announces, where it is a gap record. */
	readonly gaps: readonly Range[];
}

export interface Outside {
	budget: Budget;
	hasSession: boolean;
	/** The broker forgets the session when the connection ends. */
	isClean: boolean;
	/** Packets on their way to the broker, as hexadecimal. */
	wire: string[];
	answers: Answer[];
	/** The device was told so: a later session-present is about this session. */
	isKept: boolean;
	/** QoS 2 messages whose PUBREL has not come. */
	held: Held[];
	/** Sequences that the broker has delivered. */
	delivered: number[];
	accepted: number[];
	/** Ranges that the delivered gap records name. */
	announced: Range[];
	/** Removed in RAM and not yet on flash, as far as can be seen from outside. */
	unflushed: number[];
	/** The newest that this connection has published. */
	offered: number;
	highestSequence: number;
	violation: string | undefined;
}

export function outsideAtFirst(budget: Budget): Outside {
	return {
		budget: { ...budget },
		hasSession: false,
		isClean: false,
		isKept: false,
		wire: [],
		answers: [],
		held: [],
		delivered: [],
		accepted: [],
		announced: [],
		unflushed: [],
		offered: 0,
		highestSequence: 0,
		violation: undefined,
	};
}
