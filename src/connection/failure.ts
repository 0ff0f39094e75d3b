// The classes of failure and what each deserves: one table. It judges a single failure; what a row
// of them means is in recovery.ts.

import { deepFreeze } from "../deep-freeze.js";
import type { SocketErrorCode } from "../ports.js";

/** Each class has a row in {@link FAILURES}; logs, events and tests use these names. */
export type FailureClass =
	| SocketErrorCode
	// before a socket
	| "no-servers" // the configuration names none
	| "no-address" // the network gave no address in time
	| "link-lost" // the address was lost during an attempt or a session
	| "dns" // the name was not resolved (in time)
	| "time-untrusted" // a token is needed and no time is trusted
	| "credentials-missing" // a key or certificate of the configuration is not there
	// between DNS and CONNACK
	| "attempt-timeout" // the one budget over DNS, TCP, TLS and CONNACK is spent
	| "connack-protocol-version"
	| "connack-identifier"
	| "connack-unavailable"
	| "connack-credentials"
	| "connack-not-authorized"
	| "connack-timeout"
	| "closed-before-connack" // after TLS, before CONNACK
	| "authentication" // a row of closed-before-connack: how TLS 1.3 refuses a client certificate
	// online
	| "closed-by-peer"
	| "kicked" // closed by the peer soon after CONNACK
	| "duplicate-client-id" // a row of kicks: another device uses our client id
	| "ping-timeout"
	| "acknowledge-timeout"
	| "write-stalled" // the transport took no bytes for too long
	| "silent" // online, and no proof of progress within silenceMs
	| "protocol-violation"
	| "packet-too-large" // legal, but more than we are willing to skip
	| "receive-limit" // legal, but more unfinished QoS 2 messages than we remember
	| "flood" // the peer sent more than the inbound governor allows
	| "subscription-refused"
	| "local" // we closed, for a reason told elsewhere
	| "unknown"; // a code that this table does not have

/** What the ladder may climb to. In this order; each failure takes the highest rung that is due. */
export type RecoveryStep =
	| "socket" // a new socket, after the backoff
	| "recheck" // and look again at time and credentials; the name is resolved anew in any case
	| "restart-link" // and take the network interface down and up
	| "check-heap" // and free what can be freed
	| "reboot"; // within the daily budget

/** Which of the least delays holds; "rising" doubles in a row, from "long" up to "duplicate". */
export type BackoffFloor = "none" | "short" | "long" | "rising" | "duplicate";

export interface FailureRule {
	readonly ladder: readonly RecoveryStep[];
	readonly floor: BackoffFloor;
	/** The next attempt goes to the next server of the list. */
	readonly rotates: boolean;
	/** Reported as a security event: somebody may be trying, or the fleet is misconfigured. */
	readonly isSecurity: boolean;
}

// A dead network can look like any of these, and so can a driver that hangs: a reboot may help.
const NETWORK: readonly RecoveryStep[] = deepFreeze([
	"socket",
	"recheck",
	"restart-link",
	"check-heap",
	"reboot",
]);
// The network works, for something answered: nothing on this device is broken.
const ANSWERED: readonly RecoveryStep[] = deepFreeze(["socket", "recheck"]);
// The transport broke within a session that had been accepted.
const TRANSPORT: readonly RecoveryStep[] = deepFreeze(["socket", "recheck", "restart-link"]);
const HEAP: readonly RecoveryStep[] = deepFreeze(["socket", "check-heap", "reboot"]);

const network = rule(NETWORK, "none", true, false);
const transport = rule(TRANSPORT, "none", true, false);
const broker = rule(ANSWERED, "none", true, false);
const refused = rule(ANSWERED, "long", true, true);
const judged = rule(ANSWERED, "short", true, true);
const flooded = rule(["socket"], "rising", true, true);

export const FAILURES: Readonly<Record<FailureClass, FailureRule>> = deepFreeze({
	tcp: network,
	"tls-authority": refused,
	"tls-host-name": refused,
	"tls-expired": refused,
	"tls-not-yet-valid": judged, // often our own clock: SNTP may come any moment
	"tls-pin": refused,
	"tls-version": refused,
	"tls-client-certificate": refused,
	"tls-resources": rule(HEAP, "short", false, false),
	"tls-handshake": rule(ANSWERED, "short", true, false),
	"tls-record": judged,
	"tls-truncated": transport,
	"tls-closed": broker,

	"no-servers": rule(["socket"], "long", false, false),
	"no-address": rule(NETWORK, "none", false, false),
	"link-lost": rule(NETWORK, "none", false, false),
	dns: network,
	"time-untrusted": rule(TRANSPORT, "short", false, false),
	"credentials-missing": rule(ANSWERED, "long", false, true),

	"attempt-timeout": network,
	"connack-protocol-version": rule(["socket"], "long", true, false),
	"connack-identifier": rule(["socket"], "long", true, true),
	"connack-unavailable": rule(["socket"], "short", true, false),
	"connack-credentials": refused,
	"connack-not-authorized": refused,
	"connack-timeout": broker,
	"closed-before-connack": broker,
	authentication: refused,

	"closed-by-peer": broker,
	kicked: broker,
	"duplicate-client-id": rule(["socket"], "duplicate", false, true),
	"ping-timeout": network,
	"acknowledge-timeout": broker,
	"write-stalled": network,
	silent: network,
	"protocol-violation": judged,
	"packet-too-large": rule(["socket"], "long", true, true), // retained, it waits for us each time
	"receive-limit": flooded, // what the broker repeats is no violation, and would bring it back soon
	flood: flooded,
	"subscription-refused": refused,
	local: broker,
	unknown: broker,
});

/** The class of a close reason that the MQTT client or the socket below it gave. */
export function failureClassOf(code: string): FailureClass {
	return Object.hasOwn(FAILURES, code) ? (code as FailureClass) : "unknown";
}

/** Whether a reboot may mend what causes this class. */
export function isRebootable(failure: FailureClass): boolean {
	return FAILURES[failure].ladder.includes("reboot");
}

/** The transport's end as such: it depends on the moment what it means. */
export function isTransportEnd(failure: FailureClass): boolean {
	return isOrderlyEnd(failure) || failure === "tcp" || failure === "tls-truncated";
}

/** The peer said that it ends: no cable was pulled. */
export function isOrderlyEnd(failure: FailureClass): boolean {
	return failure === "closed-by-peer" || failure === "tls-closed";
}

function rule(
	ladder: readonly RecoveryStep[],
	floor: BackoffFloor,
	rotates: boolean,
	isSecurity: boolean,
): FailureRule {
	return Object.freeze({ ladder, floor, rotates, isSecurity });
}
