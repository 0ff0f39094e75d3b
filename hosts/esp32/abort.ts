// What happens when the engine cannot go on: an exception or a rejection that nobody handled, or no
// memory. The chip restarts in any case, and the next life reads why in place of the stage.
import type { Watchdog } from "../../src/ports.js";

declare global {
	/** Called by the SDK with `defines.xs.abortHook`; not when a stack overflows. */
	var abort: ((message: string, exception: unknown) => boolean) | undefined;
}

/**
 * The SDK's message, and what is retained of it: 15 characters. All literals, in flash, because
 * when memory is full nothing can be made any more.
 */
const MEMORY_STAGE = "abort:memory";
const STAGES: readonly (readonly [message: string, stage: string])[] = Object.freeze([
	Object.freeze(["memory full", MEMORY_STAGE] as const),
	Object.freeze(["unhandled exception", "abort:exception"] as const),
	Object.freeze(["unhandled rejection", "abort:rejection"] as const),
	Object.freeze(["dead strip", "abort:stripped"] as const),
	Object.freeze(["not enough keys", "abort:keys"] as const),
]);

/**
 * Registers what the SDK calls before it gives up. It always gives up: nothing is ignored. What is
 * retained comes first; then `tell` has the message and what was thrown, for whoever debugs.
 */
export function watchAbort(
	watchdog: Pick<Watchdog, "retain">,
	tell: (message: string, exception: unknown) => void,
): void {
	globalThis.abort = (message, exception) => {
		const stage = stageOf(message);
		watchdog.retain(stage);
		// Where memory is full, nothing can be put into words.
		if (stage !== MEMORY_STAGE) tell(message, exception);
		return true;
	};
}

function stageOf(message: string): string {
	for (let index = 0; index < STAGES.length; index++) {
		const entry = STAGES[index];
		if (entry?.[0] === message) return entry[1];
	}
	return "abort";
}
