// Which events belong in the security log, and what of each is kept. The names are those under
// which the device reports them; they are stable. What is not listed here is never written:
// neither events nor their details.

import { shortenText } from "../bytes/text.js";
import { deepFreeze } from "../deep-freeze.js";
import { LOG_DETAILS_MAX, LOG_TEXT_CHARACTERS_MAX } from "../limits.js";
import type { DeviceEvent } from "../ports.js";
import type { LogDetails } from "./entry.js";

/** Who can bring an event about. Each has a rate of its own: none can use up that of another. */
export type EventSource =
	| "device" // it happens on the device itself
	| "operator" // signed, judged and obeyed
	| "station" // comes over USB
	| "peer"; // comes over the network, from whomever

export interface CatalogueEntry {
	readonly source: EventSource;
	/** The details that are kept, in this order. No secret and no payload is ever among them. */
	readonly details: readonly string[];
	/** Details that tell kinds of this event apart: one kind does not use up another's rate. */
	readonly kindBy?: readonly string[];
	/** It may not take what is kept for graver events of the same source. */
	readonly isMinor?: (event: DeviceEvent) => boolean;
	/** Nothing follows in this boot: what was counted is written down as well. */
	readonly isLast?: boolean;
	/** Of events that are mostly ordinary: the ones that belong here. */
	readonly isOfInterest?: (event: DeviceEvent) => boolean;
	/**
	 * May wait in memory until something of the device's own is written, or until the device has run
	 * a while. What peers bring about always may.
	 */
	readonly mayWait?: (event: DeviceEvent) => boolean;
}

export const CATALOGUE: Readonly<Record<string, CatalogueEntry>> = deepFreeze({
	// the device's life
	"device-booted": {
		source: "device",
		details: ["reason", "stage", "mode", "failedBoots", "isRecordCorrupt", "firmwareVersion"],
		mayWait: isOrdinaryBoot,
	},
	"device-restarting": { source: "device", details: ["cause"], isLast: true },
	"task-stalled": { source: "device", details: ["task"] },
	"reboot-requested": { source: "peer", details: ["failureClass"] },
	"reboot-denied": { source: "peer", details: ["failureClass", "reason"] },

	// storage and keys
	"storage-failed": {
		source: "device",
		details: ["path", "code"],
		kindBy: ["path"],
		isMinor: always,
	},
	"signing-key-missing": { source: "device", details: [] },
	"message-refused": {
		source: "device",
		details: ["channel", "reason"],
		isMinor: always,
		// Or an entry that cannot be uploaded would make another one.
		isOfInterest: ({ channel }) => channel !== "log",
	},

	// time
	"time-floor-raised": { source: "device", details: ["unixSeconds", "by"], isMinor: always },

	// credentials and provisioning
	"credential-promoted": { source: "device", details: ["slot"] },
	"credential-reverted": { source: "device", details: ["slot"] },
	"credential-record-corrupt": { source: "device", details: [] },
	"credential-slot-corrupt": { source: "device", details: ["slot"] },
	"provisioning-keys-made": { source: "station", details: ["key", "keyId"], kindBy: ["key"] },
	"provisioning-committed": { source: "station", details: ["role"] },
	"provisioning-locked": { source: "station", details: [] },
	"provisioning-unlocked": { source: "station", details: ["operator"] },
	"provisioning-refused": {
		source: "station",
		details: ["step", "code", "path"],
		kindBy: ["step"],
		isMinor: ({ step }) => step !== "unlock",
		mayWait: always,
	},

	// what comes over the network
	"signature-rejected": { source: "peer", details: ["reason"], isMinor: always },
	"message-outside-policy": { source: "peer", details: ["topic"], isMinor: always },
	"message-too-large": { source: "peer", details: ["payloadBytes"], isMinor: always },
	"command-refused": {
		source: "peer",
		details: ["reason", "sequence", "operator"],
		kindBy: ["reason"],
		isMinor: always,
	},
	"command-performed": {
		source: "operator",
		details: ["command", "sequence", "operator", "outcome"],
		kindBy: ["operator", "command"],
		isMinor: ({ command }) => READ_ONLY.includes(String(command)),
	},
	"protocol-violated": { source: "peer", details: ["clause", "detail"] },
	"subscription-refused": { source: "peer", details: ["topic", "granted"] },
	"subscription-weaker": { source: "peer", details: ["topic", "granted"] },
	"connection-failed": {
		source: "peer",
		details: ["failureClass", "code", "transportCode", "phase", "host", "failures"],
		kindBy: ["failureClass"],
		isOfInterest: ({ isSecurity }) => isSecurity === true,
	},
	"duplicate-client-id-suspected": { source: "peer", details: [] },

	// the log about itself
	"log-shortened": { source: "device", details: ["expected", "found"] },
	"log-altered": { source: "device", details: ["counter"] },
});

/** Written by the log itself; it is nothing that is reported. Its details are counts by name. */
export const EVENTS_SUPPRESSED = "events-suppressed";

/** What the log keeps of an event, and how it is told apart from others. */
export interface Judged {
	readonly rule: CatalogueEntry;
	readonly details: LogDetails;
	/** Events of one kind share a rate. Nothing that a peer can choose freely is part of it. */
	readonly kind: string;
	readonly isMinor: boolean;
	readonly mayWait: boolean;
}

/** The part of `event` that the log keeps, or `undefined` where it does not belong there. */
export function judgeEvent(event: DeviceEvent): Judged | undefined {
	const rule = Object.hasOwn(CATALOGUE, event.name) ? CATALOGUE[event.name] : undefined;
	if (rule === undefined || rule.isOfInterest?.(event) === false) return undefined;
	const details: Record<string, string | number | boolean> = {};
	for (const name of rule.details.slice(0, LOG_DETAILS_MAX)) {
		const value = event[name];
		if (typeof value === "string") details[name] = shortenText(value, LOG_TEXT_CHARACTERS_MAX);
		else if (typeof value === "boolean" || isLoggable(value)) details[name] = value;
	}
	const kind = [event.name, ...(rule.kindBy ?? []).map((name) => String(details[name]))].join(" ");
	const mayWait = rule.mayWait?.(event) ?? rule.source === "peer";
	return { rule, details, kind, isMinor: rule.isMinor?.(event) === true, mayWait };
}

/** Commands that change nothing. A new command counts as one that does. */
const READ_ONLY: readonly string[] = Object.freeze(["identify", "report"]);

function always(): boolean {
	return true;
}

/**
 * Switched on, reset by hand or restarted, or not the first to end in safe mode: without company,
 * not worth a write.
 */
function isOrdinaryBoot({ reason, mode, wasSafe, isRecordCorrupt }: DeviceEvent): boolean {
	if (isRecordCorrupt) return false;
	return wasSafe === true || (mode === "normal" && ORDINARY_RESETS.includes(String(reason)));
}

const ORDINARY_RESETS: readonly string[] = Object.freeze([
	"power-on",
	"external",
	"software",
	"brownout",
]);

function isLoggable(value: unknown): value is number {
	return typeof value === "number" && (Number.isSafeInteger(value) || isFraction(value));
}

function isFraction(value: number): boolean {
	return Number.isFinite(value) && !Number.isInteger(value);
}
