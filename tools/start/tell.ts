// Words for what happened: one line per verdict or event, for the live view and for plain output
// alike.

import type { DeviceEvent } from "../../src/ports.js";
import type { Verdict, Verified } from "../../hosts/support/verify/verdict.js";
import type { BrokerEvent } from "./broker.js";

const TIME_QUALITIES = ["no time", "build time", "floor", "SNTP", "signed time"];

/** A verified message in one line. */
export function tellVerified(verified: Verified): string {
	const { content, sequence, channel, time } = verified;
	const quality = TIME_QUALITIES[time?.quality ?? 0] ?? "";
	switch (content.kind) {
		case "reading": {
			const measured = content.measurements.map(({ name, value, unit }) => {
				return `${name} ${value.toFixed(2)}${unit === undefined ? "" : ` ${unit}`}`;
			});
			return `#${sequence}  ${measured.join("  ")}  (${quality})`;
		}
		case "gap":
			return `#${sequence}  signed gaps: ${content.gaps.map(tellValue).join("; ")}`;
		case "result":
			return `#${sequence}  signed result: ${content.result.outcome}`;
		case "event":
			return `#${sequence}  signed event: ${tellValue(content.event)}`;
		case "log":
			return `#${sequence}  security log: ${content.entries.map(({ name }) => name).join(", ")}`;
		case "other":
			return `#${sequence}  ${channel}: ${content.contentType}`;
	}
}

export function tellRefused(verdict: Exclude<Verdict, Verified>): string {
	const sequence = verdict.sequence === undefined ? "" : `#${verdict.sequence}  `;
	return `${sequence}refused: ${verdict.reason} (${verdict.topic})`;
}

/** A security event says so first: a narrow terminal shows the beginning of a line. */
export function tellDeviceEvent({ name, isSecurity, ...details }: DeviceEvent): string {
	const told = Object.entries({ isSecurity, ...details }).filter(
		([, value]) => value !== undefined && value !== "",
	);
	return ["device:", name, ...told.map(([key, value]) => `${key} ${String(value)}`)].join(" ");
}

/** Why the device is not connected: the class, and the codes where they say more. */
export function tellFailure({ failureClass, code, transportCode }: DeviceEvent): string {
	const isNews = (value: unknown) => value !== undefined && value !== failureClass;
	const codes = [...new Set([code, transportCode])].filter(isNews).map(String);
	return `${String(failureClass)}${codes.length > 0 ? ` (${codes.join(", ")})` : ""}`;
}

export function tellBrokerEvent({ name, ...details }: BrokerEvent): string {
	return ["broker:", name, ...Object.values(details)].join(" ");
}

function tellValue(value: unknown): string {
	if (typeof value !== "object" || value === null) return String(value);
	return Object.entries(value)
		.filter(([, item]) => item !== "")
		.map(([key, item]) => `${key} ${tellValue(item)}`)
		.join(" ");
}
