// The device's end of the IPC channel to its board. Bounded: when the board does not keep up,
// reports are counted and dropped, so that a busy board cannot exhaust the device.
import type { BoardMessage, DeviceMessage } from "./messages.js";

/** Messages on their way to the board. */
const MESSAGES_MAX = 4096;

/** The part of `process` that a device process uses to talk. */
export interface Messenger {
	send?(
		message: unknown,
		handle: undefined,
		options: undefined,
		callback: (error: Error | null) => void,
	): boolean;
	on(event: "message", listener: (message: unknown) => void): unknown;
}

export class BoardChannel {
	readonly #process: Messenger;
	readonly #listeners = new Map<string, (message: BoardMessage) => void>();
	#underWay = 0;
	#lost = 0;
	#whenFlushed: (() => void) | undefined;

	constructor(messenger: Messenger) {
		if (!messenger.send) throw new Error("not started by a board");
		this.#process = messenger;
		messenger.on("message", (message) => {
			const known = message as BoardMessage;
			this.#listeners.get(known.kind)?.(known);
		});
	}

	on<K extends BoardMessage["kind"]>(
		kind: K,
		listener: (message: Extract<BoardMessage, { kind: K }>) => void,
	): void {
		this.#listeners.set(kind, listener as (message: BoardMessage) => void);
	}

	send(message: DeviceMessage): void {
		if (message.kind === "event" && this.#underWay >= MESSAGES_MAX) {
			this.#lost++;
			return;
		}
		if (this.#lost > 0 && this.#underWay < MESSAGES_MAX / 2) {
			const event = { name: "reports-lost", count: this.#lost };
			this.#lost = 0;
			this.#post({ kind: "event", event });
		}
		this.#post(message);
	}

	/** Calls back once everything sent so far has left. */
	flushed(callback: () => void): void {
		this.#whenFlushed = callback;
		if (this.#underWay === 0) callback();
	}

	#post(message: DeviceMessage): void {
		this.#underWay++;
		this.#process.send?.(message, undefined, undefined, () => {
			this.#underWay--;
			if (this.#underWay === 0) this.#whenFlushed?.();
		});
	}
}
