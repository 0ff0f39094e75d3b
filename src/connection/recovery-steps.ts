// Carries out the rungs of the ladder: frees memory, restarts the interface, and reboots where the
// budget allows it. When a rung is due is decided in recovery.ts.

import type { DeviceEvent, TimerHandle } from "../ports.js";
import type { FailureClass, RecoveryStep } from "./failure.js";
import type { Verdict } from "./recovery.js";
import type { SupervisorOptions } from "./supervisor-options.js";

export class RecoverySteps {
	readonly #options: SupervisorOptions;
	#retryTimer: TimerHandle | undefined;
	/** Since the last stable session: a denial is told once, and not at each failure. */
	#wasRebootDenied = false;

	constructor(options: SupervisorOptions) {
		this.#options = options;
	}

	start(): void {
		if (this.#options.bootRecord.mode === "safe") this.#armSafeModeRetry();
	}

	stop(): void {
		if (this.#retryTimer !== undefined) this.#options.timer.clear(this.#retryTimer);
		this.#retryTimer = undefined;
	}

	stable(): void {
		this.#wasRebootDenied = false;
	}

	perform({ step, stepWithoutReboot, failureClass }: Verdict): void {
		if (step !== "reboot") this.#perform(step, failureClass);
		else if (!this.#reboot(failureClass)) this.#perform(stepWithoutReboot, failureClass);
	}

	#perform(step: RecoveryStep, failureClass: FailureClass): void {
		const { link, freeMemory, health, recheck } = this.#options;
		if (step === "restart-link") {
			this.#event({ name: "link-restarted", failureClass });
			link.restart();
		} else if (step === "check-heap") {
			freeMemory?.();
			const { freeHeapBytes, largestFreeBlockBytes } = health?.() ?? {};
			this.#event({ name: "heap-checked", freeHeapBytes, largestFreeBlockBytes });
		} else if (step === "recheck") {
			recheck?.();
		}
	}

	/** Whether the restart was asked for. A host whose restart does nothing goes on with the wait. */
	#reboot(failureClass: FailureClass): boolean {
		const decision = this.#options.bootRecord.spendReboot();
		if (decision.kind === "granted") {
			this.#event({ name: "reboot-requested", failureClass });
			this.#options.restart(failureClass);
			return true;
		}
		const { reason } = decision;
		if (!this.#wasRebootDenied) this.#event({ name: "reboot-denied", failureClass, reason });
		this.#wasRebootDenied = true;
		return false;
	}

	/** Safe mode ends by itself, in the field: now and then the normal mode is tried. */
	#armSafeModeRetry(): void {
		const { timer, timings, bootRecord, restart } = this.#options;
		this.#retryTimer = timer.set(() => {
			this.#armSafeModeRetry();
			if (bootRecord.spendRetry().kind === "denied") return;
			this.#event({ name: "reboot-requested", failureClass: "safe-mode-retry" });
			restart("safe-mode-retry");
		}, timings.safeModeRetryMs);
	}

	#event(event: DeviceEvent): void {
		this.#options.onEvent?.(event);
	}
}
