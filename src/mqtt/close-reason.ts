// Why a connection ended: one stable code, and for a protocol violation the clause that was broken.

import type { SocketErrorCode, StorageErrorCode } from "../ports.js";

export type CloseCode =
	| SocketErrorCode // the transport failed
	| "connack-protocol-version" // CONNACK 1
	| "connack-identifier" // CONNACK 2
	| "connack-unavailable" // CONNACK 3
	| "connack-credentials" // CONNACK 4
	| "connack-not-authorized" // CONNACK 5
	| "connack-timeout" // no CONNACK within the budget, which starts with the socket
	| "closed-before-connack" // connected (TLS: and verified), then the peer left without a CONNACK
	| "closed-by-peer" // the transport ended while online; nothing says why
	| "ping-timeout" // no PINGRESP in time: the link is dead
	| "acknowledge-timeout" // no PUBACK, PUBREC, PUBCOMP, SUBACK or UNSUBACK in time
	| "write-stalled" // the socket took nothing for too long
	| "packet-too-large" // legal, but more than we are willing to skip
	| "receive-limit" // legal, but more unfinished QoS 2 messages than we can remember
	| "flood" // more than the governor allows: `detail` says of what
	| "protocol-violation" // the broker broke the standard: `clause` says where
	| "local"; // disconnect() was called

export interface CloseReason {
	readonly code: CloseCode;
	/** For "protocol-violation": "MQTT-3.3.1-4", or "MQTT §2.2.3" where the rule has no number. */
	readonly clause?: string;
	/** A stable name of the particular: "QoS-3", or the socket's own code. */
	readonly detail?: string;
}

export function violation(clause: string, detail: string): CloseReason {
	return { code: "protocol-violation", clause, detail };
}

const CONNACK_REFUSALS: readonly CloseCode[] = Object.freeze([
	"connack-protocol-version",
	"connack-identifier",
	"connack-unavailable",
	"connack-credentials",
	"connack-not-authorized",
] as const);

/** The refusal in a CONNACK's return code (MQTT 3.1.1 table 3.1), if it is one. */
export function connackRefusal(returnCode: number): CloseReason | undefined {
	const code = CONNACK_REFUSALS[returnCode - 1];
	return code && { code };
}

/**
 * The reason for a socket's end. An orderly end means something else before CONNACK: the broker may
 * have refused our certificate, for TLS 1.3 reports that only after its handshake.
 */
export function socketReason(
	error: SocketErrorCode | StorageErrorCode | undefined,
	state: "connecting" | "joining" | "online" | "closing" | "closed",
): CloseReason {
	const code = (error ?? "tcp") as SocketErrorCode;
	const isOrderly = code === "tcp" || code === "tls-closed" || code === "tls-truncated";
	if (!isOrderly || state === "connecting") return { code };
	return { code: state === "joining" ? "closed-before-connack" : "closed-by-peer", detail: code };
}
