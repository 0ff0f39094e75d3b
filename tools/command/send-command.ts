// Sends one signed command to one device and waits for the signed answer. Decides nothing about who
// may: the device does, by the operator's public key.
import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { encodeCommand, type Command } from "../../src/command/command.js";
import type { CommandResult } from "../../src/command/result.js";
import { CONTENT_COMMAND } from "../../src/envelope/content-types.js";
import { TIME_QUALITY_SNTP } from "../../src/envelope/envelope.js";
import { seal, type Signer } from "../../src/envelope/seal.js";
import { connectBroker } from "../broker-connection.js";
import { FleetError } from "../pki/fleet-error.js";
import type { Fleet } from "../pki/fleet.js";
import { channelTopic } from "../policy/access.js";
import { StreamVerifier } from "../../hosts/support/verify/stream-verifier.js";
import type { Refused, Verdict, Verified } from "../../hosts/support/verify/verdict.js";
import { verifierCrypto } from "../verify/verifier-crypto.js";
import { nextSequence } from "./operator-sequence.js";

/** Seconds that a command may be obeyed, where the caller does not say. */
export const COMMAND_LIFETIME_S = 120;

/** Milliseconds to wait for an answer, where the caller does not say. */
export const ANSWER_MS = 30_000;

export interface CommandRequest {
	readonly device: string;
	readonly command: Command;
	readonly sequence: number;
	/** Unix seconds; now without it. */
	readonly now?: number;
	readonly lifetimeS?: number;
}

export interface SealedCommand {
	readonly topic: string;
	readonly bytes: Uint8Array;
	readonly sequence: number;
	/** Unix seconds from which the device refuses it. */
	readonly expiresAt: number;
}

/** A command as it goes onto the wire: for one device, for a while, once. */
export function sealCommand(request: CommandRequest, signer: Signer): SealedCommand {
	const { device, command, sequence } = request;
	const now = request.now ?? Math.floor(Date.now() / 1000);
	const expiresAt = now + (request.lifetimeS ?? COMMAND_LIFETIME_S);
	const topic = channelTopic("command", device);
	const bytes = seal(
		{
			topic,
			contentType: CONTENT_COMMAND,
			payload: encodeCommand(command),
			sequence,
			time: { unixSeconds: now, quality: TIME_QUALITY_SNTP },
			audience: device,
			notBefore: now,
			expiresAt,
		},
		signer,
	);
	return { topic, bytes, sequence, expiresAt };
}

/** The result in `verdict`, if it answers command `sequence` of the operator with `keyId`. */
export function answerIn(
	verdict: Verdict,
	sequence: number,
	keyId: Uint8Array,
): CommandResult | undefined {
	if (verdict.kind !== "verified" || verdict.content.kind !== "result") return undefined;
	const { result } = verdict.content;
	const isOurs = result.operator === Buffer.from(keyId).toString("hex");
	return isOurs && result.command === sequence ? result : undefined;
}

export interface SendCommandOptions {
	readonly fleet: Fleet;
	readonly operator: string;
	readonly device: string;
	readonly command: Command;
	/** mqtts://HOST[:PORT] */
	readonly broker: string;
	/** PEM; the fleet's without it. */
	readonly authority?: string;
	readonly lifetimeS?: number;
	readonly timeoutMs?: number;
	readonly onProgress?: (line: string) => void;
}

export type CommandAnswer =
	| {
			readonly kind: "answered";
			readonly sequence: number;
			readonly result: CommandResult;
			/** The message that brought it. */
			readonly message: Verified;
	  }
	/** `refused`: what came on the device's result topic and was not believed. */
	| {
			readonly kind: "no-answer";
			readonly sequence: number;
			readonly expiresAt: number;
			readonly refused: readonly Refused[];
	  };

const REFUSED_MAX = 100;

export async function sendCommand(options: SendCommandOptions): Promise<CommandAnswer> {
	const { fleet, operator, device } = options;
	const record = fleet.device(device);
	if (!record) throw new FleetError("unknown", `no device ${device} in this fleet`);
	const publicKey = new Uint8Array(Buffer.from(record.signingKey, "hex"));
	const verifier = new StreamVerifier({
		devices: [{ device, publicKey }],
		crypto: verifierCrypto(),
	});
	const signer = fleet.operatorSigner(operator);
	const refused: Refused[] = [];
	let sealed: SealedCommand | undefined;
	let answered: (answer: CommandAnswer) => void = () => undefined;
	const answer = new Promise<CommandAnswer>((resolve) => (answered = resolve));
	const client = await connectBroker({
		url: options.broker,
		authority: options.authority ?? readFileSync(fleet.authorityFile, "utf8"),
		identity: fleet.operatorIdentity(operator),
		clientId: `${operator}/command-${randomBytes(4).toString("hex")}`,
		onMessage: (topic, bytes) => {
			const verdict = verifier.accept(topic, bytes);
			if (verdict.kind === "refused" && refused.length < REFUSED_MAX) refused.push(verdict);
			if (verdict.kind === "refused" || !sealed) return;
			const { sequence } = sealed;
			const result = answerIn(verdict, sequence, signer.keyId);
			if (result) answered({ kind: "answered", sequence, result, message: verdict });
		},
	});
	try {
		const resultTopic = channelTopic("result", device);
		const [granted] = await client.subscribeAsync(resultTopic, { qos: 1 });
		if (granted?.qos === 128) throw new Error(`the broker refused to let us hear ${resultTopic}`);
		const sequence = nextSequence(fleet, operator);
		const { command, lifetimeS } = options;
		sealed = sealCommand({ device, command, sequence, ...(lifetimeS && { lifetimeS }) }, signer);
		const { topic, bytes, expiresAt } = sealed;
		options.onProgress?.(`sending ${command.name} to ${device} as command #${sequence}`);
		// Never retained: a device refuses those, for they come again at every connection.
		await client.publishAsync(topic, Buffer.from(bytes), { qos: 1, retain: false });
		const none: CommandAnswer = { kind: "no-answer", sequence, expiresAt, refused };
		return await orAfter(options.timeoutMs ?? ANSWER_MS, answer, none);
	} finally {
		client.on("error", () => undefined); // the answer is known, or another error is on its way
		await client.endAsync(true);
	}
}

/** What `promise` gives, or `otherwise` after `delayMs`. */
async function orAfter<Value>(
	delayMs: number,
	promise: Promise<Value>,
	otherwise: Value,
): Promise<Value> {
	let timer: NodeJS.Timeout | undefined;
	const late = new Promise<Value>((resolve) => {
		timer = setTimeout(() => resolve(otherwise), delayMs);
	});
	try {
		return await Promise.race([promise, late]);
	} finally {
		clearTimeout(timer);
	}
}
