// MQTT 3.1.1 control packets as values: what a client sends and what it can receive.

export type QoS = 0 | 1 | 2;

export interface Subscription {
	/** A topic filter. */
	readonly topic: string;
	readonly QoS: QoS;
}

/** SUBACK's code for one topic: the QoS that was granted, or 128 for a refusal. */
export type Granted = QoS | 128;

export interface Will {
	readonly topic: string;
	readonly payload: Uint8Array;
	readonly QoS: QoS;
	readonly retain: boolean;
}

export interface ConnectPacket {
	readonly type: "CONNECT";
	readonly id: string;
	readonly clean: boolean;
	readonly keepAliveSeconds: number;
	readonly user?: string;
	readonly password?: Uint8Array;
	readonly will?: Will;
}

export interface ConnackPacket {
	readonly type: "CONNACK";
	readonly sessionPresent: boolean;
	/** 0 accepted, 1 to 5 refused. */
	readonly code: number;
}

export interface PublishPacket {
	readonly type: "PUBLISH";
	readonly topic: string;
	readonly payload: Uint8Array;
	readonly QoS: QoS;
	readonly retain: boolean;
	readonly duplicate: boolean;
	/** Present exactly when QoS is not 0. */
	readonly packetId: number | undefined;
}

/**
 * A PUBLISH above MQTT_INBOUND_PACKET_BYTES_MAX, whose payload was skipped. It can be acknowledged,
 * so that one such message does not come back at every reconnect.
 */
export interface OversizedPacket {
	readonly type: "OVERSIZED";
	readonly topic: string;
	readonly payloadBytes: number;
	readonly QoS: QoS;
	readonly retain: boolean;
	readonly duplicate: boolean;
	readonly packetId: number | undefined;
}

export interface AcknowledgementPacket {
	readonly type: "PUBACK" | "PUBREC" | "PUBREL" | "PUBCOMP";
	readonly packetId: number;
}

export interface SubscribePacket {
	readonly type: "SUBSCRIBE";
	readonly packetId: number;
	readonly subscriptions: readonly Subscription[];
}

export interface SubackPacket {
	readonly type: "SUBACK";
	readonly packetId: number;
	readonly codes: readonly Granted[];
}

export interface UnsubscribePacket {
	readonly type: "UNSUBSCRIBE";
	readonly packetId: number;
	readonly topics: readonly string[];
}

export interface UnsubackPacket {
	readonly type: "UNSUBACK";
	readonly packetId: number;
}

export interface EmptyPacket<Type extends string> {
	readonly type: Type;
}

export type OutboundPacket =
	| ConnectPacket
	| PublishPacket
	| AcknowledgementPacket
	| SubscribePacket
	| UnsubscribePacket
	| EmptyPacket<"PINGREQ">
	| EmptyPacket<"DISCONNECT">;

export type InboundPacket =
	| ConnackPacket
	| PublishPacket
	| OversizedPacket
	| AcknowledgementPacket
	| SubackPacket
	| UnsubackPacket
	| EmptyPacket<"PINGRESP">;
