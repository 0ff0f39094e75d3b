// What a simulated broker is made with, and what it tells: types alone.

import type { BrokerConnection, ClientEnd } from "./broker-client-host.js";
import type { ConnectPacket, QoS } from "./broker-reader.js";
import type { VirtualClock } from "./clock.js";
import type { Random } from "./random.js";

/** A message that the broker took, from a client or for it. */
export interface BrokerMessage {
	/** The client id. */
	readonly client: string;
	readonly topic: string;
	readonly payload: Uint8Array;
	readonly QoS: QoS;
	readonly retain: boolean;
	readonly duplicate: boolean;
	/** 0 for QoS 0 and for a will. */
	readonly packetId: number;
	/** The client's connection broke, and this is its will. */
	readonly isWill: boolean;
}

/** A client broke the standard, or left its access list. */
export interface BrokerFinding {
	readonly atMs: number;
	readonly client: string;
	/** "MQTT-3.3.1-4", "MQTT §2.2.3", or "access" for a topic outside the access list. */
	readonly clause: string;
	readonly detail: string;
}

/** What a client may do. */
export interface Access {
	/** Topic filters. */
	readonly publish: readonly string[];
	readonly subscribe: readonly string[];
}

export interface SimulatedBrokerOptions {
	readonly clock: VirtualClock;
	readonly random: Random;
	/**
	 * Begins to listen, with TLS or without; the answer's `close` ends that. Without it connections
	 * come through {@link SimulatedBroker.accept} alone.
	 */
	readonly listen?: (onConnection: (connection: BrokerConnection) => void) => { close(): void };
	/** By client id and the name in the client's certificate; a code refuses the connection. */
	readonly access?: (client: string, packet: ConnectPacket, name?: string) => Access | number;
	/** QoS 2 messages are taken at their PUBREL, as mosquitto does, and not at their PUBLISH. */
	readonly deliversAtRelease?: boolean;
	readonly onPublish?: (message: BrokerMessage) => void;
	/** A client acknowledged a message that it got with QoS 1 or 2: PUBACK or PUBREC. */
	readonly onAcknowledged?: (client: string, message: { readonly payload: Uint8Array }) => void;
	readonly onFinding?: (finding: BrokerFinding) => void;
	/** A client was accepted, or its accepted connection ended. */
	readonly onClient?: (client: string, what: "online" | ClientEnd) => void;
}

export interface Flood {
	readonly messagesPerSecond: number;
	readonly payloadBytes: number;
	readonly QoS: QoS;
}

export interface BrokerCounters {
	connections: number;
	accepted: number;
	refused: number;
	takenOver: number;
	timedOut: number;
	published: number;
	duplicates: number;
}
