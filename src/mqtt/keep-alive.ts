// Notices a dead link within one and a half keep-alive periods, and keeps the broker from taking us
// for dead.

import { MQTT_KEEP_ALIVE_MARGIN_MS, MQTT_PING_RESPONSE_MS } from "../limits.js";
import { violation } from "./close-reason.js";
import type { Link } from "./link.js";

export class KeepAlive {
	readonly #link: Link;
	readonly #keepAliveMs: number;
	/** When the broker last answered something of ours. */
	#lastAnswerMs: number;

	constructor(link: Link) {
		this.#link = link;
		this.#keepAliveMs = link.options.connect.keepAliveSeconds * 1000;
		this.#lastAnswerMs = link.options.clock.monotonicMs();
	}

	/** The connection is accepted. */
	start(): void {
		this.#link.deadlines.set("ping", this.#intervalMs());
	}

	onAnswer(): void {
		this.#lastAnswerMs = this.#link.options.clock.monotonicMs();
	}

	/**
	 * PINGREQ when nothing was sent for one keep-alive [MQTT-3.1.2-23], and also when nothing of ours
	 * was answered: a device that only sends would never notice a half-open link, and one that only
	 * acknowledges what others send would never prove that it is heard.
	 */
	onDue(): void {
		const { options, outgoing, deadlines } = this.#link;
		const nowMs = options.clock.monotonicMs();
		const idleMs = nowMs - Math.min(outgoing.lastSentMs, this.#lastAnswerMs);
		const intervalMs = this.#intervalMs();
		if (idleMs < intervalMs) return deadlines.set("ping", intervalMs - idleMs);
		const responseMs = options.timings?.pingResponseMs ?? MQTT_PING_RESPONSE_MS;
		this.#link.send({ type: "PINGREQ" });
		deadlines.set("ping-response", Math.min(responseMs, this.#keepAliveMs / 2));
		deadlines.set("ping", intervalMs);
	}

	onResponse(): void {
		const { options, deadlines } = this.#link;
		if (!deadlines.has("ping-response")) {
			return this.#link.fail(violation("MQTT-3.12.4-1", "PINGRESP-unexpected"));
		}
		deadlines.clear("ping-response");
		this.onAnswer();
		options.onProgress?.("ping-response");
	}

	/** A little less than the keep-alive, which must hold with slow timers as well. */
	#intervalMs(): number {
		return this.#keepAliveMs - Math.min(MQTT_KEEP_ALIVE_MARGIN_MS, this.#keepAliveMs / 8);
	}
}
