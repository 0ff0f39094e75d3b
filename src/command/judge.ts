// Whether an opened envelope is a command that this device should obey now. Pure: the caller spends
// the sequence in the ledger before the effect.

import { COMMAND_LIFETIME_S_MAX, COMMAND_SKEW_S_MAX } from "../limits.js";
import { decodeCommand, type Command } from "./command.js";

/** Of the opened envelope, what the judgement needs: its signature has been verified. */
export interface SignedCommand {
	readonly contentType: number | string;
	readonly payload: Uint8Array;
	readonly sequence: number;
	readonly time?: { readonly unixSeconds: number };
	readonly audience?: string;
	readonly expiresAt?: number;
	readonly notBefore?: number;
}

export interface CommandContext {
	readonly deviceId: string;
	/** The MQTT retain flag: a stored message, delivered anew at every connection. */
	readonly retained: boolean;
	/** The newest sequence that was taken from this operator. */
	readonly lastSequence: number | undefined;
	/** Names of the commands that the operator may give. */
	readonly allowedCommands: readonly string[];
	/** Unix seconds by a clock that can be trusted for freshness, or `undefined`. */
	readonly trustedTime: number | undefined;
}

/** Stable names: events, results and tests use them. */
export type CommandRefusal =
	| "not-a-command" // another content type
	| "wrong-audience" // none, or another device
	| "replayed" // a sequence that was taken before, or one older than that
	| "retained"
	| "no-expiry"
	| "lifetime-too-long"
	| "time-untrusted" // it may have expired: nobody here knows
	| "not-yet-valid"
	| "expired"
	| "malformed"
	| "unknown-command"
	| "not-allowed"; // the operator may not give this one

export type Judgement =
	| { readonly kind: "accepted"; readonly command: Command }
	| {
			readonly kind: "refused";
			readonly reason: CommandRefusal;
			/** Meant for us and new: its sender is waiting for a signed refusal. */
			readonly answerable: boolean;
	  };

/** The content type of commands. The same text is CONTENT_COMMAND in envelope/content-types.ts. */
export const COMMAND_CONTENT_TYPE = "application/vnd.holdfast.command+cbor";

export function judgeCommand(signed: SignedCommand, context: CommandContext): Judgement {
	const { deviceId, lastSequence, retained } = context;
	if (signed.contentType !== COMMAND_CONTENT_TYPE) return refused("not-a-command", false);
	if (signed.audience !== deviceId) return refused("wrong-audience", false);
	const isNew = lastSequence === undefined || signed.sequence > lastSequence;
	// Before replay: every delivery after the first is a replay too, and this is the cause.
	if (retained) return refused("retained", isNew);
	if (!isNew) return refused("replayed", false);
	const stale = freshnessRefusal(signed, context.trustedTime);
	if (stale !== undefined) return refused(stale, true);
	const read = decodeCommand(signed.payload);
	if (read.kind === "invalid") return refused("malformed", true);
	if (read.kind === "unknown") return refused("unknown-command", true);
	if (!context.allowedCommands.includes(read.command.name)) return refused("not-allowed", true);
	return { kind: "accepted", command: read.command };
}

function freshnessRefusal(
	signed: SignedCommand,
	trustedTime: number | undefined,
): CommandRefusal | undefined {
	const { expiresAt, notBefore, time } = signed;
	if (expiresAt === undefined) return "no-expiry";
	const start = notBefore ?? time?.unixSeconds ?? trustedTime;
	if (start !== undefined && expiresAt - start > COMMAND_LIFETIME_S_MAX) return "lifetime-too-long";
	if (trustedTime === undefined) return "time-untrusted";
	// A command's time becomes the device's floor: a future one would outdate its certificates.
	const latest = Math.max(notBefore ?? 0, time?.unixSeconds ?? 0);
	if (trustedTime + COMMAND_SKEW_S_MAX < latest) return "not-yet-valid";
	// [RFC 7519 §4.1.4] on or after the expiration time it must not be accepted. No skew is allowed
	// for: an operator who wants a margin gives a later time.
	return trustedTime >= expiresAt ? "expired" : undefined;
}

function refused(reason: CommandRefusal, answerable: boolean): Judgement {
	return { kind: "refused", reason, answerable };
}
