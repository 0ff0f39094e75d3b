// One run of `holdfast log verify`: sorts what it is given by device, has each log judged, and says
// the result. Where the bytes come from is not its affair.
import {
	addPartition,
	readLogPartition,
	type PartitionContents,
} from "../../hosts/support/verify/log-partition.js";
import type { LogReport } from "../../hosts/support/verify/log-report.js";
import { LogVerifier } from "../../hosts/support/verify/log-verifier.js";
import { StreamVerifier, type KnownDevice } from "../../hosts/support/verify/stream-verifier.js";
import type { StatementVerify } from "../../src/cbor/statement.js";
import { ed25519Problem } from "../../src/envelope/ed25519-strict.js";
import { DEFAULT_RULES } from "../../src/policy/rules.js";
import { topicMatches } from "../../src/policy/topic-filter.js";
import { openCheckpoint } from "../../src/security-log/checkpoint.js";
import { print, printable, printJSON } from "../command-line.js";
import { keyIdOf } from "../pki/device-record.js";
import { verifierCrypto } from "../verify/verifier-crypto.js";
import { formatLog } from "./format-log.js";
import { partitionImage } from "../../hosts/support/verify/partition-image.js";

export interface LogRunOptions {
	readonly devices: readonly KnownDevice[];
	readonly json: boolean;
}

/** Where devices upload their logs, all of them. */
export const LOG_FILTER = logFilter();

const NOBODY = "unknown device";

export class LogRun {
	readonly #options: LogRunOptions;
	readonly #crypto = verifierCrypto();
	readonly #stream: StreamVerifier;
	readonly #logs = new Map<string, LogVerifier>();
	#failures = 0;
	#entries = 0;

	constructor(options: LogRunOptions) {
		this.#options = options;
		this.#stream = new StreamVerifier({ devices: options.devices, crypto: this.#crypto });
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
			if (verdict.duplicate === true) return undefined;
			this.#refuse(topic, verdict.reason);
			return undefined;
		}
		const { content, device } = verdict;
		if (content.kind !== "log") {
			this.#refuse(topic, "payload");
			return undefined;
		}
		const log = this.#logOf(device);
		for (const hex of content.encoded) log.addUploaded(fromHex(hex));
		if (content.checkpoint !== undefined) {
			log.addCheckpoint(fromHex(content.checkpoint), "upload");
		}
		this.#entries += content.entries.length;
		const counters = content.entries.map(({ counter }) => `#${counter}`);
		return counters.length > 0 ? `${device}: ${counters.join(", ")}` : undefined;
	}

	/** The bytes of a "log" partition. `device` is whose it is, where its checkpoints do not tell. */
	acceptImage(name: string, bytes: Uint8Array, device: string | undefined): void {
		const contents = readLogPartition(partitionImage(bytes));
		if (contents.kind === "unusable") return this.unreadable(name, "not a partition of a log");
		const owner = device ?? this.#ownerOf(contents) ?? this.#onlyDevice() ?? NOBODY;
		addPartition(this.#logOf(owner), contents);
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
			const report = (this.#logs.get(device) as LogVerifier).report();
			if (json) printReport(device, report);
			else formatLog(device, report).forEach(print);
			isSound &&= report.isSound && report.entries.length > 0;
		}
		if (json) printJSON({ kind: "summary", devices: names, refused: this.#failures, isSound });
		else if (names.length === 0) print("no log entries");
		return isSound;
	}

	#refuse(topic: string, reason: string): void {
		this.#failures++;
		if (this.#options.json) printJSON({ kind: "refused", topic, reason });
		else print(printable(`refused   ${reason}  on ${topic}`));
	}

	#logOf(device: string): LogVerifier {
		let log = this.#logs.get(device);
		if (log === undefined) {
			const known = this.#options.devices.find((candidate) => candidate.device === device);
			const verify = known === undefined ? () => false : this.#verifyOf(known);
			log = new LogVerifier({ crypto: this.#crypto, verify });
			this.#logs.set(device, log);
		}
		return log;
	}

	#verifyOf({ publicKey, isRevoked }: KnownDevice): StatementVerify {
		const known = Buffer.from(keyIdOf(publicKey));
		return (keyId, message, signature) =>
			isRevoked !== true &&
			known.equals(keyId) &&
			signature.length === 64 &&
			ed25519Problem(publicKey, signature) === undefined &&
			this.#crypto.ed25519Verify(publicKey, message, signature);
	}

	/** The device that signed a checkpoint of this partition. */
	#ownerOf({ checkpoints }: PartitionContents): string | undefined {
		for (const known of this.#options.devices) {
			const verify = this.#verifyOf(known);
			if (checkpoints.some((bytes) => openCheckpoint(bytes, verify) !== undefined)) {
				return known.device;
			}
		}
		return undefined;
	}

	#onlyDevice(): string | undefined {
		const { devices } = this.#options;
		return devices.length === 1 ? devices[0]?.device : undefined;
	}
}

/** One line for each entry, then one for the log. */
function printReport(device: string, report: LogReport): void {
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

function fromHex(hex: string): Uint8Array {
	return new Uint8Array(Buffer.from(hex, "hex"));
}
