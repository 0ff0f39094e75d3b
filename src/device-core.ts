// What every boot has, provisioned or not: the stores, the boot record, the credentials, the time
// and the factory station's other end. The stages of a configuration are built on top of it
// (stages.ts).

import { BootRecord } from "./connection/boot-record.js";
import { Progress } from "./connection/progress.js";
import type { Timings } from "./connection/timings.js";
import { CONFIGURATION_VERSION } from "./credentials/configuration.js";
import { CredentialSlots } from "./credentials/slots.js";
import { TimeTrust } from "./credentials/time-trust.js";
import { ed25519Problem } from "./envelope/ed25519-strict.js";
import { keyIdOf } from "./envelope/key-id.js";
import type { Signer } from "./envelope/seal.js";
import { SequenceReservation } from "./envelope/sequence-reservation.js";
import { FIRMWARE_VERSION } from "./firmware-version.js";
import { Journal } from "./journal.js";
import { Outbox, type Mounted } from "./outbox/outbox.js";
import { PatientStorage } from "./patient-storage.js";
import { readRules } from "./policy/rules.js";
import type { DeviceEvent, KeyValueStore, Ports } from "./ports.js";
import { Provisioner } from "./provisioning/provisioner.js";
import { Settings } from "./settings.js";
import { storageCodeOf } from "./storage-code.js";

const SIGNING_KEY = "signing";

/** What only a device has that can seal and store. */
export interface Operational {
	readonly outbox: Outbox;
	readonly nextSequence: () => number;
	readonly signer: Signer;
	/** Of the signer. */
	readonly publicKey: Uint8Array;
}

interface DeviceSigner extends Signer {
	readonly publicKey: Uint8Array;
}

export class DeviceCore {
	readonly bootRecord: BootRecord;
	readonly timeTrust: TimeTrust;
	readonly slots: CredentialSlots;
	readonly settings: Settings;
	readonly progress: Progress;
	readonly provisioner: Provisioner;
	readonly bootEvent: DeviceEvent;
	/** The security log. Everything that is reported from here on goes by it. */
	readonly journal: Journal;
	readonly #host: Ports;
	readonly #stores = new Map<string, KeyValueStore>();
	#outbox: Outbox | undefined;
	#sequence: SequenceReservation | undefined;
	/** What was last complained of. */
	#complaint: string | undefined;

	/** `timeScale` is for what `timings` does not have. */
	constructor(given: Ports, timings: Timings, timeScale: number, onCommitted: () => void) {
		const host = { ...given, keyValue: new PatientStorage(given.keyValue) };
		this.#host = host;
		const { clock, timer, watchdog, system } = host;
		// First of all: whatever fails after this counts as a failed boot.
		this.bootRecord = new BootRecord({ store: this.store("hf-boot"), clock, timings });
		const { lastReset } = watchdog;
		const boot = this.bootRecord.begin(lastReset.reason);
		this.journal = this.#buildJournal(timeScale);
		const { ports } = this;
		this.bootEvent = Object.freeze({
			name: "device-booted",
			reason: lastReset.reason,
			stage: lastReset.stage,
			mode: boot.mode,
			failedBoots: boot.failedBoots,
			...(boot.wasSafe && { wasSafe: true }),
			// It counts as a spent budget: why reboots are denied for a day.
			...(boot.wasCorrupt && { isRecordCorrupt: true }),
			firmwareVersion: FIRMWARE_VERSION,
		});
		this.timeTrust = new TimeTrust({
			clock,
			store: this.store("hf-time"),
			buildTime: system.buildTime,
			onRaised: (raised) => ports.report({ name: "time-floor-raised", ...raised }),
		});
		this.slots = new CredentialSlots(ports.keyValue);
		this.settings = new Settings(this.store("hf-set"), ports.report);
		this.progress = new Progress({
			clock,
			timer,
			watchdog,
			timings,
			onStalled: (task) => ports.report({ name: "task-stalled", task }),
		});
		this.provisioner = this.#buildProvisioner(onCommitted);
	}

	/** The host's ports, with the journal in between. */
	get ports(): Ports {
		return this.journal.ports;
	}

	/** The open namespace `path`; closed with everything else. */
	store(path: string): KeyValueStore {
		let store = this.#stores.get(path);
		if (store === undefined) {
			store = this.#host.keyValue.open({ path, format: "buffer", mode: "r+" });
			this.#stores.set(path, store);
		}
		return store;
	}

	/** What the slots found and repaired. */
	reportFindings(): void {
		for (const finding of this.slots.takeFindings()) {
			if (finding.name === "storage-failed") this.#complain(finding);
			else this.ports.report(finding);
		}
	}

	/** The time in the configuration that was committed last, where it can be read. */
	installedTime(): number | undefined {
		try {
			return (this.slots.candidate() ?? this.slots.active())?.configuration.time;
		} catch (error) {
			storageCodeOf(error);
			return undefined;
		}
	}

	/**
	 * Outbox, sequence and signer, once there is a key to sign with; `undefined` where they cannot
	 * be had.
	 */
	operational(): Operational | undefined {
		const signer = this.#usableSigner();
		if (signer === undefined) return undefined;
		const outbox = this.#mount();
		if (outbox === undefined) return undefined;
		this.#sequence ??= new SequenceReservation(this.store("hf-seq"), outbox.lastSequence);
		const sequence = this.#sequence;
		return {
			outbox,
			nextSequence: () => sequence.next(),
			signer,
			publicKey: signer.publicKey,
		};
	}

	close(): void {
		this.journal.close();
		this.provisioner.close();
		this.progress.stop();
		this.slots.close();
		for (const store of this.#stores.values()) store.close();
		this.#stores.clear();
	}

	/** The signer, or a report of why there is none. */
	#usableSigner(): DeviceSigner | undefined {
		try {
			const signer = this.#signer();
			if (signer === undefined) this.#complain({ name: "signing-key-missing", isSecurity: true });
			return signer;
		} catch (error) {
			const code = storageCodeOf(error);
			this.#complain({ name: "storage-failed", path: "keys", code });
			return undefined;
		}
	}

	/** Once for each cause in a row: it is tried again and again. */
	#complain(event: DeviceEvent): void {
		const cause = `${event.name} ${String(event["path"])}`;
		if (cause !== this.#complaint) this.ports.report(event);
		this.#complaint = cause;
	}

	/** By the signing key as it is now; `undefined` while there is none. */
	#signer(): DeviceSigner | undefined {
		const { keyStore, crypto } = this.#host;
		const key = keyStore.publicKey(SIGNING_KEY);
		if (key === undefined) return undefined;
		const publicKey = new Uint8Array(key);
		return {
			publicKey,
			keyId: keyIdOf(publicKey, crypto),
			sign: (message) => new Uint8Array(keyStore.sign(SIGNING_KEY, message)),
		};
	}

	#buildJournal(timeScale: number): Journal {
		return new Journal({
			ports: this.#host,
			timeScale,
			headStore: () => this.store("hf-log"),
			signer: () => {
				try {
					return this.#signer();
				} catch (error) {
					storageCodeOf(error); // it is not for the log to say so: whoever needs the key does
					return undefined;
				}
			},
			now: () => (this.timeTrust as TimeTrust | undefined)?.now(), // there once it is built
		});
	}

	#mount(): Outbox | undefined {
		if (this.#outbox !== undefined) return this.#outbox;
		const { report } = this.ports;
		const mounted = this.#mountFlash();
		if (mounted.kind === "unusable") {
			this.#complain({ name: "storage-failed", path: "outbox", code: mounted.code });
			return undefined;
		}
		this.#complaint = undefined;
		report({ name: "outbox-mounted", ...mounted.report });
		this.#outbox = mounted.outbox;
		return mounted.outbox;
	}

	#mountFlash(): Mounted {
		try {
			const flash = this.ports.flash.open({ path: "outbox", mode: "r+" });
			const mounted = Outbox.mount({ flash });
			if (mounted.kind === "unusable") flash.close(); // the next attempt opens its own
			return mounted;
		} catch (error) {
			return { kind: "unusable", code: storageCodeOf(error) };
		}
	}

	#buildProvisioner(onCommitted: () => void): Provisioner {
		const ports = this.ports;
		const { serial, timer, keyStore, entropy, keyValue, system, report } = ports;
		return new Provisioner({
			serial,
			timer,
			keyStore,
			crypto: ports.crypto,
			entropy,
			keyValue,
			slots: this.slots,
			hardwareId: system.hardwareId,
			firmwareVersion: FIRMWARE_VERSION,
			configurationVersion: CONFIGURATION_VERSION,
			judge: ({ policy }) => {
				const read = readRules(policy, "policy");
				return read.kind === "invalid" ? read : undefined;
			},
			verify: (publicKey, message, signature) =>
				ed25519Problem(publicKey, signature) === undefined &&
				ports.crypto.ed25519Verify(publicKey, message, signature),
			onEvent: report,
			onCommitted,
		});
	}
}
