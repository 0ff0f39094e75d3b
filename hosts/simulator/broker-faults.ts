// What is wrong with a broker at the moment. Every field may be changed at any time; it holds for
// what happens after that. Whole events (a crash, a kick, a flood) are methods of the broker.

import type { HostileKind } from "./broker-hostility.js";

export class BrokerFaults {
	/** 1 to 5: every CONNECT is refused with this code. */
	connackCode = 0;
	/** Milliseconds from CONNECT to CONNACK. */
	connackDelayMs = 0;
	/** CONNECT gets no answer at all. */
	isMute = false;
	/** Milliseconds from CONNACK to the end of the connection. */
	kickAfterConnectMs: number | undefined;
	/** How the broker ends connections: with a goodbye, or with a reset. */
	endManner: "close" | "reset" = "close";
	/** Milliseconds from a packet to its acknowledgement. */
	acknowledgeDelayMs = 0;
	/** The part of acknowledgements that is never sent; the messages are accepted all the same. */
	acknowledgementLossRate = 0;
	/** The part of PINGREQs that stay without an answer. */
	pingLossRate = 0;
	/** The part of messages with QoS 1 and 2 that are sent twice. */
	duplicateRate = 0;
	/** The part of topic filters that are refused with 0x80. */
	subackRefusalRate = 0;
	/** No subscription gets a higher QoS. */
	grantedQoSMax: 0 | 1 | 2 = 2;
	/** Sessions are forgotten between two connections. */
	forgetsSessions = false;
	/** Bytes of one write: packets arrive in pieces. 0: whole. */
	chunkBytes = 0;
	/** Packets of one moment leave in one write. */
	isJoining = false;
	/** Sent in place of each CONNACK. */
	hostileConnack: HostileKind | undefined;
	/** Sent in place of each SUBACK. */
	hostileSuback: HostileKind | undefined;

	/** Nothing is wrong any more. */
	heal(): void {
		Object.assign(this, new BrokerFaults());
	}
}
