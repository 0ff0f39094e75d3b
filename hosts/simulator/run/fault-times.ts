// How long a device takes to notice a fault and to come back after it. Measured only where one
// fault is alone: with several at once nobody could say which was noticed.

import { kindNamed } from "./catalogue.js";
import type { Fault } from "./fault.js";
import type { Statistics } from "./statistics.js";

export interface FaultTimesOptions {
	readonly clock: { monotonicMs(): number };
	readonly statistics: Statistics;
	/** Milliseconds after healing within which the link of `device` must be back. */
	readonly boundMs: (device: number) => number;
	/** Within so many milliseconds a dead link must be noticed. */
	readonly noticeMs: number;
	/** It was not. */
	readonly onUnnoticed: (device: number, kind: string, afterMs: number) => void;
	/** The link was not back in time. */
	readonly onLate: (device: number, kind: string, afterMs: number) => void;
}

interface Pending {
	readonly kind: string;
	readonly sinceMs: number;
	/** From when on its link must come back: later where something had to be mended first. */
	fromMs: number;
	readonly device: number;
}

export class FaultTimes {
	readonly #options: FaultTimesOptions;
	readonly #active = new Set<Fault>();
	#isOnline: boolean[];
	#undetected: Pending[] = [];
	#unrecovered: Pending[] = [];

	constructor(devices: number, options: FaultTimesOptions) {
		this.#options = options;
		this.#isOnline = Array.from({ length: devices }, () => false);
	}

	/** `devices`: those that it happens to. */
	began(fault: Fault, devices: readonly number[]): void {
		this.#undetected = [];
		this.#unrecovered = [];
		const isAlone = this.#active.size === 0;
		if (fault.durationMs > 0) this.#active.add(fault);
		if (!isAlone || kindNamed(fault.kind).keepsLink === true) return;
		const affected = devices.filter((device) => this.#isOnline[device]);
		this.#undetected = affected.map((device) => this.#pending(fault.kind, device));
	}

	healed(fault: Fault, devices: readonly number[]): void {
		this.#active.delete(fault);
		this.#undetected = [];
		if (this.#active.size > 0) return;
		const away = devices.filter((device) => this.#isOnline[device] === false);
		this.#unrecovered = away.map((device) => this.#pending(fault.kind, device));
	}

	/** A session was accepted. */
	online(device: number): void {
		this.#isOnline[device] = true;
		const { clock, statistics } = this.#options;
		for (const { kind, fromMs } of this.#take("#unrecovered", device)) {
			statistics.recovered(kind, clock.monotonicMs() - fromMs);
		}
	}

	/** The device knows that it has no session. `isPlanned`: it wanted that. */
	offline(device: number, isPlanned: boolean): void {
		if (this.#isOnline[device] === false) return;
		this.#isOnline[device] = false;
		const { clock, statistics } = this.#options;
		const undetected = this.#take("#undetected", device);
		if (isPlanned) return; // and that session is no longer there to be noticed
		for (const { kind, sinceMs } of undetected) {
			statistics.detected(kind, clock.monotonicMs() - sinceMs);
			// Over in a moment: it is healed already.
			if (this.#active.size === 0)
				this.#unrecovered.push({ kind, sinceMs, fromMs: sinceMs, device });
		}
	}

	/** Something was in the way that only a restart mends, and there was one. */
	mended(device: number): void {
		const fromMs = this.#options.clock.monotonicMs();
		for (const pending of this.#unrecovered) if (pending.device === device) pending.fromMs = fromMs;
	}

	isOnline(device: number): boolean {
		return this.#isOnline[device] === true;
	}

	/** Looks for links that should be back, and for dead ones that should be noticed. */
	check(): void {
		const nowMs = this.#options.clock.monotonicMs();
		const { noticeMs, onUnnoticed } = this.#options;
		for (const { kind, sinceMs, device } of this.#undetected) {
			if (kindNamed(kind).isHalfOpen !== true || nowMs - sinceMs <= noticeMs) continue;
			onUnnoticed(device, kind, nowMs - sinceMs);
		}
		for (const { kind, fromMs, device } of this.#unrecovered) {
			const afterMs = nowMs - fromMs;
			if (afterMs > this.#options.boundMs(device)) this.#options.onLate(device, kind, afterMs);
		}
	}

	#pending(kind: string, device: number): Pending {
		const nowMs = this.#options.clock.monotonicMs();
		return { kind, device, sinceMs: nowMs, fromMs: nowMs };
	}

	#take(list: "#undetected" | "#unrecovered", device: number): readonly Pending[] {
		const all = list === "#undetected" ? this.#undetected : this.#unrecovered;
		const left = all.filter((pending) => pending.device !== device);
		if (list === "#undetected") this.#undetected = left;
		else this.#unrecovered = left;
		return all.filter((pending) => pending.device === device);
	}
}
