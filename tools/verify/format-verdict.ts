// Verdicts and summaries as lines for a person. Everything that a device or a broker said is made
// printable.
import { counted, printable } from "../command-line.js";
import type { Content } from "../../hosts/support/verify/content.js";
import type { DeviceSummary, Missing, Verdict } from "../../hosts/support/verify/verdict.js";

const QUALITY = ["", "build time", "stored floor", "sntp", "signed"];

export function formatVerdict(verdict: Verdict): string {
	return printable(verdict.kind === "verified" ? verifiedLine(verdict) : refusedLine(verdict));
}

export function formatSummary(summary: DeviceSummary): string[] {
	const { device, keyId, verified, duplicates, refused, missing } = summary;
	const counts = [`${verified} verified`];
	for (const [reason, count] of Object.entries(refused))
		counts.push(`${count} refused (${reason})`);
	if (duplicates > 0) counts.push(counted(duplicates, "duplicate"));
	const lines = [`${device} (key ${keyId}): ${counts.join(", ")}`];
	for (const range of missing) lines.push(`  missing ${formatMissing(range)}`);
	if (missing.length === 0 && verified > 0) lines.push("  nothing missing");
	return lines.map(printable);
}

function formatMissing({ first, last, cause, uncounted }: Missing): string {
	const range = first === last ? `#${first}` : `#${first} to #${last}`;
	switch (cause) {
		case "unexplained":
			if (first === last) return `${range}, unexplained`;
			return `${range}, unexplained: at least the last of them was sealed`;
		case "possible":
			return `${range}, perhaps: nothing that arrived vouches for them`;
		default: {
			const more = uncounted === undefined ? "" : `, ${uncounted} more than it states`;
			return `${range}, explained by a signed gap record: ${cause}${more}`;
		}
	}
}

function verifiedLine(verdict: Extract<Verdict, { kind: "verified" }>): string {
	const { device, sequence, time, content, isFormerKey } = verdict;
	const when = time ? `${isoTime(time.unixSeconds)} (${QUALITY[time.quality]})` : "no time";
	const key = isFormerKey ? "  (by a former key)" : "";
	return `verified  ${device} #${sequence}  ${when}  ${formatContent(content)}${key}`;
}

function refusedLine(verdict: Extract<Verdict, { kind: "refused" }>): string {
	const { reason, topic, device, keyId, sequence, duplicate, sealedFor } = verdict;
	const who = device ?? (keyId ? `key ${keyId}` : "unknown sender");
	const number = sequence === undefined ? "" : ` #${sequence}`;
	const notes = [
		...(duplicate ? ["the same bytes as before: at-least-once delivery may repeat them"] : []),
		...(sealedFor === undefined ? [] : [`sealed for ${sealedFor}`]),
	];
	const note = notes.length > 0 ? ` (${notes.join("; ")})` : "";
	return `refused   ${reason}  ${who}${number}  on ${topic}${note}`;
}

function formatContent(content: Content): string {
	switch (content.kind) {
		case "reading":
			return content.measurements
				.map(({ name, value, unit }) => `${name} ${value}${unit ? ` ${unit}` : ""}`)
				.join(", ");
		case "event":
			return `event ${JSON.stringify(content.event)}`;
		case "gap":
			return content.gaps
				.map(
					({ first, last, count, reason }) => `gap #${first} to #${last}: ${count} lost, ${reason}`,
				)
				.join("; ");
		case "result": {
			const { command, outcome, reason, detail } = content.result;
			const facts = detail ? ` ${JSON.stringify(detail)}` : "";
			return `result of command #${command}: ${outcome}${reason ? ` (${reason})` : ""}${facts}`;
		}
		case "log":
			return content.entries.map(({ counter, name }) => `log #${counter} ${name}`).join(", ");
		case "other":
			return `content type ${content.contentType}, ${content.payload.length / 2} bytes`;
	}
}

function isoTime(unixSeconds: number): string {
	return new Date(unixSeconds * 1000).toISOString().replace(".000Z", "Z");
}
