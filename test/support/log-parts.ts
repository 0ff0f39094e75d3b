// The parts of a security log as a verifier is given them, and its report on them.

import type { LogReport } from "../../hosts/support/verify/log-report.js";
import { addPartition, readLogPartition } from "../../hosts/support/verify/log-partition.js";
import { LogVerifier, type LogVerifierOptions } from "../../hosts/support/verify/log-verifier.js";
import type { LogBatch } from "../../src/security-log/batch.js";
import { LogImage, LogLife, verifyLogKey } from "./log-bench.js";
import { toyDigest } from "./toy-digest.js";

export interface LogParts {
	readonly entries: readonly { readonly counter: number; readonly bytes: Uint8Array }[];
	readonly checkpoints: readonly Uint8Array[];
	readonly batches: readonly LogBatch[];
	/** A partition was given, though it holds nothing. */
	readonly isErased?: boolean;
}

export const NOTHING: LogParts = { entries: [], checkpoints: [], batches: [] };

/** A log of `count` entries, signed and uploaded. */
export function madeLog(count: number, image = new LogImage()): LogParts {
	const life = new LogLife(image);
	life.fill(count);
	life.work();
	return { ...partsOf(image), batches: life.upload() };
}

export function partsOf(image: LogImage): LogParts {
	const contents = readLogPartition(image.chip.open());
	if (contents.kind === "unusable") throw new Error(contents.code);
	const { entries, checkpoints } = contents;
	return { entries, checkpoints, batches: [] };
}

export function partitionOf({ entries, checkpoints }: LogParts): LogParts {
	return { ...NOTHING, entries, checkpoints };
}

export function uploadsOf({ batches }: LogParts): LogParts {
	return { ...NOTHING, batches };
}

export function report(parts: LogParts, more: Partial<LogVerifierOptions> = {}): LogReport {
	const { entries, checkpoints, batches, isErased = false } = parts;
	const verifier = new LogVerifier({
		crypto: { sha256: toyDigest },
		verify: verifyLogKey,
		...more,
	});
	if (isErased || entries.length + checkpoints.length > 0) {
		addPartition(verifier, { kind: "read", entries, checkpoints });
	}
	for (const batch of batches) {
		for (const bytes of batch.entries) verifier.addUploaded(bytes);
		if (batch.checkpoint) verifier.addCheckpoint(batch.checkpoint, "upload");
	}
	return verifier.report();
}

export function statuses(parts: LogParts): string[] {
	return report(parts).entries.map(({ counter, status }) => `${counter} ${status}`);
}
