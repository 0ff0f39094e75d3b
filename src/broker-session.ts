// One MQTT session over mutual TLS, as the supervisor asks for it: identity, will, subscriptions.
// It decides nothing about reconnecting, and hands what arrives to the downlink.

import { crc32 } from "./bytes/crc32.js";
import type { Secret } from "./bytes/secret.js";
import { encodeUTF8 } from "./bytes/text.js";
import type { SessionEvents, SessionHandle, SessionRequest } from "./connection/attempt.js";
import type { Timings } from "./connection/timings.js";
import type { Configuration } from "./credentials/configuration.js";
import type { TimeTrust } from "./credentials/time-trust.js";
import { mintToken } from "./credentials/token.js";
import type { Downlink } from "./downlink.js";
import { CONTENT_EVENT } from "./envelope/content-types.js";
import type { Signer } from "./envelope/seal.js";
import { encodeEvent } from "./event-payload.js";
import {
	KEEP_ALIVE_S_MIN,
	MQTT_REQUEST_TOPICS_MAX,
	STORAGE_RETRY_MS,
	SUBSCRIBE_AGAIN_MS,
} from "./limits.js";
import type { InboundMessage, SubscribeResult } from "./mqtt/client-options.js";
import { MQTTClient } from "./mqtt/client.js";
import type { Subscription } from "./mqtt/packets.js";
import type { Session } from "./mqtt/session.js";
import type { Governor } from "./policy/governor.js";
import type { Policy } from "./policy/policy.js";
import type { TokenBucket } from "./policy/token-bucket.js";
import type { Ports, SocketErrorCode, TimerHandle, VerifiedPeer } from "./ports.js";
import { storageCodeOf } from "./storage-code.js";
import type { Uplink } from "./uplink.js";

export interface BrokerSessionOptions {
	readonly ports: Ports;
	readonly configuration: Configuration;
	readonly policy: Policy;
	readonly timings: Timings;
	readonly timeScale: number;
	/** Outlives this session: packet ids and what is in flight. */
	readonly mqttSession: Session;
	readonly signer: Signer;
	readonly timeTrust: TimeTrust;
	readonly uplink: Uplink;
	readonly downlink: Downlink;
	/** Outlive this session as well: a reconnect gives nothing back. */
	readonly governor: Governor;
	readonly outbound: TokenBucket;
	readonly onOnline: () => void;
	readonly onProgress: (kind: "acknowledged" | "ping-response") => void;
	/** The token of this session should be renewed by a planned reconnect. */
	readonly onRenewalDue: () => void;
	/** The socket is closed, and nothing follows: where memory is short, let go of this session. */
	readonly onGone: () => void;
}

/** Seconds of keep-alive under `timeScale`; a network takes what it takes, so it has a least. */
export function keepAliveSeconds(configuration: Configuration, timeScale: number): number {
	return Math.max(KEEP_ALIVE_S_MIN, Math.round(configuration.keepAliveS * timeScale));
}

export class BrokerSession implements SessionHandle {
	readonly #options: BrokerSessionOptions;
	readonly #events: SessionEvents;
	readonly #client: MQTTClient;
	/** Of the token that was minted for this session. */
	#renewAfterMs: number | undefined;
	#renewal: TimerHandle | undefined;
	/** More may be sent then. */
	#nextOffer: TimerHandle | undefined;
	/** What could not be read is looked at again then. */
	#nextLook: TimerHandle | undefined;
	/** Topics whose subscription was not granted, and when they are asked for again. */
	readonly #refused = new Set<string>();
	#nextAsking: TimerHandle | undefined;
	#hasConnected = false;
	#isClosed = false;

	/** Makes the socket and begins. Throws what the TLS socket's constructor throws. */
	constructor(request: SessionRequest, events: SessionEvents, options: BrokerSessionOptions) {
		this.#options = options;
		this.#events = events;
		const { ports, timings, mqttSession, uplink, governor } = options;
		governor.connecting();
		this.#client = new MQTTClient({
			socket: this.#socketOptions(request),
			clock: ports.clock,
			timer: ports.timer,
			session: mqttSession,
			connect: this.#connectOptions(request),
			timings: {
				connackMs: Math.max(1, request.deadlineMs - ports.clock.monotonicMs()),
				pingResponseMs: timings.pingResponseMs,
				acknowledgeMs: timings.acknowledgeMs,
			},
			governor,
			recall: (sequence) => uplink.recall(sequence),
			onSecured: () => events.onSecured(),
			onConnected: () => this.#onConnected(),
			onSubscribed: (results) => this.#onSubscribed(results),
			onMessage: (message) => this.#onMessage(message),
			onOversized: ({ payloadBytes }) => {
				ports.report({ name: "message-too-large", payloadBytes });
				governor.onViolation();
			},
			onAcknowledged: (sequence) => {
				uplink.acknowledged(sequence);
				this.offer();
			},
			onReady: () => this.offer(),
			onProgress: (kind) => options.onProgress(kind),
			onClosed: ({ code, clause, detail }) => {
				this.#end();
				if (clause !== undefined) {
					ports.report({ name: "protocol-violated", clause, detail, isSecurity: true });
				}
				options.onGone();
				if (!this.#isClosed) events.onClosed(code, detail);
			},
		});
		this.#armRenewal();
	}

	/** From CONNACK to the end. */
	get isOnline(): boolean {
		return this.#hasConnected && this.#client.state === "online";
	}

	/** Hands on whatever the outbox holds, as far as there is room and the rate limit allows. */
	offer(): void {
		if (!this.isOnline) return;
		const { ports, uplink, outbound } = this.#options;
		const nowMs = ports.clock.monotonicMs();
		const allowed = outbound.available(nowMs);
		const offered = uplink.offer(this.#client, allowed);
		outbound.spend(offered, nowMs);
		if (uplink.hasUnread) this.#lookAgain();
		if (offered < allowed || this.#nextOffer !== undefined) return;
		this.#nextOffer = ports.timer.set(
			() => {
				this.#nextOffer = undefined;
				this.offer();
			},
			outbound.waitMs(1, nowMs),
		);
	}

	/**
	 * Says goodbye where it can. No event follows; the socket is gone for certain after {@link
	 * drop}.
	 */
	close(): void {
		if (this.#isClosed) return;
		this.#isClosed = true;
		this.#end();
		this.#client.disconnect();
	}

	/** Ends what `close` left lingering. */
	drop(): void {
		this.close();
		this.#client.close();
	}

	#socketOptions({ host, port, address }: SessionRequest) {
		const { ports, configuration, timeTrust } = this.#options;
		const { certificates, keyName, serverName, authorities, pins } = configuration;
		return {
			io: ports.tls.io as never,
			TCP: ports.tcp,
			address,
			port,
			noDelay: true,
			secure: {
				serverName: serverName ?? host,
				authorities,
				pins,
				...(certificates.length > 0 && { identity: { certificates, key: keyName } }),
				time: timeTrust.judging(),
				onVerified: ({ notBefore }: VerifiedPeer) => timeTrust.certificateNotBefore(notBefore),
			},
		};
	}

	#connectOptions({ host, port }: SessionRequest) {
		const { configuration, timeScale, uplink, policy, mqttSession } = this.#options;
		const topic = policy.topicOf("event");
		const payload = uplink.sealUnchained({
			channel: "event",
			contentType: CONTENT_EVENT,
			payload: encodeEvent({ name: "connection-lost" }),
		});
		return {
			id: configuration.deviceId,
			...mqttSession.meet(crc32(encodeUTF8(`${host}:${port}`))),
			keepAliveSeconds: keepAliveSeconds(configuration, timeScale),
			...this.#userAndPassword(),
			...(topic !== undefined &&
				payload !== undefined && {
					will: { topic, payload, QoS: policy.QoSOf("event"), retain: false },
				}),
		};
	}

	#userAndPassword(): { user?: string; password?: Secret } {
		const { configuration, timeTrust, signer } = this.#options;
		const { authentication, deviceId } = configuration;
		switch (authentication.kind) {
			case "certificate":
				return {};
			case "password":
				return { user: authentication.user, password: authentication.password };
			case "token": {
				const { audience, lifetimeS, user } = authentication;
				const { keyId } = signer;
				const time = timeTrust.now();
				const minted = mintToken({ deviceId, audience, lifetimeS, time, keyId }, signer.sign);
				// The supervisor looked before the attempt; without a token the broker refuses.
				if (minted.kind !== "minted") return { user };
				this.#renewAfterMs = minted.renewAfterMs;
				return { user: user === "" ? deviceId : user, password: minted.token };
			}
		}
	}

	#onConnected(): void {
		const { policy, uplink, onOnline } = this.#options;
		this.#hasConnected = true;
		uplink.rewind();
		this.#events.onConnected();
		this.#subscribe(policy.subscriptions());
		onOnline();
		this.offer();
	}

	#onSubscribed(results: readonly SubscribeResult[]): void {
		const { policy, ports } = this.#options;
		const refused: string[] = [];
		for (const { topic, granted } of results) {
			const verdict = policy.checkGranted(topic, granted);
			if (verdict === "granted") continue;
			if (verdict === "refused") refused.push(topic);
			if (this.#refused.has(topic)) continue; // once in a session is enough
			this.#refused.add(topic);
			ports.report({ name: `subscription-${verdict}`, topic, granted, isSecurity: true });
		}
		if (refused.length > 0) this.#askAgain(refused);
	}

	/** In as many packets as it takes. */
	#subscribe(subscriptions: readonly Subscription[]): void {
		for (let from = 0; from < subscriptions.length; from += MQTT_REQUEST_TOPICS_MAX) {
			this.#client.subscribe(subscriptions.slice(from, from + MQTT_REQUEST_TOPICS_MAX));
		}
	}

	/** Flash that does not answer may do so again, while this session goes on. */
	#lookAgain(): void {
		const { ports, uplink, timeScale } = this.#options;
		this.#nextLook ??= ports.timer.set(() => {
			this.#nextLook = undefined;
			uplink.rewind();
			this.offer();
		}, STORAGE_RETRY_MS * timeScale);
	}

	/** A broker that refused once may have changed its mind: a device must not stay deaf. */
	#askAgain(topics: readonly string[]): void {
		const { ports, policy } = this.#options;
		const wanted = policy.subscriptions().filter(({ topic }) => topics.includes(topic));
		if (this.#nextAsking !== undefined) ports.timer.clear(this.#nextAsking);
		this.#nextAsking = ports.timer.set(() => {
			this.#nextAsking = undefined;
			this.#subscribe(wanted);
		}, SUBSCRIBE_AGAIN_MS * this.#options.timeScale);
	}

	#onMessage(message: InboundMessage): void {
		const dealt = this.#options.downlink.receive(message);
		this.#client.acknowledge(message, dealt);
		this.offer(); // the result of a command waits in the outbox
	}

	/** Once there is a socket: a constructor that throws leaves no timer behind. */
	#armRenewal(): void {
		const { ports, onRenewalDue } = this.#options;
		if (this.#renewAfterMs === undefined) return;
		this.#renewal = ports.timer.set(() => {
			this.#renewal = undefined;
			onRenewalDue();
		}, this.#renewAfterMs);
	}

	#end(): void {
		const { timer } = this.#options.ports;
		for (const handle of [this.#renewal, this.#nextOffer, this.#nextAsking, this.#nextLook]) {
			if (handle !== undefined) timer.clear(handle);
		}
		this.#renewal = this.#nextOffer = this.#nextAsking = this.#nextLook = undefined;
	}
}

/**
 * What a session that could not even be made failed of: the code of the socket's constructor, or
 * "credentials-missing" where a key could not be read. Anything else is a bug and rethrown.
 */
export function failureCodeOf(error: unknown): SocketErrorCode | "credentials-missing" {
	const code = (error as { readonly code?: unknown } | undefined)?.code;
	if (typeof code === "string" && (code === "tcp" || code.startsWith("tls-"))) {
		return code as SocketErrorCode;
	}
	storageCodeOf(error);
	return "credentials-missing";
}
