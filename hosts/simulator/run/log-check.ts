// The security log of one device, judged from its uploads and its partition together: whatever
// arrives must be what the device wrote, and what the device signed as held must be there.

import { CONTENT_LOG } from "../../../src/envelope/content-types.js";
import type { Envelope } from "../../../src/envelope/open.js";
import { decodeBatch } from "../../../src/security-log/batch.js";
import { addPartition, readLogPartition } from "../../support/verify/log-partition.js";
import { partitionImage } from "../../support/verify/partition-image.js";
import type { JudgedEntry } from "../../support/verify/log-report.js";
import { LogVerifier } from "../../support/verify/log-verifier.js";
import type { SimulatedBoard } from "../board.js";

const WRONG: ReadonlySet<string> = new Set(["altered", "reordered", "conflicting"]);

export class LogCheck {
	readonly #board: SimulatedBoard;
	readonly #verifier: LogVerifier;

	constructor(board: SimulatedBoard) {
		const { crypto } = board;
		this.#board = board;
		this.#verifier = new LogVerifier({
			crypto,
			verify: (_keyId, message, signature) =>
				crypto.ed25519Verify(board.publicKey, message, signature),
		});
	}

	/** A verified envelope of the device. Why it is no batch, or `undefined`. */
	take({ contentType, payload }: Envelope): string | undefined {
		if (contentType !== CONTENT_LOG) return undefined;
		const read = decodeBatch(payload);
		if (read.kind === "invalid") return `${read.path}: expected ${read.expected}`;
		for (const entry of read.value.entries) this.#verifier.addUploaded(entry);
		const { checkpoint } = read.value;
		if (checkpoint !== undefined) this.#verifier.addCheckpoint(checkpoint, "upload");
		return undefined;
	}

	/** The number of the newest entry on the partition; 0 for none. */
	newestStored(): number {
		const contents = readLogPartition(partitionImage(this.#board.logChip.image()));
		return contents.kind === "unusable" ? 0 : (contents.entries.at(-1)?.counter ?? 0);
	}

	/**
	 * Once, at the end: what is wrong with all that came and all that stands, or `undefined`. Entries
	 * up to `through` must be signed and uploaded by now.
	 */
	problem(through = 0): string | undefined {
		const contents = readLogPartition(partitionImage(this.#board.logChip.image()));
		if (contents.kind === "unusable") return `the partition is ${contents.code}`;
		addPartition(this.#verifier, contents);
		const report = this.#verifier.report();
		const { entries, checkpointsRefused, missing, behind, signedThrough = 0 } = report;
		// What it overwrote last is named by no checkpoint, where none can be written any more.
		const excused = this.#board.logChip.isWornOut ? "removed" : "overwritten";
		const lost = missing.find(({ cause }) => cause !== "overwritten" && cause !== excused);
		if (lost) return `entries ${lost.first} to ${lost.last} are ${lost.cause}`;
		if (behind) return `the partition ends at ${behind.partition}, uploads at ${behind.upload}`;
		if (checkpointsRefused > 0) return `${checkpointsRefused} checkpoints do not verify`;
		const alarm = entries.find(({ entry }) => entry?.name.startsWith("log-"));
		if (alarm) return `entry ${alarm.counter} says ${alarm.entry?.name}, and nobody touched it`;
		const late = this.#late(entries, through, signedThrough);
		if (late !== undefined) return late;
		const wrong = entries.find(({ status }) => WRONG.has(status));
		return wrong && `entry ${wrong.counter} is ${wrong.status}: ${wrong.why ?? ""}`;
	}

	/** A log on flash that can be written is written, signed and uploaded. */
	#late(entries: readonly JudgedEntry[], through: number, signed: number): string | undefined {
		if (this.#board.logChip.isWornOut) return undefined;
		if (entries.length === 0) return "not even the boot was written down";
		if (signed < through) return `entry ${through} is not signed, the newest signed is ${signed}`;
		const uploaded = entries.filter(({ sources }) => sources.includes("upload"));
		const newest = uploaded.at(-1)?.counter ?? 0;
		if (newest >= through) return undefined;
		return `entry ${through} was not uploaded, the newest uploaded is ${newest}`;
	}
}
