// How soon a link must be back: the widest bound of the faults whose effects may still be felt. A
// fault counts while it lasts, and after its end for as long as its own bound and an hour more: the
// waits that it led to are over by then.

import type { VirtualClock } from "../clock.js";
import { BACK_DUPLICATE_MS, BACK_TRIAL_MS } from "./bounds.js";
import { kindNamed } from "./catalogue.js";
import type { Fault } from "./fault.js";

const HOUR = 3_600_000;

export interface LinkCondition {
	readonly suspectsRival: boolean;
	readonly isOnTrial: boolean;
}

export class LinkBounds {
	readonly #clock: VirtualClock;
	readonly #noticeMs: number;
	/** Until when each fault counts. */
	readonly #until = new Map<Fault, number>();

	constructor(clock: VirtualClock, keepAliveS: number) {
		this.#clock = clock;
		this.#noticeMs = keepAliveS * 1500;
	}

	began(fault: Fault): void {
		if (fault.durationMs > 0) this.#until.set(fault, Infinity);
		else this.ended(fault);
	}

	ended(fault: Fault): void {
		this.#until.set(fault, this.#clock.monotonicMs() + kindNamed(fault.kind).backMs + HOUR);
	}

	/**
	 * Milliseconds after healing. A suspected rival has a wait of its own, and so has a configuration
	 * on trial: without a network it stays on trial for as long as that takes.
	 */
	ms({ suspectsRival, isOnTrial }: LinkCondition): number {
		const nowMs = this.#clock.monotonicMs();
		let widest = Math.max(suspectsRival ? BACK_DUPLICATE_MS : 0, isOnTrial ? BACK_TRIAL_MS : 0);
		for (const [fault, untilMs] of this.#until) {
			if (untilMs < nowMs) this.#until.delete(fault);
			else widest = Math.max(widest, kindNamed(fault.kind).backMs);
		}
		return widest + this.#noticeMs;
	}
}
