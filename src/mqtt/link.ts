// What the parts of one connection share: types alone. client.ts is the only implementation.

import type { MQTTClientOptions } from "./client-options.js";
import type { CloseReason } from "./close-reason.js";
import type { Deadlines } from "./deadlines.js";
import type { Outgoing } from "./outgoing.js";
import type { OutboundPacket } from "./packets.js";

/** Everything that ends by itself after some time. */
export type Deadline =
	| "connack"
	| "ping" // time to ask whether the link lives
	| "ping-response"
	| "acknowledge" // of the oldest packet without an answer
	| "write" // something waits for room in the socket
	| "linger" // after DISCONNECT
	| "turn" // go on reading
	| "failure"; // report what a public method found

export interface Link {
	readonly options: MQTTClientOptions;
	readonly outgoing: Outgoing;
	readonly deadlines: Deadlines<Deadline>;
	/** Sends now, or as soon as there is room. */
	send(packet: OutboundPacket): void;
	/** Ends the connection. Only from socket callbacks and timers. */
	fail(reason: CloseReason): void;
	/**
	 * Over, or about to be: nothing new is begun. To be asked after everything the application did.
	 */
	isEnding(): boolean;
}
