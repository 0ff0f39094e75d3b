import { LOG_ENTRY_BYTES_MAX } from "../../../src/limits.js";
import { judgeEvent } from "../../../src/security-log/catalogue.js";
import { decodeEntry, encodeEntry, type LogEntry } from "../../../src/security-log/entry.js";

const ENTRY: LogEntry = {
	counter: 7,
	previous: new Uint8Array(32).fill(9),
	name: "connection-failed",
	details: { failureClass: "tls-pin", failures: 2, isSecurity: true, ratio: 0.5 },
	uptimeS: 12,
	time: { unixSeconds: 1_800_000_000, quality: 2 },
};

describe("an entry", () => {
	it("is read as it was written", () => {
		expect(decodeEntry(encodeEntry(ENTRY))).toEqual({ kind: "valid", value: ENTRY });
	});

	it("leaves out the last details where they do not fit", () => {
		const details: Record<string, string> = {};
		for (let index = 0; index < 8; index++) details[`detail-${index}`] = "é".repeat(40);
		const bytes = encodeEntry({ ...ENTRY, details });
		expect(bytes.length).toBeLessThanOrEqual(LOG_ENTRY_BYTES_MAX);
		const read = decodeEntry(bytes);
		expect(read.kind === "valid" && Object.keys(read.value.details)).toEqual(["detail-0"]);
	});
});

describe("an event", () => {
	it("is no entry when it tells that an entry could not be uploaded", () => {
		const refused = { name: "message-refused", reason: "full" };
		expect(judgeEvent({ ...refused, channel: "log" })).toBeUndefined();
		expect(judgeEvent({ ...refused, channel: "telemetry" })?.details).toEqual({
			channel: "telemetry",
			reason: "full",
		});
	});
});
