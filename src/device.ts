// The device: builds what outlives a configuration, answers the factory station, and runs the
// stages of whatever configuration counts. The entry of build/device.js; hosts make it with their
// ports.

import { scaledTimings, type Timings } from "./connection/timings.js";
import type { Configuration } from "./credentials/configuration.js";
import type { Chosen } from "./credentials/slots.js";
import { CANDIDATE_NETWORK_MS, STORAGE_RETRY_MS } from "./limits.js";
import type { DeviceEvent, Ports, TimerHandle } from "./ports.js";
import { DeviceCore } from "./device-core.js";
import { Stages } from "./stages.js";

export interface DeviceOptions {
	readonly ports: Ports;
	/** All durations of the connection's policy times this; 1 on a real device. */
	readonly timeScale?: number;
	/** Instead of the configuration's, for a simulator in a hurry. */
	readonly sampleIntervalMs?: number;
}

/** One device, from power-on to power-off. Several can live in one process. */
export class Device {
	readonly #options: DeviceOptions;
	readonly #timings: Timings;
	#core: DeviceCore | undefined;
	#stages: Stages | undefined;
	#hasToldBoot = false;
	/** When the stages were started. */
	#activatedAtMs = 0;
	#reactivation: TimerHandle | undefined;

	constructor(options: DeviceOptions) {
		this.#options = options;
		this.#timings = scaledTimings(options.timeScale ?? 1);
	}

	/** Boots. Returns at once; everything else happens in callbacks of the ports. */
	start(): void {
		const { ports, timeScale = 1 } = this.#options;
		const core = new DeviceCore(ports, this.#timings, timeScale, () => this.#committed());
		this.#core = core;
		core.ports.report({ ...core.bootEvent });
		core.progress.start();
		this.#activate();
	}

	/** Ends everything that `start` began. What is stored stays. */
	stop(): void {
		this.#deactivate();
		this.#core?.close();
		this.#core = undefined;
	}

	/** Starts the stages of whichever configuration counts now, if there is one. */
	#activate(): void {
		const { timeScale = 1 } = this.#options;
		const core = this.#core as DeviceCore;
		const { ports } = core;
		const chosen = core.slots.begin();
		core.reportFindings();
		if (core.slots.isUnreadable) {
			core.progress.stage("unreadable");
			return this.#tryAgain();
		}
		if (chosen === undefined) {
			core.progress.stage("unprovisioned");
			ports.report({ name: "device-unprovisioned", isLocked: core.provisioner.isLocked });
			return;
		}
		const parts = core.operational();
		if (parts === undefined) return this.#tryAgain();
		this.#activatedAtMs = ports.clock.monotonicMs();
		const { deviceId } = chosen.configuration;
		ports.report({ name: "device-started", deviceId, isCandidate: chosen.isCandidate });
		this.#stages = new Stages({
			ports,
			chosen,
			timings: this.#timings,
			timeScale,
			sampleIntervalMs: this.#sampleIntervalMs(chosen.configuration),
			...parts,
			timeTrust: core.timeTrust,
			bootRecord: core.bootRecord,
			progress: core.progress,
			journal: core.journal,
			ledgerStore: core.store("hf-cmd"),
			sessionStore: core.store("hf-mqtt"),
			settingsStore: core.store("hf-set"),
			bootEvent: () => this.#takeBootEvent(),
			onStable: () => this.#stable(chosen),
			onFailed: (failureClass) => this.#failed(chosen, failureClass),
			setInterval: (intervalMs) => {
				core.settings.setSampleInterval(intervalMs);
				this.#stages?.setInterval(intervalMs);
			},
			restart: (cause) => {
				ports.report({ name: "device-restarting", cause });
				ports.system.restart();
			},
		});
		this.#stages.start();
	}

	#deactivate(): void {
		if (this.#reactivation !== undefined) this.#options.ports.timer.clear(this.#reactivation);
		this.#reactivation = undefined;
		this.#stages?.stop();
		this.#stages = undefined;
	}

	#reactivate(): void {
		this.#deactivate();
		this.#activate();
	}

	/** Not from inside the stages that say why. */
	#reactivateSoon(): void {
		this.#reactivateAfter(0);
	}

	/**
	 * Storage is not as it should be: the station is answered, and nothing else is done. It may heal;
	 * a restart of the device would only look at it in the same way.
	 */
	#tryAgain(): void {
		this.#reactivateAfter(STORAGE_RETRY_MS * (this.#options.timeScale ?? 1));
	}

	#reactivateAfter(delayMs: number): void {
		this.#reactivation ??= this.#options.ports.timer.set(() => {
			this.#reactivation = undefined;
			this.#reactivate();
		}, delayMs);
	}

	/** An operator's wish outlives a restart; a new configuration ends it. */
	#sampleIntervalMs(configuration: Configuration): number {
		const wished = (this.#core as DeviceCore).settings.sampleIntervalMs;
		return wished ?? this.#options.sampleIntervalMs ?? configuration.sampleIntervalMs;
	}

	/** The station committed a configuration: it is tried at once. */
	#committed(): void {
		const core = this.#core as DeviceCore;
		// The station's clock, a moment ago, over a wire that somebody holds in his hand.
		const time = core.installedTime();
		if (time !== undefined) core.timeTrust.signedTime(time);
		core.settings.forget();
		core.bootRecord.forgive();
		this.#reactivate();
	}

	#stable(chosen: Chosen): void {
		const core = this.#core as DeviceCore;
		this.#options.ports.system.markImageValid();
		if (!chosen.isCandidate) return;
		if (core.slots.promote(chosen)) {
			this.#stages?.tell({ name: "credential-promoted" });
			this.#stages?.proven();
		}
		core.reportFindings();
	}

	/** A candidate that does not connect gives way to the configuration that did. */
	#failed(chosen: Chosen, failureClass: string): void {
		const core = this.#core as DeviceCore;
		if (!chosen.isCandidate) return;
		// The station gave the candidate up for a new TLS key, and then went away without a commit.
		if (!core.slots.holds(chosen)) return this.#reactivateSoon();
		if (INNOCENT.includes(failureClass)) return;
		const triedMs = this.#options.ports.clock.monotonicMs() - this.#activatedAtMs;
		if (NETWORK.includes(failureClass) && triedMs < CANDIDATE_NETWORK_MS) return;
		const outcome = core.slots.failed();
		core.reportFindings();
		if (outcome === "reverted") this.#reactivateSoon();
	}

	/** Why the last boot ended, signed: once a boot, in its first session. */
	#takeBootEvent(): DeviceEvent | undefined {
		if (this.#hasToldBoot) return undefined;
		this.#hasToldBoot = true;
		return this.#core?.bootEvent;
	}
}

/**
 * Failures that say nothing about the configuration: there was no network, no time or no memory.
 */
const INNOCENT: readonly string[] = Object.freeze([
	"no-address",
	"link-lost",
	"time-untrusted",
	"tls-resources",
	"local",
]);

/** The server is down, or the configuration names one that is not there: time tells which. */
const NETWORK: readonly string[] = Object.freeze([
	"dns",
	"tcp",
	"attempt-timeout",
	"connack-unavailable",
	"connack-timeout",
]);
