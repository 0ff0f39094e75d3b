// The sequence numbers of an operator's commands: each is claimed on disk before it is used, so
// that none is used twice, whatever is interrupted and however many programs of this fleet run at
// once.
import { readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { Fleet } from "../pki/fleet.js";
import { claimName, makeFolder } from "../pki/owned-files.js";

/**
 * A new sequence for `operator`, above every earlier one and not below the time in milliseconds: an
 * operator who loses the folder, but keeps the key, still goes on from above. Durable when this
 * returns.
 */
export function nextSequence(fleet: Fleet, operator: string, now = Date.now()): number {
	const folder = join(fleet.folder, "operators", `${operator}.sequence`);
	makeFolder(folder);
	for (;;) {
		const claimed = claimedIn(folder);
		const newest = claimed.at(-1) ?? 0;
		const sequence = Math.max(newest + 1, now);
		// Another program may have claimed it since; then the next one is tried.
		if (!claimName(join(folder, String(sequence)))) continue;
		for (const old of claimed) rmSync(join(folder, String(old)), { force: true });
		return sequence;
	}
}

/** The claims that are still there, lowest first. */
function claimedIn(folder: string): number[] {
	const names = readdirSync(folder).filter((name) => /^[0-9]{1,16}$/.test(name));
	return names.map(Number).sort((left, right) => left - right);
}
