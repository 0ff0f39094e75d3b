// The verifier's report as lines for a person. Everything that a device said is made printable.
import type {
	JudgedEntry,
	LogReport,
	MissingEntries,
} from "../../hosts/support/verify/log-report.js";
import { counted, printable } from "../command-line.js";
import type { UploadFacts } from "./upload-order.js";

/** The report on the log of one device, and on how it arrived. */
export interface DeviceReport extends LogReport {
	readonly uploads?: UploadFacts;
	/** No key here is of this device. */
	readonly isUnknown?: true;
}

/** An upload that is not believed. The numbers are its own word. */
export interface RefusedMessage {
	readonly topic: string;
	readonly reason: string;
	readonly sequence?: number;
	readonly claimedEntries?: readonly number[];
}

const QUALITY = ["", "build time", "stored floor", "sntp", "signed"];

/** Each entry in a line, what is missing between them, and a summary. */
export function formatLog(device: string, report: DeviceReport): string[] {
	const { entries, missing, before } = report;
	const lines: string[] = [];
	if (before !== undefined) {
		const range = rangeOf(1, before.through);
		lines.push(`${"before".padEnd(11)} ${range}  ${BEFORE[before.cause]}`);
	}
	const rest = [...missing];
	for (const entry of entries) {
		while (rest[0] !== undefined && rest[0].first <= entry.counter) {
			lines.push(formatMissing(rest.shift() as MissingEntries));
		}
		lines.push(formatEntry(entry));
	}
	lines.push(...rest.map(formatMissing), ...formatSummary(device, report));
	return lines.map(printable);
}

/** A message in a line, with what it says of itself. */
export function formatRefused(message: RefusedMessage): string {
	const { topic, reason, sequence, claimedEntries } = message;
	const notes = [];
	if (reason === "signature") notes.push("altered, or not sealed by this device for this topic");
	if (reason === "unknown-key") notes.push("no key here signed this");
	if (sequence !== undefined) notes.push(`message #${sequence}`);
	if (claimedEntries !== undefined) {
		const entries = claimedEntries.map((counter) => `#${counter}`).join(", ");
		notes.push(`by its own word with ${entries}`);
	}
	const note = notes.length > 0 ? `  (${notes.join("; ")})` : "";
	return printable(`refused   ${reason}  on ${topic}${note}`);
}

function formatEntry({ counter, status, entry, why }: JudgedEntry): string {
	const reason = why === undefined ? "" : ` (${why})`;
	if (entry === undefined) return `${status.padEnd(11)} #${counter}${reason}`;
	const { name, details, time, uptimeS } = entry;
	const when = time
		? `${isoTime(time.unixSeconds)} (${QUALITY[time.quality]})`
		: `${uptimeS} s after a boot`;
	const facts = Object.entries(details)
		.filter(([, value]) => value !== "")
		.map(([key, value]) => `${key} ${String(value)}`);
	return [`${status.padEnd(11)} #${counter}`, when, `${name}${reason}`, ...facts].join("  ");
}

function formatMissing({ first, last, cause }: MissingEntries): string {
	return `${"missing".padEnd(11)} ${rangeOf(first, last)}  ${CAUSES[cause]}`;
}

function rangeOf(first: number, last: number): string {
	return first === last ? `#${first}` : `#${first} to #${last}`;
}

const CAUSES: Readonly<Record<MissingEntries["cause"], string>> = {
	overwritten: "overwritten: the device no longer held them when it signed last",
	removed: "not on the partition, where they should be; what was uploaded is genuine",
	unexplained: "unexplained: the device held them when it signed last",
	altered: "altered: an upload that should hold them does not verify",
	unproven: "unproven: only an entry that nobody signed names them",
};

const BEFORE: Readonly<Record<NonNullable<LogReport["before"]>["cause"], string>> = {
	overwritten: "overwritten: the device no longer held them",
	"not-given": "not given: what came first may have been left out (--from 1 insists on it)",
};

function formatSummary(device: string, report: DeviceReport): string[] {
	const { entries, checkpoints, signedThrough, isSound } = report;
	const count = (status: JudgedEntry["status"]) =>
		entries.filter((entry) => entry.status === status).length;
	const counts = [`${count("genuine")} genuine`];
	if (count("unsigned") > 0) counts.push(`${count("unsigned")} not signed yet`);
	for (const status of ["altered", "reordered", "conflicting"] as const) {
		if (count(status) > 0) counts.push(`${count(status)} ${status}`);
	}
	const lines = ["", `${device}: ${counts.join(", ")}`];
	const through = signedThrough === undefined ? "" : `, signed through #${signedThrough}`;
	lines.push(`  ${counted(checkpoints, "checkpoint")}${through}`);
	lines.push(...formatSigners(report), ...formatPartition(report), ...formatUploads(report));
	lines.push(isSound ? "  the log is sound" : "  the log is NOT sound");
	return lines;
}

/** Whose signatures there are, and are not. */
function formatSigners(report: DeviceReport): string[] {
	const { entries, checkpointsRefused, revoked, isUnknown } = report;
	const lines: string[] = [];
	if (checkpointsRefused > 0) {
		const who = isUnknown ? "no key here signed" : "this device did not sign";
		lines.push(`  ${counted(checkpointsRefused, "checkpoint")} that ${who}`);
	}
	if (isUnknown) {
		lines.push(
			"  no key here is of this device: --fleet or --key gives its key, --device its name",
		);
	} else if (entries.length > 0 && !entries.some(({ status }) => SIGNED.has(status))) {
		lines.push("  nothing vouches for any of it: no signature is of this log");
	}
	if (revoked !== undefined) {
		lines.push(
			`  revoked: through #${revoked.through} only a key vouches whose certificate was revoked;` +
				" the device wrote that, or whoever has its key",
		);
	}
	return lines;
}

const SIGNED: ReadonlySet<JudgedEntry["status"]> = new Set(["genuine", "conflicting", "reordered"]);

function formatPartition({ behind, isPartitionEmpty }: DeviceReport): string[] {
	const lines: string[] = [];
	if (isPartitionEmpty) lines.push("  the partition holds no entry: it is erased, or not a log");
	if (behind !== undefined) {
		lines.push(
			`  the partition ends at #${behind.partition}, and #${behind.upload} was uploaded: it is` +
				" older, was put back, or was erased",
		);
	}
	return lines;
}

function formatUploads({ uploads }: DeviceReport): string[] {
	const lines: string[] = [];
	if (uploads === undefined) return lines;
	const { duplicates, reordered } = uploads;
	if (duplicates > 0) {
		const came = `${counted(duplicates, "upload")} came again`;
		lines.push(`  ${came}, with the same bytes: at-least-once delivery may repeat them`);
	}
	if (reordered.length > 0) {
		const which = reordered.slice(0, REORDERED_SHOWN).map((sequence) => `#${sequence}`);
		if (reordered.length > REORDERED_SHOWN) which.push("…");
		lines.push(
			`  ${counted(reordered.length, "upload")} reordered: message ${which.join(", ")} came after` +
				" one that was sealed later; no proof of tampering, nothing is lost by it",
		);
	}
	return lines;
}

const REORDERED_SHOWN = 8;

function isoTime(unixSeconds: number): string {
	return new Date(unixSeconds * 1000).toISOString().replace(".000Z", "Z");
}
