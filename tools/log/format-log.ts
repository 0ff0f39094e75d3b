// The verifier's report as lines for a person. Everything that a device said is made printable.
import type {
	JudgedEntry,
	LogReport,
	MissingEntries,
} from "../../hosts/support/verify/log-report.js";
import { counted, printable } from "../command-line.js";

const QUALITY = ["", "build time", "stored floor", "sntp", "signed"];

/** Each entry in a line, what is missing between them, and a summary. */
export function formatLog(device: string, report: LogReport): string[] {
	const { entries, missing } = report;
	const lines: string[] = [];
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
	const range = first === last ? `#${first}` : `#${first} to #${last}`;
	return `${"missing".padEnd(11)} ${range}  ${CAUSES[cause]}`;
}

const CAUSES: Readonly<Record<MissingEntries["cause"], string>> = {
	overwritten: "overwritten: the device no longer held them when it signed last",
	removed: "not on the partition, where they should be; what was uploaded is genuine",
	unexplained: "unexplained: the device held them when it signed last",
};

function formatSummary(device: string, report: LogReport): string[] {
	const { entries, checkpoints, checkpointsRefused, signedThrough, behind, isSound } = report;
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
	if (checkpointsRefused > 0) {
		lines.push(`  ${counted(checkpointsRefused, "checkpoint")} that this device did not sign`);
	}
	if (behind !== undefined) {
		lines.push(
			`  the partition ends at #${behind.partition}, and #${behind.upload} was uploaded: it is` +
				" older, or was put back",
		);
	}
	lines.push(isSound ? "  the log is sound" : "  the log is NOT sound");
	return lines;
}

function isoTime(unixSeconds: number): string {
	return new Date(unixSeconds * 1000).toISOString().replace(".000Z", "Z");
}
