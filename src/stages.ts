// The stages of a provisioned device, built for one configuration: sampling, uplink, downlink and
// the connection. Started and stopped as a whole; another configuration gets stages of its own.

import { assert } from "./assert.js";
import { BrokerSession, failureCodeOf, keepAliveSeconds } from "./broker-session.js";
import { toHex } from "./bytes/hex.js";
import { CommandLedger } from "./command/command-ledger.js";
import type { SessionEvents, SessionHandle, SessionRequest } from "./connection/attempt.js";
import type { BootRecord } from "./connection/boot-record.js";
import type { FailureClass } from "./connection/failure.js";
import type { Progress, ProgressTask } from "./connection/progress.js";
import { Supervisor } from "./connection/supervisor.js";
import type { Timings } from "./connection/timings.js";
import type { Chosen } from "./credentials/slots.js";
import { TIME_SNTP, type TimeTrust } from "./credentials/time-trust.js";
import { Downlink, type Operator } from "./downlink.js";
import { CONTENT_EVENT, CONTENT_LOG, CONTENT_READING } from "./envelope/content-types.js";
import { keyIdOf } from "./envelope/key-id.js";
import type { Signer } from "./envelope/seal.js";
import { encodeEvent } from "./event-payload.js";
import { inheritedBy } from "./inherited.js";
import type { Journal } from "./journal.js";
import {
	OUTBOUND_MESSAGES_BURST,
	OUTBOUND_MESSAGES_PER_SECOND,
	OUTBOX_FLUSH_MS,
} from "./limits.js";
import { Session } from "./mqtt/session.js";
import type { Outbox } from "./outbox/outbox.js";
import { Performer } from "./performer.js";
import { CommandRates } from "./policy/command-rates.js";
import { Governor } from "./policy/governor.js";
import { Policy } from "./policy/policy.js";
import { readRules } from "./policy/rules.js";
import { TokenBucket } from "./policy/token-bucket.js";
import type {
	DeviceEvent,
	KeyStore,
	KeyValueStore,
	Ports,
	SensorSample,
	TimerHandle,
} from "./ports.js";
import { encodeReading } from "./reading/senml.js";
import { Sampler } from "./sampler.js";
import { storageCodeOf } from "./storage-code.js";
import { Uplink } from "./uplink.js";

export interface StagesOptions {
	readonly ports: Ports;
	readonly chosen: Chosen;
	readonly timings: Timings;
	readonly timeScale: number;
	readonly sampleIntervalMs: number;
	readonly outbox: Outbox;
	readonly nextSequence: () => number;
	readonly signer: Signer;
	readonly timeTrust: TimeTrust;
	readonly bootRecord: BootRecord;
	readonly progress: Progress;
	readonly journal: Journal;
	/** Of the signer. */
	readonly publicKey: Uint8Array;
	/** Namespaces "hf-cmd", "hf-mqtt" and "hf-set". */
	readonly ledgerStore: KeyValueStore;
	readonly sessionStore: KeyValueStore;
	readonly settingsStore: KeyValueStore;
	/** The event that the first session of this boot publishes, signed. */
	readonly bootEvent: () => DeviceEvent | undefined;
	readonly onStable: () => void;
	/** A connection with these credentials failed. */
	readonly onFailed: (failureClass: string) => void;
	readonly setInterval: (intervalMs: number) => void;
	readonly restart: (cause: string) => void;
}

const SESSION_KEY = "session";
/**
 * Keep-alives without a sign of life after which the session is silent: the client knows at 1.5.
 */
const SILENCE_KEEP_ALIVES = 2;

export class Stages {
	readonly #options: StagesOptions;
	readonly #policy: Policy;
	readonly #uplink: Uplink;
	readonly #downlink: Downlink;
	readonly #sampler: Sampler;
	readonly #supervisor: Supervisor;
	readonly #mqttSession: Session;
	readonly #governor: Governor;
	readonly #outbound: TokenBucket;
	#isProven: boolean;
	#session: BrokerSession | undefined;
	#sampling: ProgressTask | undefined;
	#flushTimer: TimerHandle | undefined;

	constructor(options: StagesOptions) {
		this.#options = options;
		const { ports, chosen, outbox, signer, nextSequence, timeTrust } = options;
		const { configuration } = chosen;
		this.#isProven = !chosen.isCandidate;
		const rules = readRules(configuration.policy);
		assert(rules.kind === "valid", "the policy was judged before it was committed");
		this.#policy = new Policy(rules.value, configuration.deviceId);
		this.#uplink = new Uplink({
			outbox,
			policy: this.#policy,
			signer,
			nextSequence,
			now: () => timeTrust.now(),
			report: ports.report,
			inherited: inheritedBy({
				...options,
				policy: this.#policy,
				isProven: () => this.#isProven,
			}),
			onAcknowledged: () => this.#flushSoon(),
		});
		this.#sampler = new Sampler({
			ports,
			intervalMs: options.sampleIntervalMs,
			onSamples: (samples) => this.#accept(samples),
			onRound: () => this.#sampling?.made(),
		});
		const { timeScale } = options;
		this.#governor = new Governor({ clock: ports.clock, timeScale });
		this.#outbound = new TokenBucket(
			{
				burst: OUTBOUND_MESSAGES_BURST,
				perSecond: OUTBOUND_MESSAGES_PER_SECOND / timeScale,
			},
			ports.clock.monotonicMs(),
		);
		this.#downlink = this.#buildDownlink();
		// Where nothing was asked for with QoS 2, a broker that sends it all the same writes no flash.
		const usesQoS2 = rules.value.some(({ QoS }) => QoS === 2);
		this.#mqttSession = new Session(usesQoS2 ? { store: this.#sessionStore() } : {});
		this.#supervisor = this.#buildSupervisor();
	}

	start(): void {
		const { bootRecord } = this.#options;
		// In safe mode nothing runs that could have ended the boots before: no driver, no sampling.
		if (bootRecord.mode === "normal") {
			this.#watchSampling(this.#sampler.intervalMs);
			this.#sampler.start();
		}
		this.#attachJournal();
		this.#supervisor.start();
	}

	stop(): void {
		const { ports, outbox } = this.#options;
		this.#options.journal.detach();
		this.#supervisor.stop();
		this.#session?.drop();
		this.#session = undefined;
		this.#sampler.stop();
		this.#sampling?.release();
		this.#sampling = undefined;
		if (this.#flushTimer !== undefined) ports.timer.clear(this.#flushTimer);
		this.#flushTimer = undefined;
		outbox.flush();
	}

	setInterval(intervalMs: number): void {
		this.#sampler.setInterval(intervalMs);
		if (this.#sampling !== undefined) this.#watchSampling(intervalMs);
	}

	/** The configuration has proved itself: it is not on trial any more. */
	proven(): void {
		this.#isProven = true;
		this.#uplink.rewind(); // what was held back is looked at once more
		this.#session?.offer();
	}

	/** Stores a signed event, and offers it when there is a session. */
	tell(event: DeviceEvent): void {
		const payload = encodeEvent(event);
		this.#uplink.accept({ channel: "event", contentType: CONTENT_EVENT, payload });
		this.#session?.offer();
	}

	/** One tombstone for the acknowledgements of a moment; a device at rest is not woken for none. */
	#flushSoon(): void {
		const { ports, outbox } = this.#options;
		this.#flushTimer ??= ports.timer.set(() => {
			this.#flushTimer = undefined;
			outbox.flush();
		}, OUTBOX_FLUSH_MS);
	}

	#accept(samples: readonly SensorSample[]): void {
		const { ports, timeTrust } = this.#options;
		const encoded = encodeReading(samples, timeTrust.now()?.unixSeconds);
		for (const measurement of encoded.leftOut) {
			ports.report({ name: "measurement-left-out", measurement });
		}
		if (encoded.kind === "empty") return;
		const accepted = this.#uplink.accept({
			channel: "telemetry",
			contentType: CONTENT_READING,
			payload: encoded.payload,
		});
		if (accepted.kind === "accepted") {
			const { sequence } = accepted;
			ports.report({ name: "reading-accepted", sequence, depth: this.#uplink.depth });
		} else {
			ports.report({ name: "reading-refused", reason: accepted.reason });
		}
		this.#session?.offer();
	}

	/** A table that does not have the channel leaves the log on the device. */
	#attachJournal(): void {
		if (this.#policy.topicOf("log") === undefined) return;
		this.#options.journal.attach({
			isOnline: () => this.#session?.isOnline === true,
			accept: (payload) => {
				const message = { channel: "log", contentType: CONTENT_LOG, payload } as const;
				const isAccepted = this.#uplink.accept(message).kind === "accepted";
				this.#session?.offer();
				return isAccepted;
			},
		});
	}

	#watchSampling(intervalMs: number): void {
		const { progress, timings } = this.#options;
		this.#sampling?.release();
		this.#sampling = progress.register("sampling", intervalMs * 2 + timings.watchdogMs);
	}

	#buildDownlink(): Downlink {
		const { ports, chosen, ledgerStore, timeTrust, bootRecord, outbox } = this.#options;
		const { deviceId, operators } = chosen.configuration;
		const known: Operator[] = operators.map(({ publicKey, commands }) => ({
			keyId: toHex(keyIdOf(publicKey, ports.crypto)),
			publicKey,
			commands,
		}));
		const performer = new Performer({
			ports,
			bootRecord,
			outbox,
			timeTrust,
			intervalMs: () => this.#sampler.intervalMs,
			setInterval: (intervalMs) => this.#options.setInterval(intervalMs),
		});
		const rates = new CommandRates({ clock: ports.clock, timeScale: this.#options.timeScale });
		return new Downlink({
			deviceId,
			operators: known,
			policy: this.#policy,
			crypto: ports.crypto,
			ledger: new CommandLedger(
				ledgerStore,
				known.map(({ keyId }) => keyId),
			),
			uplink: this.#uplink,
			trustedTime: () => {
				const now = timeTrust.now();
				return now !== undefined && now.quality >= TIME_SNTP ? now.unixSeconds : undefined;
			},
			signedTime: (unixSeconds) => void timeTrust.signedTime(unixSeconds),
			mayTake: (operator) => rates.take(operator),
			perform: (command) => performer.perform(command),
			report: ports.report,
			violated: () => this.#governor.onViolation(),
		});
	}

	#buildSupervisor(): Supervisor {
		const { ports, chosen, timings, bootRecord, progress, restart } = this.#options;
		const { configuration } = chosen;
		const { ssid, password, security } = configuration.link;
		return new Supervisor({
			timer: ports.timer,
			clock: ports.clock,
			entropy: ports.entropy,
			link: ports.link,
			linkSettings: () => ({
				...(ssid !== undefined && { ssid }),
				...(password !== undefined && { password: password.reveal().slice() }),
				...(security !== undefined && { security }),
			}),
			resolver: ports.dns,
			servers: () => configuration.servers,
			timings,
			bootRecord,
			progress,
			openSession: (request, events) => this.#openSession(request, events),
			silenceMs: () =>
				keepAliveSeconds(configuration, this.#options.timeScale) * 1000 * SILENCE_KEEP_ALIVES,
			health: () => ports.system.health(),
			beforeAttempt: () => this.#obstacle(),
			restart,
			onState: (state, { failureClass, delayMs }) => {
				ports.report({ name: "connection-state", state, failureClass, delayMs });
			},
			onEvent: (event) => this.#onConnectionEvent(event),
		});
	}

	/** What makes an attempt useless before it is made. */
	#obstacle(): FailureClass | undefined {
		const { ports, chosen } = this.#options;
		const { certificates, keyName } = chosen.configuration;
		const isMissing = certificates.length > 0 && !hasKey(ports.keyStore, keyName);
		return isMissing ? "credentials-missing" : undefined;
	}

	#openSession(request: SessionRequest, events: SessionEvents): SessionHandle {
		const { ports, chosen, timings, timeScale, signer, timeTrust } = this.#options;
		this.#session?.drop(); // it may still be saying goodbye, and the MQTT session has one client
		this.#session = undefined; // there is no memory for two
		// Only now, with the name resolved: where the network is dead there is no time either, and that
		// failure is the network's, which a reboot may mend.
		const needsTime = chosen.configuration.authentication.kind === "token";
		if (needsTime && !timeTrust.isTrusted) return this.#refusedSession(events, "time-untrusted");
		try {
			this.#session = new BrokerSession(request, events, {
				ports,
				configuration: chosen.configuration,
				policy: this.#policy,
				timings,
				timeScale,
				mqttSession: this.#mqttSession,
				signer,
				timeTrust,
				uplink: this.#uplink,
				downlink: this.#downlink,
				governor: this.#governor,
				outbound: this.#outbound,
				onOnline: () => this.#onOnline(),
				onProgress: (kind) => this.#supervisor.progress(kind),
				onRenewalDue: () => this.#supervisor.reconnect("token-renewal"),
				onGone: () => (this.#session = undefined),
			});
			return this.#session;
		} catch (error) {
			return this.#refusedSession(events, failureCodeOf(error));
		}
	}

	/** A session that ends as soon as its caller has it. */
	#refusedSession(events: SessionEvents, code: FailureClass): SessionHandle {
		const { timer } = this.#options.ports;
		const later = timer.set(() => events.onClosed(code), 0);
		return { close: () => timer.clear(later) };
	}

	#onOnline(): void {
		const event = this.#options.bootEvent();
		if (event !== undefined) this.tell(event);
		this.#options.journal.online();
	}

	#onConnectionEvent(event: DeviceEvent): void {
		const { ports, onStable, onFailed } = this.#options;
		ports.report(event);
		if (event.name === "connection-stable") onStable();
		if (event.name === "connection-failed") onFailed(String(event["failureClass"]));
	}

	/** QoS 2 state survives reboots. A worn store costs exactly-once for QoS 2, and is said. */
	#sessionStore() {
		const { sessionStore, ports } = this.#options;
		const attempt = (access: () => void): boolean => {
			try {
				access();
				return true;
			} catch (error) {
				ports.report({ name: "storage-failed", path: "hf-mqtt", code: storageCodeOf(error) });
				return false;
			}
		};
		return {
			load: () => {
				let bytes: ArrayBuffer | undefined;
				attempt(() => (bytes = sessionStore.read(SESSION_KEY)));
				return bytes && new Uint8Array(bytes);
			},
			save: (bytes: Uint8Array) => attempt(() => sessionStore.write(SESSION_KEY, bytes)),
		};
	}
}

/** A key that cannot be read is as good as none. */
function hasKey(keyStore: KeyStore, name: string): boolean {
	try {
		return keyStore.publicKey(name) !== undefined;
	} catch (error) {
		storageCodeOf(error);
		return false;
	}
}
