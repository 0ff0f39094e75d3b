// How XS is built, and what the manifest defines for it.
import type { Rule } from "./rule.js";

/** Messages: sockets, timers and the radio all post them, and a full queue freezes the chip. */
const QUEUE_LENGTH_MIN = 32;

export const SCRIPT_RULES: readonly Rule[] = [
	{
		id: "release-build",
		subject: "debugPort",
		everyProfile: false,
		reason: "whoever holds the serial port of a debug build runs any script on the board",
		mend: "build without -d",
		find: ({ manifest }) => (manifest.isDebug ? "XS is built for its debugger" : undefined),
	},
	{
		id: "abort-recorded",
		subject: "function",
		everyProfile: true,
		reason: "the board would restart without a word when the engine gives up",
		mend: '"defines": {"xs": {"abortHook": 1}}',
		find: ({ manifest }) => (manifest.hasAbortHook ? undefined : "no abort hook"),
	},
	{
		id: "message-queue",
		subject: "function",
		everyProfile: true,
		reason: "a full queue of messages loses sockets for good, or freezes the board",
		mend: `"defines": {"task": {"queueLength": ${QUEUE_LENGTH_MIN}}}`,
		find: ({ manifest: { queueLength } }) => {
			return queueLength >= QUEUE_LENGTH_MIN ? undefined : `queueLength is ${queueLength}`;
		},
	},
];
