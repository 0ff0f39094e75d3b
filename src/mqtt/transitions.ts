// The legal life of a packet id, as two total functions: every state answers every event, if only
// with the clause that it breaks. Pure tables; who sends what and stores what is session.ts.

import { deepFreeze } from "../deep-freeze.js";

/** A packet id of ours. */
export type OutboundState =
	| "free" // not in use
	| "published" // QoS 1 PUBLISH sent, PUBACK awaited
	| "offered" // QoS 2 PUBLISH sent, PUBREC awaited
	| "released" // PUBREL sent, PUBCOMP awaited: the broker owns the message
	| "forgotten" // as "released", but the message's owner is gone and hears nothing
	| "subscribing" // SUBSCRIBE sent, SUBACK awaited
	| "unsubscribing"; // UNSUBSCRIBE sent, UNSUBACK awaited

export type OutboundEvent = "PUBACK" | "PUBREC" | "PUBCOMP" | "SUBACK" | "UNSUBACK";

export type OutboundEffect =
	| "none"
	| "acknowledged" // the owner hears that the broker has the message
	| "release" // PUBREL is sent (again)
	| "answered"; // the request has its answer

/** A packet id of the broker's, between its PUBLISH with QoS 2 and its PUBREL. */
export type InboundState =
	| "free"
	| "delivered" // not acknowledged by the application; ends with the connection
	| "received" // acknowledged, stored, PUBREC sent: the same id again is the same message
	| "discarded"; // as "received", but nothing came of it: not stored, so that it costs no flash

export type InboundEvent =
	| "PUBLISH" // with QoS 2
	| "acknowledge" // the application's effect is durable
	| "discard" // the application refused it, and would again
	| "PUBREL";

export type InboundEffect =
	| "none"
	| "deliver" // the application gets the message
	| "receive" // PUBREC is sent (again)
	| "complete"; // PUBCOMP is sent (again)

export type Step<State, Effect> =
	| { readonly next: State; readonly effect: Effect; readonly clause?: undefined }
	| { readonly clause: string };

export function outboundStep(
	state: OutboundState,
	event: OutboundEvent,
): Step<OutboundState, OutboundEffect> {
	return OUTBOUND[state][event];
}

export function inboundStep(
	state: InboundState,
	event: InboundEvent,
): Step<InboundState, InboundEffect> {
	return INBOUND[state][event];
}

type Table<State extends string, Event extends string, Effect> = Readonly<
	Record<State, Readonly<Record<Event, Step<State, Effect>>>>
>;

const NO_PUBACK = deepFreeze({ clause: "MQTT-4.3.2-2" });
const NO_PUBREC = deepFreeze({ clause: "MQTT-4.3.3-2" });
const NO_PUBCOMP = deepFreeze({ clause: "MQTT-4.3.3-2" });
const NO_SUBACK = deepFreeze({ clause: "MQTT-3.8.4-2" });
const NO_UNSUBACK = deepFreeze({ clause: "MQTT-3.10.4-4" });

/** What a publish and a request have in common: the other's answers break the standard. */
const NOT_A_REQUEST = deepFreeze({ SUBACK: NO_SUBACK, UNSUBACK: NO_UNSUBACK });
const NOT_A_PUBLISH = deepFreeze({ PUBACK: NO_PUBACK, PUBREC: NO_PUBREC, PUBCOMP: NO_PUBCOMP });

const OUTBOUND: Table<OutboundState, OutboundEvent, OutboundEffect> = deepFreeze({
	free: {
		// We resend nothing within a connection and close it when an acknowledgement is late, so no
		// honest PUBACK can find its id free: the two sides disagree, and only a new connection mends
		// that.
		PUBACK: NO_PUBACK,
		// A QoS 2 exchange that only the broker remembers: 1. we sent PUBLISH; 2. our stored session
		// was lost; 3. the broker still wants its PUBREL. Without one the id would be blocked for ever.
		PUBREC: { next: "free", effect: "release" },
		// The end of that exchange.
		PUBCOMP: { next: "free", effect: "none" },
		...NOT_A_REQUEST,
	},
	published: {
		PUBACK: { next: "free", effect: "acknowledged" },
		PUBREC: { clause: "MQTT-3.3.4-1" },
		PUBCOMP: { clause: "MQTT-3.3.4-1" },
		...NOT_A_REQUEST,
	},
	offered: {
		PUBACK: { clause: "MQTT-3.3.4-1" },
		PUBREC: { next: "released", effect: "release" },
		PUBCOMP: NO_PUBCOMP,
		...NOT_A_REQUEST,
	},
	released: {
		PUBACK: { clause: "MQTT-3.3.4-1" },
		// 1. The broker sent PUBREC; 2. the connection broke; 3. we sent PUBLISH again and the broker
		// answers twice, once for its stored state and once for the PUBLISH.
		PUBREC: { next: "released", effect: "release" },
		PUBCOMP: { next: "free", effect: "acknowledged" },
		...NOT_A_REQUEST,
	},
	forgotten: {
		PUBACK: { clause: "MQTT-3.3.4-1" },
		PUBREC: { next: "forgotten", effect: "release" },
		PUBCOMP: { next: "free", effect: "none" },
		...NOT_A_REQUEST,
	},
	subscribing: {
		...NOT_A_PUBLISH,
		SUBACK: { next: "free", effect: "answered" },
		UNSUBACK: NO_UNSUBACK,
	},
	unsubscribing: {
		...NOT_A_PUBLISH,
		SUBACK: NO_SUBACK,
		UNSUBACK: { next: "free", effect: "answered" },
	},
});

const INBOUND: Table<InboundState, InboundEvent, InboundEffect> = deepFreeze({
	free: {
		PUBLISH: { next: "delivered", effect: "deliver" },
		// The message belongs to a connection that is gone: it will come again, and be acknowledged
		// then.
		acknowledge: { next: "free", effect: "none" },
		discard: { next: "free", effect: "none" },
		// 1. We sent PUBCOMP; 2. it was lost with the connection; 3. the broker sends PUBREL again.
		PUBREL: { next: "free", effect: "complete" },
	},
	delivered: {
		PUBLISH: { next: "delivered", effect: "none" }, // PUBREC follows the acknowledgement
		acknowledge: { next: "received", effect: "receive" },
		discard: { next: "discarded", effect: "receive" },
		PUBREL: { clause: "MQTT-4.3.3-1" }, // it has had no PUBREC
	},
	received: {
		PUBLISH: { next: "received", effect: "receive" }, // [MQTT-4.3.3-2]: not delivered again
		acknowledge: { next: "received", effect: "none" },
		discard: { next: "received", effect: "none" },
		PUBREL: { next: "free", effect: "complete" },
	},
	// 1. A reboot forgets the id; 2. the broker sends PUBREL, which any id may get, or the message,
	// which is refused once more. Neither has an effect.
	discarded: {
		PUBLISH: { next: "discarded", effect: "receive" },
		acknowledge: { next: "discarded", effect: "none" },
		discard: { next: "discarded", effect: "none" },
		PUBREL: { next: "free", effect: "complete" },
	},
});
