// Faults of certificates and handshakes, on the broker's side. What the device makes of its own
// time is in faults-surroundings.ts.

import { BACK_MS, BACK_REFUSED_MS } from "./bounds.js";
import type { FaultKind } from "./fault.js";
import { brokerOf, tlsOf, undo, type Stage } from "./stage.js";
import type { Fault } from "./fault.js";

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY_S = 86_400;

/** No reboot mends what a certificate says. */
const tls = {
	family: "tls",
	isBrokers: true,
	mayReboot: false,
	backMs: BACK_REFUSED_MS,
} as const;

const FAILURE_MANNERS = ["alert", "close", "reset", "garbage", "truncate", "silence"] as const;
const REFUSALS = ["alert", "close", "reset"] as const;
const VERSIONS = ["1.2", "1.3"] as const;

export const TLS_FAULTS: readonly FaultKind[] = Object.freeze<FaultKind[]>([
	certificate("certificate-expired", "dates are judged, and an expired one is refused", () => ({
		notBefore: 0,
		notAfter: DAY_S,
	})),
	certificate("certificate-of-a-stranger", "an unknown authority is refused", () => ({
		authority: "stranger",
	})),
	certificate("certificate-for-another", "the name is judged, always", () => ({
		names: ["elsewhere.example"],
	})),
	certificate("certificate-of-another-key", "pins are judged where there are any", () => ({
		keyPin: new Uint8Array(32).fill(0xee),
	})),
	{
		...tls,
		name: "certificate-expires",
		proves: "a certificate that runs out on the way is refused from then on",
		lastsMs: [10 * MINUTE, 4 * HOUR],
		draw: (random) => ({ afterS: random.integer(10, 1800) }),
		apply(stage, fault) {
			const afterS = fault.parameters["afterS"] as number;
			const settings = tlsOf(stage, fault);
			const notAfter = stage.unixSeconds() + afterS;
			settings.certificate = { ...settings.certificate, notAfter };
			// Those that the device has were given under another certificate.
			settings.tickets = stage.newTickets();
			dropConnections(stage, fault);
			dropAtExpiry(stage, fault, afterS);
		},
		heal(stage, fault) {
			undo(stage, fault);
			tlsOf(stage, fault).certificate = soundTLS(stage, fault).certificate;
		},
	},
	{
		...tls,
		name: "client-certificate-expires",
		proves: "an identity that runs out on the way is named, and works again when it is renewed",
		mayReboot: true, // as for one that is refused from the start
		lastsMs: [10 * MINUTE, 4 * HOUR],
		draw: (random) => ({ afterS: random.integer(10, 1800), manner: random.integer(0, 2) }),
		apply(stage, fault) {
			const { afterS, manner } = fault.parameters;
			const settings = tlsOf(stage, fault);
			const untilS = stage.unixSeconds() + (afterS as number);
			const { acceptClient } = soundTLS(stage, fault);
			settings.acceptClient = (shown) =>
				stage.unixSeconds() <= untilS && acceptClient?.(shown) === true;
			settings.refusal = REFUSALS[manner as number] as "alert";
			dropAtExpiry(stage, fault, afterS as number);
		},
		heal(stage, fault) {
			undo(stage, fault);
			Object.assign(tlsOf(stage, fault), soundTLS(stage, fault));
		},
	},
	{
		...tls,
		name: "handshake-fails",
		proves: "a handshake may end anyhow in any flight",
		weight: 2,
		mayReboot: true, // a reset inside a handshake looks like a bad network
		lastsMs: [10 * SECOND, 2 * HOUR],
		draw: (random) => ({
			flight: random.integer(1, 2),
			manner: random.integer(0, FAILURE_MANNERS.length - 1),
		}),
		apply(stage, fault) {
			const { flight, manner } = fault.parameters;
			dropConnections(stage, fault);
			// A resumed handshake has no second flight.
			if (flight === 2) tlsOf(stage, fault).tickets = stage.newTickets();
			tlsOf(stage, fault).failure = {
				flight: flight as 1 | 2,
				manner: FAILURE_MANNERS[manner as number] as (typeof FAILURE_MANNERS)[number],
			};
		},
		heal(stage, fault) {
			tlsOf(stage, fault).failure = undefined;
		},
	},
	{
		...tls,
		name: "client-certificate-refused",
		proves: "a refused identity is named, and asked about at long intervals",
		mayReboot: true, // where it is refused by a reset, nothing tells it from a bad network
		lastsMs: [MINUTE, 3 * HOUR],
		draw: (random) => ({
			manner: random.integer(0, REFUSALS.length - 1),
			version: random.integer(0, 1),
		}),
		apply(stage, fault) {
			const settings = tlsOf(stage, fault);
			settings.acceptClient = () => false;
			settings.tickets = undefined;
			settings.refusal = REFUSALS[fault.parameters["manner"] as number] as "alert";
			settings.version = VERSIONS[fault.parameters["version"] as number] as "1.2";
			dropConnections(stage, fault);
		},
		heal: (stage, fault) => void Object.assign(tlsOf(stage, fault), soundTLS(stage, fault)),
	},
	{
		...tls,
		name: "protocol-too-old",
		proves: "nothing below TLS 1.2 is spoken",
		lastsMs: [MINUTE, 2 * HOUR],
		apply(stage, fault) {
			tlsOf(stage, fault).version = "1.1";
			dropConnections(stage, fault);
		},
		heal(stage, fault) {
			tlsOf(stage, fault).version = "1.2";
		},
	},
	{
		...tls,
		name: "record-broken",
		proves: "a broken byte in a session ends it and nothing else",
		backMs: BACK_MS,
		lastsMs: [0, 0],
		apply(stage, fault) {
			for (const connection of stage.places[fault.target]?.secured ?? []) {
				connection.breakNextRecord();
			}
		},
	},
	{
		...tls,
		name: "session-truncated",
		proves: "an end without a goodbye is an end",
		backMs: BACK_MS,
		lastsMs: [0, 0],
		apply(stage, fault) {
			for (const connection of [...(stage.places[fault.target]?.secured ?? [])]) {
				connection.truncate();
			}
		},
	},
	{
		...tls,
		name: "tickets-forgotten",
		proves: "a server that forgot its sessions gets a full handshake",
		backMs: BACK_MS,
		lastsMs: [0, 0],
		apply(stage, fault) {
			tlsOf(stage, fault).tickets = stage.newTickets();
			dropConnections(stage, fault);
		},
	},
]);

/** The broker shows another certificate, and its connections begin anew. */
function certificate(
	name: string,
	proves: string,
	changes: () => Partial<ReturnType<typeof tlsOf>["certificate"]>,
): FaultKind {
	return {
		...tls,
		name,
		proves,
		lastsMs: [MINUTE, 3 * HOUR],
		apply(stage, fault) {
			const settings = tlsOf(stage, fault);
			settings.certificate = { ...settings.certificate, ...changes() };
			settings.tickets = stage.newTickets();
			dropConnections(stage, fault);
		},
		heal(stage, fault) {
			tlsOf(stage, fault).certificate = soundTLS(stage, fault).certificate;
		},
	};
}

/** So soon the certificate runs out; whoever comes back then meets that. */
function dropAtExpiry(stage: Stage, fault: Fault, afterS: number): void {
	const expiry = stage.clock.schedule(() => dropConnections(stage, fault), (afterS + 1) * SECOND);
	stage.endings.set(fault, () => stage.clock.cancel(expiry));
}

function soundTLS(stage: Stage, fault: Fault) {
	return stage.soundTLS(fault.target);
}

/** A changed server has restarted. */
function dropConnections(stage: Stage, fault: Fault): void {
	const broker = brokerOf(stage, fault);
	if (broker.isUp) broker.restart({ keepsSessions: true });
}
