// One direction of one simulated TCP connection: bytes in order, late, in pieces, sent again, or
// never. Loss is what TCP makes of it: delay, and in the end the sender's death.

import type { ScheduledEvent, VirtualClock } from "./clock.js";
import type { NetworkInterface } from "./network-interface.js";
import type { Random } from "./random.js";

/** Milliseconds until the first retransmission, at least; doubled for each further one. */
const RETRANSMIT_MS_MIN = 1000;
const RETRANSMIT_MS_MAX = 60_000;
/** Milliseconds without an acknowledgement after which TCP gives the connection up. */
export const GIVE_UP_MS = 900_000;
/** Slow links deliver pieces of about so many milliseconds. */
const PIECE_MS = 100;

/** Whoever receives at the end of a pipe. */
export interface PipeReceiver {
	/** Bytes that it takes now. With 0 the pipe waits for {@link Pipe.resume}. */
	readonly room: number;
	receive(bytes: Uint8Array): void;
	/** Everything that has arrived at this moment was received. */
	settle(): void;
	/** The sender finished; nothing follows. */
	finished(): void;
}

export interface PipeOptions {
	readonly clock: VirtualClock;
	readonly random: Random;
	readonly path: NetworkInterface;
	/** How many of `byteLength` bytes may still pass; fewer reset the connection afterwards. */
	readonly carry: (byteLength: number) => number;
	/** A middle box dropped the connection: nothing passes any more. */
	readonly isForgotten: () => boolean;
	readonly onDelivered: (byteLength: number) => void;
	/** The bytes that may pass have passed. */
	readonly onExhausted: () => void;
	/** Nothing was acknowledged for {@link GIVE_UP_MS}. */
	readonly onGivenUp: () => void;
	/** Undefined where nobody is there any more: then `onOrphaned` is called. */
	readonly receiver: () => PipeReceiver | undefined;
	readonly onOrphaned: () => void;
}

interface Segment {
	readonly bytes: Uint8Array;
	readonly atMs: number;
}

const NO_BYTES = new Uint8Array(0);

export class Pipe {
	readonly #options: PipeOptions;
	#queue: Segment[] = [];
	#offset = 0;
	#event: ScheduledEvent | undefined;
	#isFinished = false;
	#retransmitMs = 0;
	#stuckAtMs = 0;

	constructor(options: PipeOptions) {
		this.#options = options;
	}

	/** Takes `bytes` over. */
	push(bytes: Uint8Array): void {
		if (this.#isFinished || bytes.length === 0) return;
		this.#enqueue(bytes);
	}

	/** The end follows everything pushed. */
	finish(): void {
		if (this.#isFinished) return;
		this.#isFinished = true;
		this.#enqueue(NO_BYTES);
	}

	/** The receiver has room again. */
	resume(): void {
		if (this.#event === undefined && this.#queue.length > 0) this.#schedule(0);
	}

	/** Drops everything that is on its way. */
	clear(): void {
		this.#queue = [];
		this.#offset = 0;
		this.#isFinished = true;
		if (this.#event) this.#options.clock.cancel(this.#event);
		this.#event = undefined;
	}

	#enqueue(bytes: Uint8Array): void {
		const { clock, path, random } = this.#options;
		const jitterMs = path.jitterMs > 0 ? random.integer(0, path.jitterMs) : 0;
		// What is due before the one in front of it waits for that one: order is kept.
		this.#queue.push({ bytes, atMs: clock.monotonicMs() + path.latencyMs + jitterMs });
		if (this.#queue.length === 1) this.#schedule(0);
	}

	/** For the first segment, or the piece of it that comes next. */
	#schedule(leastMs: number): void {
		const { clock, path } = this.#options;
		const { bytes, atMs } = this.#queue[0] as Segment;
		const piece = Math.min(bytes.length - this.#offset, pieceBytes(path));
		const sendingMs = path.bytesPerSecond < Infinity ? (piece * 1000) / path.bytesPerSecond : 0;
		const delayMs = Math.max(atMs - clock.monotonicMs(), sendingMs, leastMs);
		this.#event = clock.schedule(() => this.#arrive(), delayMs);
	}

	#arrive(): void {
		this.#event = undefined;
		const { path, random, isForgotten, receiver, onOrphaned } = this.#options;
		const isLost = path.lossRate > 0 && random.fraction() < path.lossRate;
		if (isLost || !path.isPassing || isForgotten()) return this.#sendAgain();
		this.#retransmitMs = 0;
		const end = receiver();
		if (!end) {
			this.clear();
			return onOrphaned();
		}
		this.#deliver(end);
		end.settle();
		if (this.#queue.length > 0 && this.#event === undefined && end.room > 0) this.#schedule(0);
	}

	/** Everything that is due, as far as there is room. */
	#deliver(end: PipeReceiver): void {
		const { clock, path, carry, onDelivered, onExhausted } = this.#options;
		const nowMs = clock.monotonicMs();
		for (let first = this.#queue[0]; first && first.atMs <= nowMs; first = this.#queue[0]) {
			if (first.bytes === NO_BYTES) {
				this.clear();
				return end.finished();
			}
			const wanted = Math.min(first.bytes.length - this.#offset, pieceBytes(path), end.room);
			if (wanted === 0) return;
			const allowed = carry(wanted);
			if (allowed > 0) this.#hand(end, first.bytes, allowed);
			onDelivered(allowed);
			if (allowed < wanted) return onExhausted();
			if (this.#offset > 0 || path.bytesPerSecond < Infinity) return;
			if (path.segmentBytes < Infinity) return;
		}
	}

	#hand(end: PipeReceiver, bytes: Uint8Array, byteLength: number): void {
		const start = this.#offset;
		const isWhole = start === 0 && byteLength === bytes.length;
		end.receive(isWhole ? bytes : bytes.slice(start, start + byteLength));
		this.#offset += byteLength;
		if (this.#offset < bytes.length) return;
		this.#queue.shift();
		this.#offset = 0;
	}

	#sendAgain(): void {
		const { clock, path, onGivenUp } = this.#options;
		const nowMs = clock.monotonicMs();
		if (this.#retransmitMs === 0) {
			this.#retransmitMs = Math.max(RETRANSMIT_MS_MIN, path.latencyMs * 2);
			this.#stuckAtMs = nowMs;
		} else {
			this.#retransmitMs = Math.min(this.#retransmitMs * 2, RETRANSMIT_MS_MAX);
		}
		if (nowMs - this.#stuckAtMs >= GIVE_UP_MS) {
			this.clear();
			return onGivenUp();
		}
		this.#schedule(this.#retransmitMs);
	}
}

function pieceBytes(path: NetworkInterface): number {
	if (path.bytesPerSecond === Infinity) return path.segmentBytes;
	const piece = Math.max(1, Math.floor((path.bytesPerSecond * PIECE_MS) / 1000));
	return Math.min(piece, path.segmentBytes);
}
