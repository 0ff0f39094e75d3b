// The MQTT client: the loop between one socket, the session and the application. One object is one
// connection. It does not reconnect, cache or schedule: that is the supervisor's and the outbox's.

import { unreachable } from "../assert.js";
import {
	MQTT_ACKNOWLEDGE_MS,
	MQTT_CONNACK_MS,
	MQTT_KEEP_ALIVE_MARGIN_MS,
	MQTT_LINGER_MS,
	MQTT_PING_RESPONSE_MS,
	MQTT_QUEUE_PACKETS_MAX,
	MQTT_READ_BYTES,
	MQTT_READ_BYTES_PER_TURN,
	MQTT_UNACKNOWLEDGED_MAX,
	MQTT_WRITE_STALL_MS,
} from "../limits.js";
import type { PortError, Socket } from "../ports.js";
import { AcknowledgementOrder, type Unacknowledged } from "./acknowledgement-order.js";
import { checkConnect, checkFilters, checkMessage, checkQoS, publishBytes } from "./arguments.js";
import type {
	ClientState,
	InboundMessage,
	MQTTClientOptions,
	OutboundMessage,
	SendResult,
} from "./client-options.js";
import { connackRefusal, socketReason, violation, type CloseReason } from "./close-reason.js";
import { Deadlines } from "./deadlines.js";
import { Outgoing } from "./outgoing.js";
import { PacketReader } from "./packet-reader.js";
import type {
	ConnackPacket,
	InboundPacket,
	OutboundPacket,
	OversizedPacket,
	PublishPacket,
	SubackPacket,
	Subscription,
	UnsubackPacket,
} from "./packets.js";
import type { Session } from "./session.js";
import type { OutboundEvent } from "./transitions.js";

type Deadline =
	| "connack"
	| "ping" // time to ask whether the link lives
	| "ping-response"
	| "acknowledge" // of the oldest packet without an answer
	| "write" // something waits for room in the socket
	| "linger" // after DISCONNECT
	| "turn" // go on reading
	| "failure"; // report what a public method found

/** PUBACK, PUBREC, PUBREL, PUBCOMP. */
const ACKNOWLEDGEMENT_BYTES = 4;
const SENT: SendResult = Object.freeze({ kind: "sent" });
const BUSY: SendResult = Object.freeze({ kind: "busy" });
const CLOSED: SendResult = Object.freeze({ kind: "closed" });

export class MQTTClient {
	readonly #options: MQTTClientOptions;
	readonly #session: Session;
	readonly #socket: Socket;
	readonly #reader = new PacketReader();
	readonly #outgoing: Outgoing;
	readonly #order = new AcknowledgementOrder();
	readonly #deadlines: Deadlines<Deadline>;
	#state: ClientState = "connecting";
	/** Found by a public method, to be reported in a moment. */
	#failure: CloseReason | undefined;
	/** Ids still to be sent again, in order; at most MQTT_IN_FLIGHT_MAX. */
	#resend: number[] = [];
	#isSessionPresent = false;
	/** When each packet without an answer was sent, oldest first; bounded as the session's ids are. */
	readonly #awaited = new Map<number, number>();
	#lastReceivedMs: number;
	/** Somebody was told "busy". */
	#owesReady = false;

	/** Makes the socket. Nothing is called back from inside. */
	constructor(options: MQTTClientOptions) {
		checkConnect(options.connect);
		this.#options = options;
		this.#session = options.session;
		this.#lastReceivedMs = options.clock.monotonicMs();
		this.#deadlines = new Deadlines({
			clock: options.clock,
			timer: options.timer,
			onDue: (name) => this.#onDue(name),
		});
		this.#outgoing = new Outgoing({
			clock: options.clock,
			onFailed: (error) => this.#failLater(this.#socketReason(error as PortError)),
		});
		const { io, ...socketOptions } = options.socket;
		this.#session.attach();
		try {
			this.#socket = new io({
				...socketOptions,
				onReadable: () => this.#onReadable(),
				onWritable: (byteLength: number) => this.#onWritable(byteLength),
				onError: (error?: PortError) => this.#fail(this.#socketReason(error)),
			} as never);
		} catch (error) {
			this.#session.detach(); // the next client can have it
			throw error;
		}
		this.#outgoing.socket = this.#socket;
		this.#deadlines.set("connack", options.timings?.connackMs ?? MQTT_CONNACK_MS);
	}

	get state(): ClientState {
		return this.#state;
	}

	/** How many more messages with QoS 1 or 2 can be in flight. */
	get inFlightFree(): number {
		return this.#session.inFlightFree;
	}

	/**
	 * Sends one PUBLISH. With QoS 1 or 2 `onAcknowledged` follows, on this connection or a later one of
	 * the same session; a token that is already in flight is not sent twice.
	 */
	publish(message: OutboundMessage): SendResult {
		const byteLength = checkMessage(message);
		if (this.#isEnding()) return CLOSED;
		const { token, QoS } = message;
		if (QoS > 0 && this.#session.holds(token)) return SENT;
		const isFull = QoS > 0 && this.#session.inFlightFree === 0;
		if (isFull || !this.#canPublish() || !this.#outgoing.hasRoomFor(byteLength)) {
			return this.#busy();
		}
		const packetId = QoS === 0 ? undefined : this.#session.begin(token, QoS);
		this.#publish(message, packetId, false);
		return SENT;
	}

	/**
	 * Acknowledges an inbound message, once its effect is durable; nothing for QoS 0. PUBACK and PUBREC
	 * leave in the order in which the messages came. Without effect when the connection has ended: the
	 * broker sends the message again.
	 */
	acknowledge(message: InboundMessage): void {
		const { packetId, QoS } = message;
		if (packetId === undefined || QoS === 0 || this.#isEnding()) return;
		const wasPaused = this.#isPaused();
		this.#finish({ packetId, QoS });
		if (wasPaused && !this.#isPaused()) this.#deadlines.set("turn", 0);
	}

	/** Sends one SUBSCRIBE. `onSubscribed` follows. */
	subscribe(subscriptions: readonly Subscription[]): SendResult {
		const topics = subscriptions.map(({ topic }) => topic);
		checkFilters(topics);
		for (const { QoS } of subscriptions) checkQoS(QoS);
		return this.#request(topics, "subscribing", (packetId) => {
			return { type: "SUBSCRIBE", packetId, subscriptions };
		});
	}

	/** Sends one UNSUBSCRIBE. `onUnsubscribed` follows. */
	unsubscribe(topics: readonly string[]): SendResult {
		checkFilters(topics);
		return this.#request(topics, "unsubscribing", (packetId) => {
			return { type: "UNSUBSCRIBE", packetId, topics };
		});
	}

	/** Ends the connection in good order: the will is not sent. `onClosed` follows with "local". */
	disconnect(): void {
		if (this.#isEnding()) return;
		const hasGreeted = this.#state !== "connecting";
		this.#state = "closing";
		this.#failure = { code: "local" };
		if (hasGreeted) this.#outgoing.send({ type: "DISCONNECT" });
		const lingerMs = this.#options.timings?.lingerMs ?? MQTT_LINGER_MS;
		this.#deadlines.set("linger", hasGreeted ? lingerMs : 0);
	}

	/** Ends the connection at once. Nothing is called back any more. */
	close(): void {
		if (this.#state === "closed") return;
		this.#state = "closed";
		this.#deadlines.close();
		this.#socket.close();
		this.#session.detach();
	}

	// ------------------------------------------------------------ the socket

	#onWritable(byteLength: number): void {
		if (this.#isOver()) return;
		this.#outgoing.setRoom(byteLength);
		if (this.#state !== "connecting") {
			this.#pump();
			return;
		}
		this.#state = "joining";
		const { password, ...connect } = this.#options.connect;
		const secret = password && { password: password.reveal() };
		this.#send({ type: "CONNECT", ...connect, ...secret });
		this.#options.onSecured?.();
	}

	#onReadable(): void {
		if (this.#isOver()) return;
		if (this.#state !== "closing") return this.#receive();
		while (this.#socket.read(MQTT_READ_BYTES)) continue; // nobody cares any more
	}

	/** Sends what waits, then goes on with whatever waited for that. */
	#pump(): void {
		const before = this.#outgoing.length;
		this.#outgoing.flush();
		if (this.#outgoing.length < before) this.#deadlines.clear("write");
		this.#sendAgain();
		if (this.#isEnding()) return;
		this.#watchRoom();
		this.#announceReady();
		if (!this.#isEnding()) this.#receive();
	}

	/** Reads and handles what there is, unless that would make us owe more than the queue can hold. */
	#receive(): void {
		let budget = MQTT_READ_BYTES_PER_TURN;
		while (!this.#isEnding() && !this.#isPaused()) {
			const result = this.#reader.next();
			if (result.kind === "refused") return this.#fail(result.reason);
			if (result.kind === "packet") {
				this.#onPacket(result.packet);
				continue;
			}
			if (budget <= 0) return this.#deadlines.set("turn", 0);
			const chunk = this.#socket.read(MQTT_READ_BYTES);
			if (!chunk) return;
			budget -= chunk.byteLength;
			this.#lastReceivedMs = this.#options.clock.monotonicMs();
			this.#reader.push(new Uint8Array(chunk));
		}
	}

	#isPaused(): boolean {
		return (
			this.#outgoing.length >= MQTT_QUEUE_PACKETS_MAX / 2 ||
			this.#order.length >= MQTT_UNACKNOWLEDGED_MAX
		);
	}

	// ------------------------------------------------------------ what the broker sends

	#onPacket(packet: InboundPacket): void {
		if (packet.type === "CONNACK") return this.#onConnack(packet);
		if (this.#state !== "online") {
			return this.#fail(violation("MQTT-3.2.0-1", "packet-before-connack"));
		}
		switch (packet.type) {
			case "PUBLISH":
			case "OVERSIZED":
				return this.#onPublish(packet);
			case "PUBACK":
			case "PUBREC":
			case "PUBCOMP":
				return this.#onAnswer(packet.type, packet.packetId);
			case "PUBREL":
				return this.#onRelease(packet.packetId);
			case "SUBACK":
			case "UNSUBACK":
				return this.#onRequestAnswer(packet);
			case "PINGRESP":
				return this.#onPingResponse();
			default:
				return unreachable(packet);
		}
	}

	#onConnack({ code, sessionPresent }: ConnackPacket): void {
		const { connect, onConnected, onAcknowledged } = this.#options;
		if (this.#state !== "joining") {
			return this.#fail(violation("MQTT-3.2.0-1", "second-connack"));
		}
		const refusal = connackRefusal(code);
		if (refusal) return this.#fail(refusal);
		if (sessionPresent && connect.clean) {
			return this.#fail(violation("MQTT-3.2.2-1", "session-present-clean"));
		}
		this.#deadlines.clear("connack");
		this.#state = "online";
		this.#isSessionPresent = sessionPresent;
		const done = sessionPresent ? [] : this.#session.restart();
		this.#resend = this.#session.inFlight().map(({ packetId }) => packetId);
		this.#deadlines.set("ping", this.#pingIntervalMs());
		onConnected?.({ sessionPresent });
		for (const token of done) {
			if (!this.#isEnding()) onAcknowledged?.(token);
		}
		if (!this.#isEnding()) this.#settle();
	}

	#onPublish(packet: PublishPacket | OversizedPacket): void {
		const { packetId, QoS } = packet;
		if (packetId === undefined || QoS === 0) return this.#deliver(packet);
		if (QoS === 2) {
			const outcome = this.#session.onInbound("PUBLISH", packetId);
			if (outcome.kind === "full") return this.#fail({ code: "receive-limit" });
			if (outcome.kind === "violation") {
				return this.#fail(violation(outcome.clause, "PUBLISH-unexpected"));
			}
			if (outcome.effect === "receive") this.#send({ type: "PUBREC", packetId });
			if (outcome.effect !== "deliver") return;
		}
		this.#order.add({ packetId, QoS });
		this.#deliver(packet);
	}

	#deliver(packet: PublishPacket | OversizedPacket): void {
		const { onMessage, onOversized } = this.#options;
		if (packet.type === "PUBLISH" && onMessage) {
			const { topic, payload, QoS, retain, duplicate, packetId } = packet;
			return onMessage({ topic, payload, QoS, retain, duplicate, packetId });
		}
		const { topic, packetId, QoS } = packet;
		if (packetId !== undefined && QoS > 0) this.#finish({ packetId, QoS: QoS as 1 | 2 });
		if (packet.type === "OVERSIZED") {
			onOversized?.({ topic, payloadBytes: packet.payloadBytes });
		}
	}

	/** The message is dealt with: its acknowledgement leaves now, or after those before it. */
	#finish(message: Unacknowledged): void {
		for (const { packetId, QoS } of this.#order.done(message)) {
			if (QoS === 1) {
				this.#send({ type: "PUBACK", packetId });
				continue;
			}
			const outcome = this.#session.onInbound("acknowledge", packetId);
			if (outcome.kind === "step" && outcome.effect === "receive") {
				this.#send({ type: "PUBREC", packetId });
			}
		}
	}

	#onRelease(packetId: number): void {
		const outcome = this.#session.onInbound("PUBREL", packetId);
		if (outcome.kind === "violation") {
			return this.#fail(violation(outcome.clause, "PUBREL-unexpected"));
		}
		this.#send({ type: "PUBCOMP", packetId });
	}

	#onAnswer(event: OutboundEvent, packetId: number): void {
		const outcome = this.#session.onAnswer(event, packetId);
		if (outcome.kind === "violation") {
			return this.#fail(violation(outcome.clause, `${event}-unexpected`));
		}
		this.#awaited.delete(packetId);
		this.#resend = this.#resend.filter((id) => id !== packetId);
		if (outcome.effect === "release") {
			this.#send({ type: "PUBREL", packetId });
			if (this.#session.entry(packetId)) this.#await(packetId);
		} else if (outcome.effect === "acknowledged") {
			this.#options.onProgress?.("acknowledged");
			if (this.#isEnding()) return;
			this.#options.onAcknowledged?.(outcome.token as number);
		}
		if (!this.#isEnding()) this.#settle();
	}

	#onRequestAnswer(packet: SubackPacket | UnsubackPacket): void {
		const { onSubscribed, onUnsubscribed } = this.#options;
		const topics = this.#session.topicsOf(packet.packetId);
		const outcome = this.#session.onAnswer(packet.type, packet.packetId);
		if (outcome.kind === "violation") {
			return this.#fail(violation(outcome.clause, `${packet.type}-unexpected`));
		}
		this.#awaited.delete(packet.packetId);
		if (packet.type === "UNSUBACK") {
			onUnsubscribed?.(topics);
		} else if (packet.codes.length !== topics.length) {
			return this.#fail(violation("MQTT-3.8.4-5", "suback-count"));
		} else {
			const { codes } = packet;
			onSubscribed?.(topics.map((topic, index) => ({ topic, granted: codes[index] ?? 128 })));
		}
		if (!this.#isEnding()) this.#announceReady();
	}

	#onPingResponse(): void {
		if (!this.#deadlines.has("ping-response")) {
			return this.#fail(violation("MQTT-3.12.4-1", "PINGRESP-unexpected"));
		}
		this.#deadlines.clear("ping-response");
		this.#options.onProgress?.("ping-response");
	}

	// ------------------------------------------------------------ what we send

	#publish(content: OutboundMessage, packetId: number | undefined, duplicate: boolean): void {
		const { topic, payload, QoS, retain } = content;
		this.#send({ type: "PUBLISH", topic, payload, QoS, retain, duplicate, packetId });
		if (packetId !== undefined) this.#await(packetId);
	}

	#request(
		topics: readonly string[],
		state: "subscribing" | "unsubscribing",
		packet: (packetId: number) => OutboundPacket,
	): SendResult {
		if (this.#isEnding()) return CLOSED;
		if (this.#state !== "online" || this.#session.requestsFree === 0) return this.#busy();
		const packetId = this.#session.request(state, topics);
		this.#send(packet(packetId));
		this.#await(packetId);
		return SENT;
	}

	/** After a reconnect: messages again, in their order, before any new one [MQTT-4.4.0-1, 4.6.0-1]. */
	#sendAgain(): void {
		while (this.#resend.length > 0 && !this.#isEnding()) {
			const entry = this.#session.entry(this.#resend[0] as number);
			if (entry && !this.#sendEntryAgain(entry.packetId)) return;
			this.#resend.shift();
		}
	}

	/** False where there is no room yet. */
	#sendEntryAgain(packetId: number): boolean {
		const entry = this.#session.entry(packetId);
		if (!entry) return true;
		const { state, token, QoS } = entry;
		if (state === "released" || state === "forgotten") {
			if (!this.#outgoing.hasRoomFor(ACKNOWLEDGEMENT_BYTES)) return false;
			this.#send({ type: "PUBREL", packetId });
			this.#await(packetId);
			return true;
		}
		const content = this.#options.recall?.(token);
		if (this.#isEnding()) return false;
		if (!content) {
			return this.#session.forget(packetId) === "freed" || this.#sendEntryAgain(packetId);
		}
		if (!this.#outgoing.hasRoomFor(publishBytes(content))) return false;
		this.#publish({ ...content, token, QoS }, packetId, this.#isSessionPresent);
		return true;
	}

	#send(packet: OutboundPacket): void {
		this.#outgoing.send(packet);
		this.#watchRoom();
	}

	/** A packet that waits for room waits only so long. */
	#watchRoom(): void {
		const isWaiting = this.#outgoing.length > 0 || this.#resend.length > 0;
		if (!isWaiting) this.#deadlines.clear("write");
		else if (!this.#deadlines.has("write")) {
			this.#deadlines.set("write", this.#options.timings?.writeStallMs ?? MQTT_WRITE_STALL_MS);
		}
	}

	#canPublish(): boolean {
		return this.#state === "online" && this.#resend.length === 0;
	}

	#busy(): SendResult {
		this.#owesReady = true;
		return BUSY;
	}

	/** After anything that may have made room. */
	#settle(): void {
		this.#sendAgain();
		if (this.#isEnding()) return;
		this.#watchRoom();
		this.#announceReady();
	}

	#announceReady(): void {
		if (!this.#owesReady || !this.#canPublish() || this.#outgoing.length > 0) return;
		this.#owesReady = false;
		this.#options.onReady?.();
	}

	// ------------------------------------------------------------ deadlines

	#onDue(name: Deadline): void {
		switch (name) {
			case "connack":
				return this.#fail({ code: "connack-timeout" });
			case "ping":
				return this.#onPingDue();
			case "ping-response":
				return this.#fail({ code: "ping-timeout" });
			case "acknowledge":
				return this.#onAcknowledgeDue();
			case "write":
				return this.#fail({ code: "write-stalled" });
			case "turn":
				return this.#receive();
			case "linger":
			case "failure":
				return this.#fail({ code: "local" });
			default:
				return unreachable(name);
		}
	}

	/**
	 * PINGREQ when nothing was sent for one keep-alive [MQTT-3.1.2-23], and also when nothing was received:
	 * a device that only sends would never notice a half-open link.
	 */
	#onPingDue(): void {
		const nowMs = this.#options.clock.monotonicMs();
		const idleMs = nowMs - Math.min(this.#outgoing.lastSentMs, this.#lastReceivedMs);
		const intervalMs = this.#pingIntervalMs();
		if (idleMs < intervalMs) return this.#deadlines.set("ping", intervalMs - idleMs);
		const { connect, timings } = this.#options;
		const responseMs = timings?.pingResponseMs ?? MQTT_PING_RESPONSE_MS;
		this.#send({ type: "PINGREQ" });
		this.#deadlines.set("ping-response", Math.min(responseMs, connect.keepAliveSeconds * 500));
		this.#deadlines.set("ping", intervalMs);
	}

	#pingIntervalMs(): number {
		const keepAliveMs = this.#options.connect.keepAliveSeconds * 1000;
		return keepAliveMs - Math.min(MQTT_KEEP_ALIVE_MARGIN_MS, keepAliveMs / 8);
	}

	/** An answer is awaited from now on. */
	#await(packetId: number): void {
		this.#awaited.delete(packetId);
		this.#awaited.set(packetId, this.#options.clock.monotonicMs());
		if (!this.#deadlines.has("acknowledge")) {
			this.#deadlines.set("acknowledge", this.#acknowledgeMs());
		}
	}

	/** 3.1.1 has no resend within a connection: a late answer ends it [MQTT-4.4.0-1]. */
	#onAcknowledgeDue(): void {
		const [oldestMs] = this.#awaited.values();
		if (oldestMs === undefined) return;
		const leftMs = oldestMs + this.#acknowledgeMs() - this.#options.clock.monotonicMs();
		if (leftMs <= 0) this.#fail({ code: "acknowledge-timeout" });
		else this.#deadlines.set("acknowledge", leftMs);
	}

	#acknowledgeMs(): number {
		return this.#options.timings?.acknowledgeMs ?? MQTT_ACKNOWLEDGE_MS;
	}

	// ------------------------------------------------------------ the end

	#socketReason(error: PortError | undefined): CloseReason {
		return socketReason(error?.code, this.#state);
	}

	/** From a public method: reported in a moment, not from inside. */
	#failLater(reason: CloseReason): void {
		this.#failure ??= reason;
		this.#deadlines.set("failure", 0);
	}

	/** The first cause wins. */
	#fail(reason: CloseReason): void {
		if (this.#isOver()) return;
		this.close();
		this.#options.onClosed(this.#failure ?? reason);
	}

	#isOver(): boolean {
		return this.#state === "closed";
	}

	/** Over, or about to be: nothing new is begun. */
	#isEnding(): boolean {
		return this.#isOver() || this.#failure !== undefined;
	}
}
