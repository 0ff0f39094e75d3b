// The security log of one device, judged from its uploads alone: whatever arrives must be what the
// device wrote, in its order.

import { CONTENT_LOG } from "../../../src/envelope/content-types.js";
import type { Envelope } from "../../../src/envelope/open.js";
import { decodeBatch } from "../../../src/security-log/batch.js";
import { LogVerifier } from "../../support/verify/log-verifier.js";
import type { SimulatedBoard } from "../board.js";

const WRONG: ReadonlySet<string> = new Set(["altered", "reordered", "conflicting"]);

export class LogCheck {
	readonly #verifier: LogVerifier;

	constructor(board: SimulatedBoard) {
		const { crypto } = board;
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

	/** What is wrong with all that came, or `undefined`. */
	problem(): string | undefined {
		const { entries, checkpointsRefused } = this.#verifier.report();
		if (checkpointsRefused > 0) return `${checkpointsRefused} checkpoints do not verify`;
		const wrong = entries.find(({ status }) => WRONG.has(status));
		return wrong && `entry ${wrong.counter} is ${wrong.status}: ${wrong.why ?? ""}`;
	}
}
