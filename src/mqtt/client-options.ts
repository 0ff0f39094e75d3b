// What an MQTTClient is made with and what it reports: types alone.

import type { Secret } from "../bytes/secret.js";
import type { Clock, Socket, Timer } from "../ports.js";
import type { CloseReason } from "./close-reason.js";
import type { Granted, QoS, Will } from "./packets.js";
import type { Session } from "./session.js";

export interface MQTTClientOptions {
	/**
	 * The socket's constructor and its options. The client makes it, adds the callbacks, and closes
	 * it.
	 */
	socket: {
		readonly io: new (options: never) => Socket;
		readonly [option: string]: unknown;
	};
	clock: Clock;
	timer: Timer;
	/** Outlives this client: give the next one the same. */
	session: Session;
	connect: ConnectOptions;
	timings?: Timings;
	/** Without one everything is read as fast as it comes. */
	governor?: InboundGovernor;

	/**
	 * Room in the socket for the first time: connected, and with TLS verified. CONNECT is on its way.
	 */
	onSecured?: () => void;
	/**
	 * CONNACK accepted. What was in flight is being sent again; new messages can follow. What a lost
	 * session had handed over already was acknowledged just before.
	 */
	onConnected?: (connected: Connected) => void;
	/** Give every message with QoS 1 or 2 to `acknowledge`, once its effect is durable. */
	onMessage?: (message: InboundMessage) => void;
	/** A message was too large to be read. It was acknowledged, or it would come back for ever. */
	onOversized?: (message: OversizedMessage) => void;
	/** The broker has the message: PUBACK, or the end of QoS 2. */
	onAcknowledged?: (token: number) => void;
	/** In the order of the request. A refusal is 128. */
	onSubscribed?: (results: readonly SubscribeResult[]) => void;
	onUnsubscribed?: (topics: readonly string[]) => void;
	/** The other end answered: proof that the link works in both directions. */
	onProgress?: (kind: "acknowledged" | "ping-response") => void;
	/** After a "busy": it is worth trying again. */
	onReady?: () => void;
	/** Exactly once, with the first cause, and last of all. Not after `close`. */
	onClosed: (reason: CloseReason) => void;
	/**
	 * The content of a message in flight, to send it again. Asked once per message and connection.
	 * `undefined`: it is gone, and is not sent again.
	 */
	recall?: (token: number) => MessageContent | undefined;
}

/** Says how much of what the broker sends is read, and how fast. */
export interface InboundGovernor {
	/** So many bytes were taken from the socket. */
	onBytes(byteLength: number): void;
	/** A packet came that answers nothing of ours. */
	onMessage(): void;
	/** Asked before each read and each packet. "flooded" ends the connection. */
	admit():
		| { readonly kind: "open" }
		| { readonly kind: "paced"; readonly limit: string; readonly delayMs: number }
		| { readonly kind: "flooded"; readonly limit: string };
	/** What the connection is being held back for at this moment, if it is. */
	readonly heldBackFor: string | undefined;
}

export interface ConnectOptions {
	readonly id: string;
	/** True: the broker and the session start from nothing, and the broker forgets at the end. */
	readonly clean: boolean;
	/** 1 to 65535. MQTT's "0: no keep-alive" is not offered: a dead link would never be noticed. */
	readonly keepAliveSeconds: number;
	readonly user?: string;
	readonly password?: Secret;
	readonly will?: Will;
}

/** All in milliseconds, all with a default in limits.ts. */
export interface Timings {
	readonly connackMs?: number;
	readonly pingResponseMs?: number;
	readonly acknowledgeMs?: number;
	readonly writeStallMs?: number;
	readonly lingerMs?: number;
}

export interface MessageContent {
	readonly topic: string;
	readonly payload: Uint8Array;
	readonly QoS: QoS;
	readonly retain: boolean;
}

export interface OutboundMessage extends MessageContent {
	/**
	 * The caller's own name for the message, for instance its sequence: a safe integer, not negative.
	 */
	readonly token: number;
}

export interface InboundMessage extends MessageContent {
	/** The broker sends it again: the application may have seen it. */
	readonly duplicate: boolean;
	/** `undefined` for QoS 0. */
	readonly packetId: number | undefined;
}

export interface OversizedMessage {
	readonly topic: string;
	readonly payloadBytes: number;
}

export interface Connected {
	readonly sessionPresent: boolean;
}

export interface SubscribeResult {
	readonly topic: string;
	readonly granted: Granted;
}

export type SendResult =
	| { readonly kind: "sent" }
	| { readonly kind: "busy" } // no room: onReady follows
	| { readonly kind: "closed" };

export type ClientState =
	| "connecting" // the socket is not writable yet
	| "joining" // CONNECT sent, CONNACK awaited
	| "online"
	| "closing" // DISCONNECT sent, the broker may close first
	| "closed";
