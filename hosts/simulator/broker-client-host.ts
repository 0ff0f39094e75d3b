// What the simulated broker and one of its connections know of each other: types alone.

import type { BrokerClient } from "./broker-client.js";
import type { BrokerFaults } from "./broker-faults.js";
import type { ConnectPacket, PublishPacket, QoS, SubscribePacket } from "./broker-reader.js";
import type { ClientSession, Delivery } from "./client-session.js";
import type { VirtualClock } from "./clock.js";
import type { ServerConnection } from "./connection.js";
import type { Random } from "./random.js";

/** The server's end of a connection, with TLS done where there is TLS. */
export interface BrokerConnection extends Omit<ServerConnection, "stopReading" | "resumeReading"> {
	/** The common name of the client's certificate, where it has one. */
	readonly clientName?: string | undefined;
}

/** Why a connection ended, as the broker's own log would say. */
export type ClientEnd =
	| "disconnected" // DISCONNECT came
	| "left" // the client closed or reset the connection without one
	| "violation"
	| "refused" // CONNECT was refused
	| "timed-out" // no packet for one and a half keep-alives, or no CONNECT
	| "taken-over" // another connection with the same client id
	| "kicked"
	| "crashed";

/** What the broker does for one of its connections. */
export interface BrokerClientHost {
	readonly clock: VirtualClock;
	readonly random: Random;
	readonly faults: BrokerFaults;
	readonly deliversAtRelease: boolean;
	/** The session, or the code of a refusal. */
	connect(client: BrokerClient, packet: ConnectPacket): Joined | number;
	publish(client: BrokerClient, packet: PublishPacket): void;
	/** The code for the SUBACK; a granted filter is in the session already. */
	subscribe(client: BrokerClient, filter: string, QoS: QoS): number;
	/** After the SUBACK: retained messages may follow. */
	subscribed(client: BrokerClient, packet: SubscribePacket): void;
	unsubscribe(client: BrokerClient, filter: string): void;
	/** The client has taken a message of QoS 1 or 2 over. */
	acknowledged(client: BrokerClient, message: Delivery): void;
	ended(client: BrokerClient, end: ClientEnd): void;
	finding(client: BrokerClient, clause: string, detail: string): void;
}

export interface Joined {
	readonly session: ClientSession;
	readonly isPresent: boolean;
}
