// The watchdog port: the parent process is the watchdog, this end only feeds it.
import type { ResetReason, Watchdog } from "../../src/ports.js";
import type { BoardChannel } from "./board-channel.js";

/** Characters that survive a reset. */
const STAGE_CHARACTERS_MAX = 15;

export class NodeWatchdog implements Watchdog {
	readonly lastReset: { readonly reason: ResetReason; readonly stage: string };
	readonly #channel: Pick<BoardChannel, "send">;
	#stage = "";
	#isClosed = false;

	constructor(options: {
		channel: Pick<BoardChannel, "send">;
		lastReset: { readonly reason: ResetReason; readonly stage: string };
	}) {
		this.#channel = options.channel;
		this.lastReset = options.lastReset;
	}

	start(timeoutMs: number): void {
		this.#checkOpen();
		if (!Number.isFinite(timeoutMs) || timeoutMs <= 0) {
			throw new RangeError("timeoutMs: not a duration");
		}
		this.#channel.send({ kind: "watchdog-start", timeoutMs });
	}

	feed(): void {
		this.#checkOpen();
		this.#channel.send({ kind: "watchdog-feed" });
	}

	retain(stage: string): void {
		this.#checkOpen();
		if (typeof stage !== "string") throw new TypeError("stage: not a string");
		if (stage.length > STAGE_CHARACTERS_MAX) throw new RangeError("stage: too long");
		if (stage === this.#stage) return;
		this.#stage = stage;
		this.#channel.send({ kind: "retain", stage });
	}

	close(): void {
		if (this.#isClosed) return;
		this.#isClosed = true;
		this.#channel.send({ kind: "watchdog-close" });
	}

	#checkOpen(): void {
		if (this.#isClosed) throw new Error("watchdog: closed");
	}
}
