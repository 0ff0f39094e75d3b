// The station's end of the serial line: one request at a time, sent again until its answer comes.
// Knows frames and messages; what is asked, and why, is station.ts's affair.
import { FrameReader, encodeFrame } from "../../src/provisioning/frame.js";
import {
	decodeMessage,
	encodeMessage,
	type MessageFields,
	type RequestName,
} from "../../src/provisioning/messages.js";
import { outgoingChunk } from "../../src/provisioning/transfer.js";
import type { Entropy, Timer, TimerHandle } from "../../src/ports.js";
import { StationError } from "./station-error.js";

/** A serial port, or the station's end of anything like it. */
export interface StationPort {
	write(bytes: Uint8Array): void;
	/** Set by the conversation. */
	onData?: ((bytes: Uint8Array) => void) | undefined;
	/** Set by the conversation. The port is of no use any more. */
	onClosed?: ((reason: string) => void) | undefined;
}

export interface ConversationOptions {
	readonly port: StationPort;
	readonly timer: Pick<Timer, "set" | "clear">;
	readonly entropy: Entropy;
	/** Milliseconds to wait for an answer before the same request is sent again. */
	readonly answerMs?: number;
	/** How often a request is sent. */
	readonly attempts?: number;
}

/**
 * A chip answers within tens of milliseconds; making a key takes it longer, and a frame may be
 * lost.
 */
const ANSWER_MS = 500;
const ATTEMPTS = 20;

/** Parts of one answer beyond this are no certificate request and no proof. */
const INCOMING_BYTES_MAX = 2048;

interface Waiting {
	readonly id: number;
	readonly frame: Uint8Array;
	attemptsLeft: number;
	timer: TimerHandle | undefined;
	readonly resolve: (fields: MessageFields) => void;
	readonly reject: (error: StationError) => void;
}

export class Conversation {
	readonly #options: ConversationOptions;
	readonly #answerMs: number;
	#nextId: number;
	#waiting: Waiting | undefined;
	#closedReason: string | undefined;

	constructor(options: ConversationOptions) {
		this.#options = options;
		this.#answerMs = options.answerMs ?? ANSWER_MS;
		// Begins anywhere: the device answers a request that it has just seen without doing it
		// again.
		this.#nextId = randomId(options.entropy);
		const reader = new FrameReader((message) => this.#receive(message));
		options.port.onData = (bytes) => reader.feed(bytes);
		options.port.onClosed = (reason) => this.#closed(reason);
	}

	/** The answer's fields. Rejects with a {@link StationError}. */
	ask(name: RequestName, fields: MessageFields = {}): Promise<MessageFields> {
		if (this.#waiting !== undefined) throw new Error("one request at a time");
		const id = this.#nextId;
		this.#nextId = id >= 0xffffffff ? 1 : id + 1;
		const frame = encodeFrame(encodeMessage({ id, name, fields }));
		return new Promise((resolve, reject) => {
			const attemptsLeft = this.#options.attempts ?? ATTEMPTS;
			this.#waiting = { id, frame, attemptsLeft, timer: undefined, resolve, reject };
			this.#send(this.#waiting);
		});
	}

	/** Asks until all of a longer content has come. */
	async collect(name: "request" | "prove", fields: MessageFields = {}): Promise<Uint8Array> {
		let content = new Uint8Array(0);
		for (;;) {
			const answer = await this.ask(name, { ...fields, offset: content.length });
			const { offset, total, bytes } = answer;
			const isNext = offset === content.length && bytes !== undefined && total !== undefined;
			if (!isNext || total > INCOMING_BYTES_MAX || offset + bytes.length > total) {
				throw new StationError("protocol", `the answer to ${name} has wrong parts`);
			}
			content = Uint8Array.of(...content, ...bytes);
			if (content.length === total) return content;
		}
	}

	/** Sends a longer content, from where the device already has it. */
	async transfer(
		content: Uint8Array,
		digest: Uint8Array,
		onProgress: (sent: number) => void = () => {},
	): Promise<void> {
		const begun = await this.ask("begin", { digest, total: content.length });
		let offset = begun.offset ?? content.length + 1;
		while (offset < content.length) {
			onProgress(offset);
			const bytes = outgoingChunk(content, offset)?.bytes as Uint8Array;
			const answer = await this.ask("chunk", { offset, bytes });
			if (answer.offset === undefined || answer.offset <= offset) {
				throw new StationError("protocol", "the device does not go on with a transfer");
			}
			offset = answer.offset;
		}
		if (offset > content.length) throw new StationError("protocol", "no offset in an answer");
		onProgress(offset);
	}

	#send(waiting: Waiting): void {
		if (this.#closedReason !== undefined) return this.#closed(this.#closedReason);
		if (waiting.attemptsLeft-- <= 0) {
			this.#waiting = undefined;
			waiting.reject(new StationError("no-answer", "the device does not answer"));
			return;
		}
		waiting.timer = this.#options.timer.set(() => this.#send(waiting), this.#answerMs);
		this.#options.port.write(waiting.frame);
	}

	#receive(bytes: Uint8Array): void {
		const read = decodeMessage(bytes);
		const waiting = this.#waiting;
		// Answers to requests that were answered before come late and do not matter.
		if (read.kind === "invalid" || waiting === undefined || read.message.id !== waiting.id) return;
		this.#stopWaiting(waiting);
		const { name, fields } = read.message;
		if (name !== "error") return waiting.resolve(fields);
		const { code = "unknown", path, expected } = fields;
		const place = path ? ` at ${path}` : "";
		const wanted = expected ? `: expected ${expected}` : "";
		waiting.reject(
			new StationError("refused", `the device refused (${code})${place}${wanted}`, {
				code,
				...(path !== undefined && { path }),
				...(expected !== undefined && { expected }),
			}),
		);
	}

	#closed(reason: string): void {
		this.#closedReason = reason;
		const waiting = this.#waiting;
		if (waiting === undefined) return;
		this.#stopWaiting(waiting);
		waiting.reject(new StationError("port", reason));
	}

	#stopWaiting(waiting: Waiting): void {
		if (waiting.timer !== undefined) this.#options.timer.clear(waiting.timer);
		this.#waiting = undefined;
	}
}

function randomId(entropy: Entropy): number {
	const bytes = new Uint8Array(4);
	entropy.fill(bytes);
	return (new DataView(bytes.buffer).getUint32(0) >>> 1) + 1;
}
