// One run of `holdfast log verify`: sorts what it is given by device, has each log judged, and says
// the result. Where the bytes come from is not its affair.
import {
	addPartition,
	readLogPartition,
	type PartitionContents,
} from "../../hosts/support/verify/log-partition.js";
import { LogVerifier } from "../../hosts/support/verify/log-verifier.js";
import { partitionImage } from "../../hosts/support/verify/partition-image.js";
import { StreamVerifier, type KnownDevice } from "../../hosts/support/verify/stream-verifier.js";
import type { Refused } from "../../hosts/support/verify/verdict.js";
import { DEFAULT_RULES } from "../../src/policy/rules.js";
import { topicMatches } from "../../src/policy/topic-filter.js";
import { print, printable, printJSON } from "../command-line.js";
import { verifierCrypto } from "../verify/verifier-crypto.js";
import { formatLog, formatRefused, type DeviceReport } from "./format-log.js";
import { LogKeys } from "./log-keys.js";
import { claimedCounters } from "./claimed-counters.js";
import { UploadOrder } from "./upload-order.js";

export interface LogRunOptions {
	/** Each device by all of its keys. */
	readonly devices: readonly KnownDevice[];
	readonly json: boolean;
	/** Each log must be there from this entry on. */
	readonly from?: number;
}

/** Where devices upload their logs, all of them. */
export const LOG_FILTER = logFilter();

const NOBODY = "unknown device";

/** Uploads of each key that may come twice, as a file that was joined to itself has them. */
const RECENT_MAX = 65_536;

interface DeviceLog {
	readonly verifier: LogVerifier;
	readonly uploads: UploadOrder;
}

export class LogRun {
	readonly #options: LogRunOptions;
	readonly #crypto = verifierCrypto();
	readonly #keys: LogKeys;
	readonly #stream: StreamVerifier;
	readonly #logs = new Map<string, DeviceLog>();
	#failures = 0;
	#entries = 0;

	constructor(options: LogRunOptions) {
		const { devices } = options;
		this.#options = options;
		this.#keys = new LogKeys(devices, this.#crypto);
		const lenience = { mayBeRevoked: true, recentMax: RECENT_MAX };
		this.#stream = new StreamVerifier({ devices, crypto: this.#crypto, ...lenience });
	}

	/** Entries that arrived in envelopes, repetitions not counted. */
	get entries(): number {
		return this.#entries;
	}

	/**
	 * A message as it came on `topic`. Those of other channels are not looked at. Says what it
	 * brought.
	 */
	acceptMessage(topic: string, bytes: Uint8Array): string | undefined {
		if (!topicMatches(LOG_FILTER, topic)) return undefined;
		const verdict = this.#stream.accept(topic, bytes);
		if (verdict.kind === "refused") {
			if (verdict.duplicate === true) this.#logs.get(verdict.device ?? NOBODY)?.uploads.repeat();
			else this.#refuse(verdict, bytes);
			return undefined;
		}
		const { content, device, keyId, sequence, isRevokedKey = false } = verdict;
		if (content.kind !== "log") {
			this.#refuse({ kind: "refused", reason: "payload", topic, device, keyId, sequence }, bytes);
			return undefined;
		}
		const { verifier, uploads } = this.#logOf(device);
		for (const hex of content.encoded) {
			verifier.addUploaded(fromHex(hex), { isRevoked: isRevokedKey });
		}
		if (content.checkpoint !== undefined) {
			verifier.addCheckpoint(fromHex(content.checkpoint), "upload");
		}
		this.#entries += content.entries.length;
		const counters = content.entries.map(({ counter }) => counter);
		uploads.take({ keyId, sequence, counters });
		const named = counters.map((counter) => `#${counter}`);
		return named.length > 0 ? `${device}: ${named.join(", ")}` : undefined;
	}

	/** The bytes of a "log" partition. `device` is whose it is, where its checkpoints do not tell. */
	acceptImage(name: string, bytes: Uint8Array, device: string | undefined): void {
		const contents = readLogPartition(partitionImage(bytes));
		if (contents.kind === "unusable") return this.unreadable(name, "not a partition of a log");
		addPartition(this.#logOf(device ?? this.#ownerOf(contents)).verifier, contents);
	}

	/** Something that is neither. The run goes on. */
	unreadable(where: string, why: string): void {
		this.#failures++;
		process.stderr.write(`holdfast: ${printable(`${where}: ${why}`)}\n`);
	}

	/** Prints everything. The result says whether all that was given is as it should be. */
	finish(): boolean {
		const { json } = this.#options;
		let isSound = this.#failures === 0 && this.#logs.size > 0;
		const names = [...this.#logs.keys()].sort();
		for (const device of names) {
			const report = this.#reportOf(device);
			if (json) printReport(device, report);
			else formatLog(device, report).forEach(print);
			isSound &&= report.isSound;
		}
		if (json) printJSON({ kind: "summary", devices: names, refused: this.#failures, isSound });
		else if (names.length === 0) print("no log entries");
		return isSound;
	}

	#reportOf(device: string): DeviceReport {
		const { verifier, uploads } = this.#logs.get(device) as DeviceLog;
		const report = verifier.report();
		const { facts } = uploads;
		return {
			...report,
			missing: uploads.explain(report.missing),
			...(facts !== undefined && { uploads: facts }),
			...(!this.#keys.has(device) && { isUnknown: true as const }),
		};
	}

	#refuse(refused: Refused, bytes: Uint8Array): void {
		const { reason, topic, keyId, sequence } = refused;
		this.#failures++;
		const counters = claimedCounters(bytes);
		const device = refused.device ?? deviceOf(topic);
		this.#logs.get(device)?.uploads.refuse({
			counters,
			...(keyId !== undefined && { keyId }),
			...(sequence !== undefined && { sequence }),
		});
		const claim = {
			...(sequence !== undefined && { sequence }),
			...(counters.length > 0 && { claimedEntries: counters }),
		};
		if (this.#options.json) printJSON({ kind: "refused", topic, reason, ...claim });
		else print(formatRefused({ topic, reason, ...claim }));
	}

	#logOf(device: string): DeviceLog {
		let log = this.#logs.get(device);
		if (log === undefined) {
			const { from } = this.#options;
			const verifier = new LogVerifier({
				crypto: this.#crypto,
				verify: this.#keys.verifyOf(device),
				isRevoked: (keyId) => this.#keys.isRevoked(keyId),
				...(from !== undefined && { from }),
			});
			log = { verifier, uploads: new UploadOrder() };
			this.#logs.set(device, log);
		}
		return log;
	}

	/** Who signed it; where nobody did, the one device that there is. */
	#ownerOf({ checkpoints }: PartitionContents): string {
		const only = checkpoints.length === 0 ? this.#keys.only : undefined;
		return this.#keys.signerOf(checkpoints) ?? only ?? NOBODY;
	}
}

/** One line for each entry, then one for the log. */
function printReport(device: string, report: DeviceReport): void {
	const { entries, ...rest } = report;
	for (const { entry, ...judged } of entries) {
		const { previous, counter, ...content } = entry ?? {};
		void previous;
		void counter;
		printJSON({ kind: "entry", device, ...judged, ...content });
	}
	printJSON({ kind: "log", device, entries: entries.length, ...rest });
}

function logFilter(): string {
	const rule = DEFAULT_RULES.find(({ channel }) => channel === "log");
	return (rule?.topic ?? "holdfast/{device}/log").replaceAll("{device}", "+");
}

/** Whose topic it is. */
function deviceOf(topic: string): string {
	const level = LOG_FILTER.split("/").indexOf("+");
	return topic.split("/")[level] ?? NOBODY;
}

function fromHex(hex: string): Uint8Array {
	return new Uint8Array(Buffer.from(hex, "hex"));
}
