// The inbound story: message → was the topic ever granted → open → judge → ledger → perform →
// signed result. The message is acknowledged once its effect, or its refusal, is durable. Nothing
// in it is believed before its signature is.

import { toHex } from "./bytes/hex.js";
import { shortenText } from "./bytes/text.js";
import type { CommandLedger } from "./command/command-ledger.js";
import type { Command } from "./command/command.js";
import { judgeCommand } from "./command/judge.js";
import { encodeResult, type CommandResult } from "./command/result.js";
import { CONTENT_RESULT } from "./envelope/content-types.js";
import { open, type Envelope } from "./envelope/open.js";
import { EVENT_TEXT_CHARACTERS_MAX } from "./limits.js";
import type { Policy } from "./policy/policy.js";
import type { Crypto, DeviceEvent } from "./ports.js";
import type { Uplink } from "./uplink.js";

/** A message from the broker, as the MQTT client hands it over. */
export interface InboundMessage {
	readonly topic: string;
	readonly payload: Uint8Array;
	readonly retain: boolean;
	/** The broker may have sent it before: its acknowledgement was lost. */
	readonly duplicate: boolean;
}

/** An operator whose commands this device takes. */
export interface Operator {
	readonly keyId: string; // hexadecimal
	readonly publicKey: Uint8Array;
	readonly commands: readonly string[];
}

/**
 * What carrying out a command came to. `afterwards` runs once the result is durable and sent on its
 * way.
 */
export interface Performed {
	readonly outcome: "done" | "failed";
	readonly reason?: string;
	readonly detail?: CommandResult["detail"];
	readonly afterwards?: () => void;
}

export interface DownlinkOptions {
	readonly deviceId: string;
	readonly operators: readonly Operator[];
	readonly policy: Policy;
	readonly crypto: Crypto;
	readonly ledger: CommandLedger;
	readonly uplink: Uplink;
	/** The time by which freshness is judged; `undefined` when there is none to trust. */
	readonly trustedTime: () => number | undefined;
	/** A verified command carries the operator's time. */
	readonly signedTime: (unixSeconds: number) => void;
	/** Whether the ledger may be written for one more command of `operator`. */
	readonly mayTake: (operator: string) => boolean;
	readonly perform: (command: Command) => Performed;
	readonly report: (event: DeviceEvent) => void;
	/** A message was work for nothing: outside the policy, forged, or a repetition. */
	readonly violated: () => void;
}

export class Downlink {
	readonly #options: DownlinkOptions;

	constructor(options: DownlinkOptions) {
		this.#options = options;
	}

	/**
	 * Deals with `message` to its end. The caller acknowledges it when this returns. "refused":
	 * nothing durable came of it.
	 */
	receive(message: InboundMessage): "taken" | "refused" {
		const { policy, crypto, operators, report } = this.#options;
		if (!policy.allowsInbound(message.topic)) {
			const topic = shortenText(message.topic, EVENT_TEXT_CHARACTERS_MAX);
			report({ name: "message-outside-policy", topic });
			this.#options.violated();
			return "refused";
		}
		const opened = open(
			message.payload,
			message.topic,
			(keyId) => {
				const wanted = toHex(keyId);
				return operators.find((operator) => operator.keyId === wanted)?.publicKey;
			},
			crypto,
		);
		if (opened.kind === "rejected") {
			report({ name: "signature-rejected", reason: opened.reason });
			this.#options.violated();
			return "refused";
		}
		return this.#judge(opened.envelope, message);
	}

	#judge(envelope: Envelope, { retain, duplicate }: InboundMessage): "taken" | "refused" {
		const { deviceId, operators, ledger, trustedTime } = this.#options;
		const keyId = toHex(envelope.keyId);
		const operator = operators.find((candidate) => candidate.keyId === keyId);
		const judgement = judgeCommand(envelope, {
			deviceId,
			retained: retain,
			lastSequence: ledger.lastSequence(keyId),
			allowedCommands: operator?.commands ?? [],
			trustedTime: trustedTime(),
		});
		const { sequence } = envelope;
		const refuse = (reason: string): "refused" => {
			this.#reportRefused(reason, sequence, keyId);
			if (!duplicate) this.#options.violated();
			return "refused";
		};
		const isRefused = judgement.kind === "refused";
		if (isRefused && !judgement.answerable) return refuse(judgement.reason);
		// Its sequence is not spent: whoever sends it again, in its time, may be heard.
		if (!this.#options.mayTake(keyId)) return refuse("too-many");
		if (isRefused) return this.#refuse(envelope, keyId, judgement.reason);
		// The sequence is spent before the effect: a power cut here loses the command, and never
		// repeats it.
		const recorded = ledger.record(keyId, sequence);
		if (recorded !== "recorded") {
			this.#reportRefused(recorded, sequence, keyId);
			return "refused";
		}
		if (envelope.time !== undefined) this.#options.signedTime(envelope.time.unixSeconds);
		this.#perform(judgement.command, sequence, keyId);
		return "taken";
	}

	#perform(command: Command, sequence: number, keyId: string): void {
		const { perform, report } = this.#options;
		const { outcome, reason, detail, afterwards } = perform(command);
		report({
			name: "command-performed",
			command: command.name,
			sequence,
			operator: keyId,
			outcome,
		});
		this.#answer({
			command: sequence,
			operator: keyId,
			outcome,
			...(reason !== undefined && { reason }),
			...(detail !== undefined && { detail }),
		});
		afterwards?.();
	}

	/** A refusal is answered once: its sequence is spent too, so that a replay costs no flash. */
	#refuse(envelope: Envelope, keyId: string, reason: string): "taken" | "refused" {
		const { ledger } = this.#options;
		this.#reportRefused(reason, envelope.sequence, keyId);
		if (ledger.record(keyId, envelope.sequence) !== "recorded") return "refused";
		this.#answer({ command: envelope.sequence, operator: keyId, outcome: "refused", reason });
		return "taken";
	}

	#reportRefused(reason: string, sequence: number, operator: string): void {
		this.#options.report({ name: "command-refused", reason, sequence, operator });
	}

	#answer(result: CommandResult): void {
		this.#options.uplink.accept({
			channel: "result",
			contentType: CONTENT_RESULT,
			payload: encodeResult(result),
		});
	}
}
