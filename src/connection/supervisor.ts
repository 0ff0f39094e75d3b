// Decides when to connect, to whom, and what to do when it fails. An explicit state machine without
// I/O of its own: it knows ports, not sockets, and nothing of MQTT but the names of its close
// reasons.

import { assert } from "../assert.js";
import { TLS_HEAP_BLOCK_BYTES_MIN } from "../limits.js";
import type { DeviceEvent, TimerHandle } from "../ports.js";
import { Attempt } from "./attempt.js";
import { randomFraction } from "./backoff.js";
import { FAILURES, type FailureClass } from "./failure.js";
import type { ProgressTask } from "./progress.js";
import { Recovery } from "./recovery.js";
import { RecoverySteps } from "./recovery-steps.js";
import { ServerList, type Server } from "./server-list.js";
import type { StateDetail, SupervisorOptions, SupervisorState } from "./supervisor-options.js";
import type { Timings } from "./timings.js";

export class Supervisor {
	readonly #options: SupervisorOptions;
	readonly #timings: Timings;
	readonly #recovery: Recovery;
	readonly #servers: ServerList;
	readonly #steps: RecoverySteps;
	#state: SupervisorState = "idle";
	#task: ProgressTask | undefined;
	#attempt: Attempt | undefined;
	#deadlineTimer: TimerHandle | undefined;
	/** Start, or the last moment of a stable session. */
	#lastGoodMs = 0;
	#attemptAtMs = Number.NEGATIVE_INFINITY;
	#attemptDeadlineMs = 0;
	#onlineAtMs = 0;
	#progressAtMs = 0;
	#hadProgress = false;
	#waitsForLink = false;

	constructor(options: SupervisorOptions) {
		this.#options = options;
		this.#timings = options.timings;
		this.#recovery = new Recovery(options.timings);
		this.#servers = new ServerList(options.servers);
		this.#steps = new RecoverySteps(options);
	}

	get state(): SupervisorState {
		return this.#state;
	}

	/** Takes the link up and connects, for ever, until {@link stop}. */
	start(): void {
		assert(this.#state === "idle" || this.#state === "stopped", "a supervisor starts once");
		const { link, linkSettings, progress } = this.#options;
		this.#lastGoodMs = this.#nowMs();
		this.#task = progress?.register("link", this.#timings.watchdogMs);
		this.#steps.start();
		link.start(linkSettings?.() ?? {}, () => this.#linkChanged());
		this.#wait(this.#recovery.plannedDelayMs(this.#random()));
	}

	/** Closes the session and takes the link down. It may be started again. */
	stop(): void {
		if (!this.#isRunning()) return;
		this.#dropAttempt();
		this.#disarm();
		this.#steps.stop();
		this.#task?.release();
		this.#task = undefined;
		this.#options.link.stop();
		this.#setState("stopped", {});
	}

	/** A PUBACK (or its kind) or a PINGRESP has arrived: the session works end to end. */
	progress(kind: "acknowledged" | "ping-response"): void {
		assert(kind === "acknowledged" || kind === "ping-response", "progress is of a known kind");
		if (this.#state !== "online" && this.#state !== "stable") return;
		const nowMs = this.#nowMs();
		this.#progressAtMs = nowMs;
		this.#task?.wait(nowMs + this.#silenceMs());
		if (this.#hadProgress) return;
		this.#hadProgress = true;
		this.#judgeSession(); // the timer was set for silence: now stability may come first
	}

	/**
	 * A planned reconnect: new credentials, a token about to expire, the operator's wish. No failure
	 * is counted, and none is forgiven.
	 */
	reconnect(reason: string): void {
		if (!this.#isRunning()) return;
		this.#leaveSession();
		this.#dropAttempt();
		this.#servers.preferPrimary();
		this.#wait(this.#recovery.plannedDelayMs(this.#random()));
		this.#event({ name: "reconnect-planned", reason });
	}

	// ------------------------------------------------------------ on the way to a session

	#wait(delayMs: number, failureClass?: FailureClass): void {
		this.#waitsForLink = failureClass === "no-address" || failureClass === "link-lost";
		const detail = failureClass ? { delayMs, failureClass } : { delayMs };
		this.#enter("waiting", delayMs, () => this.#takeLink(), detail);
	}

	#takeLink(): void {
		this.#options.bootRecord.saveUptime();
		if (this.#options.link.isUp) return this.#begin();
		this.#enter("link", this.#timings.linkUpMs, () => this.#fail("no-address"), {});
	}

	#linkChanged(): void {
		const { isUp } = this.#options.link;
		if (this.#state === "link" && isUp) return this.#begin();
		if (this.#state === "waiting" && isUp) return this.#linkReturned();
		if (this.#attempt && !isUp) this.#fail("link-lost");
	}

	/** The wait was for an address alone, and here it is. A flapping link earns no attempts by it. */
	#linkReturned(): void {
		const sinceAttemptMs = this.#nowMs() - this.#attemptAtMs;
		if (!this.#waitsForLink || sinceAttemptMs < this.#timings.floorShortMs) return;
		this.#wait(Math.floor(this.#random() * this.#timings.backoffBaseMs));
	}

	#begin(): void {
		const refusal = this.#options.beforeAttempt?.();
		if (!this.#isRunning()) return;
		if (refusal) return this.#fail(refusal);
		const server = this.#servers.current();
		if (!server) return this.#fail("no-servers");
		const block = this.#options.health?.().largestFreeBlockBytes;
		if (block !== undefined && block < TLS_HEAP_BLOCK_BYTES_MIN) return this.#fail("tls-resources");
		const nowMs = this.#nowMs();
		this.#attemptAtMs = nowMs;
		this.#attemptDeadlineMs = nowMs + this.#timings.connectMs;
		const attempt = new Attempt({
			server,
			resolver: this.#options.resolver,
			deadlineMs: this.#attemptDeadlineMs,
			openSession: this.#options.openSession,
			onStage: (stage) => this.#reached(stage, server),
			onEnded: (code, detail) => this.#fail(code, detail),
		});
		this.#attempt = attempt;
		const dnsMs = Math.min(this.#timings.dnsMs, this.#timings.connectMs);
		this.#enter("resolving", dnsMs, () => this.#fail("dns"), { server });
		if (this.#attempt === attempt) attempt.start();
	}

	#reached(stage: "securing" | "joining" | "online", server: Server): void {
		if (stage === "online") return this.#online(server);
		const leftMs = this.#attemptDeadlineMs - this.#nowMs();
		this.#enter(stage, leftMs, () => this.#fail("attempt-timeout"), { server });
	}

	// ------------------------------------------------------------ the session

	#online(server: Server): void {
		const nowMs = this.#nowMs();
		this.#onlineAtMs = nowMs;
		this.#progressAtMs = nowMs;
		this.#hadProgress = false;
		this.#enter("online", this.#silenceMs(), () => this.#judgeSession(), { server });
		this.#event({ name: "connection-online", host: server.host, port: server.port });
	}

	/** Silent for too long, stable at last, or neither yet: then it sets the next moment to look. */
	#judgeSession(): void {
		this.#options.bootRecord.saveUptime();
		const nowMs = this.#nowMs();
		const silenceLeftMs = this.#progressAtMs + this.#silenceMs() - nowMs;
		if (silenceLeftMs <= 0) return this.#fail("silent");
		const stableLeftMs = this.#onlineAtMs + this.#timings.stableMs - nowMs;
		if (this.#state === "online" && this.#hadProgress) {
			if (stableLeftMs <= 0) return this.#becomeStable(silenceLeftMs);
			return this.#arm(Math.min(stableLeftMs, silenceLeftMs), () => this.#judgeSession());
		}
		this.#arm(silenceLeftMs, () => this.#judgeSession());
	}

	#becomeStable(silenceLeftMs: number): void {
		this.#recovery.stable();
		this.#steps.stable();
		this.#options.bootRecord.stable();
		const server = this.#attempt?.server;
		this.#enter("stable", silenceLeftMs, () => this.#judgeSession(), server ? { server } : {});
		this.#event({ name: "connection-stable" });
	}

	/** A stable session ends, for whatever reason: the outage begins now, and with the primary. */
	#leaveSession(): boolean {
		const wasStable = this.#state === "stable";
		if (wasStable) this.#lastGoodMs = this.#nowMs();
		if (wasStable) this.#servers.preferPrimary();
		return wasStable;
	}

	/** Any callback may have stopped it. */
	#isRunning(): boolean {
		return this.#state !== "idle" && this.#state !== "stopped";
	}

	#silenceMs(): number {
		return this.#options.silenceMs?.() ?? this.#timings.silenceMs;
	}

	// ------------------------------------------------------------ failure

	#fail(code: string, transportCode?: string): void {
		const nowMs = this.#nowMs();
		const phase = this.#state;
		const server = this.#attempt?.server;
		const reached = this.#attempt?.reached ?? "nothing";
		const wasStable = this.#leaveSession();
		const wasSuspected = this.#recovery.isDuplicateSuspected;
		const failure = {
			atMs: nowMs,
			code,
			transportCode,
			reached,
			onlineMs: reached === "online" ? nowMs - this.#onlineAtMs : 0,
			hadProgress: reached === "online" && this.#hadProgress,
			outageMs: nowMs - this.#lastGoodMs,
			rebootsSpent: this.#options.bootRecord.rebootsSpent,
		};
		const verdict = this.#recovery.failed(failure, this.#random());
		const rule = FAILURES[verdict.failureClass];
		this.#dropAttempt();
		if (rule.rotates && !wasStable) this.#servers.rotate();
		// First the wait: whatever a callback or a step does, the state has its deadline.
		this.#wait(verdict.delayMs, verdict.failureClass);
		this.#event({
			name: "connection-failed",
			failureClass: verdict.failureClass,
			code,
			transportCode,
			phase,
			step: verdict.step,
			failures: verdict.failures,
			delayMs: verdict.delayMs,
			isSecurity: rule.isSecurity,
			host: server?.host,
			port: server?.port,
		});
		if (this.#recovery.isDuplicateSuspected && !wasSuspected) {
			this.#event({ name: "duplicate-client-id-suspected", isSecurity: true });
		}
		if (this.#isRunning()) this.#steps.perform(verdict);
	}

	// ------------------------------------------------------------ states and their deadlines

	/** The only way into a state that ends by itself. */
	#enter(
		state: SupervisorState,
		deadlineMs: number,
		onDeadline: () => void,
		detail: StateDetail,
	): void {
		this.#arm(Math.max(0, deadlineMs), onDeadline);
		this.#task?.wait(this.#nowMs() + deadlineMs);
		this.#setState(state, detail);
	}

	#arm(delayMs: number, callback: () => void): void {
		this.#disarm();
		this.#deadlineTimer = this.#options.timer.set(() => {
			this.#deadlineTimer = undefined;
			callback();
		}, delayMs);
	}

	#setState(state: SupervisorState, detail: StateDetail): void {
		this.#state = state;
		this.#options.progress?.stage(state);
		this.#options.onState?.(state, detail);
	}

	#disarm(): void {
		if (this.#deadlineTimer !== undefined) this.#options.timer.clear(this.#deadlineTimer);
		this.#deadlineTimer = undefined;
	}

	#dropAttempt(): void {
		const attempt = this.#attempt;
		this.#attempt = undefined;
		attempt?.close();
	}

	#event(event: DeviceEvent): void {
		this.#options.onEvent?.(event);
	}

	#random(): number {
		return randomFraction(this.#options.entropy);
	}

	#nowMs(): number {
		return this.#options.clock.monotonicMs();
	}
}
