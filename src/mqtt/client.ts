// The MQTT client: the loop between one socket, the session and the application. One object is one
// connection. It does not reconnect, cache or schedule: that is the supervisor's and the outbox's.

import { unreachable } from "../assert.js";
import {
	MQTT_CONNACK_MS,
	MQTT_LINGER_MS,
	MQTT_QUEUE_PACKETS_MAX,
	MQTT_READ_BYTES,
	MQTT_READ_BYTES_PER_TURN,
} from "../limits.js";
import type { PortError, Socket } from "../ports.js";
import type { Dealt } from "./acknowledgement-order.js";
import { checkConnect, checkFilters, checkMessage, checkQoS } from "./arguments.js";
import type {
	ClientState,
	InboundMessage,
	MQTTClientOptions,
	OutboundMessage,
	SendResult,
} from "./client-options.js";
import { connackRefusal, socketReason, violation, type CloseReason } from "./close-reason.js";
import { Deadlines } from "./deadlines.js";
import { Inbound } from "./inbound.js";
import { KeepAlive } from "./keep-alive.js";
import type { Deadline, Link } from "./link.js";
import { Outbound } from "./outbound.js";
import { Outgoing } from "./outgoing.js";
import { PacketReader } from "./packet-reader.js";
import type { ConnackPacket, InboundPacket, Subscription } from "./packets.js";

const CLOSED: SendResult = Object.freeze({ kind: "closed" });

export class MQTTClient {
	readonly #link: Link;
	readonly #socket: Socket;
	readonly #reader = new PacketReader();
	readonly #keepAlive: KeepAlive;
	readonly #inbound: Inbound;
	readonly #outbound: Outbound;
	#state: ClientState = "connecting";
	/** Known, and to be reported in a moment. */
	#failure: CloseReason | undefined;

	/** Makes the socket. Nothing is called back from inside. */
	constructor(options: MQTTClientOptions) {
		checkConnect(options.connect);
		this.#link = this.#makeLink(options);
		this.#keepAlive = new KeepAlive(this.#link);
		this.#inbound = new Inbound(this.#link);
		this.#outbound = new Outbound(this.#link);
		const { io, ...socketOptions } = options.socket;
		options.session.attach();
		try {
			this.#socket = new io({
				...socketOptions,
				onReadable: () => this.#onReadable(),
				onWritable: (byteLength: number) => this.#onWritable(byteLength),
				onError: (error?: PortError) => this.#fail(socketReason(error?.code, this.#state)),
			} as never);
		} catch (error) {
			options.session.detach(); // the next client can have it
			throw error;
		}
		this.#link.outgoing.socket = this.#socket;
		this.#link.deadlines.set("connack", options.timings?.connackMs ?? MQTT_CONNACK_MS);
	}

	get state(): ClientState {
		return this.#state;
	}

	/** How many more messages with QoS 1 or 2 can be in flight. */
	get inFlightFree(): number {
		return this.#link.options.session.inFlightFree;
	}

	/**
	 * Sends one PUBLISH. With QoS 1 or 2 `onAcknowledged` follows, on this connection or a later one
	 * of the same session; a token that is already in flight is not sent twice.
	 */
	publish(message: OutboundMessage): SendResult {
		const byteLength = checkMessage(message);
		return this.#isEnding() ? CLOSED : this.#outbound.publish(message, byteLength);
	}

	/**
	 * Acknowledges an inbound message, once its effect is durable; nothing for QoS 0. PUBACK and
	 * PUBREC leave in the order in which the messages came. Without effect when the connection has
	 * ended: the broker sends the message again. One that was refused is acknowledged all the same,
	 * and its QoS 2 id is not stored: forged messages write no flash.
	 */
	acknowledge(message: InboundMessage, dealt: Dealt = "taken"): void {
		const { packetId, QoS } = message;
		if (packetId === undefined || QoS === 0 || this.#isEnding()) return;
		const wasPaused = this.#isPaused();
		this.#inbound.acknowledge({ packetId, QoS }, dealt);
		if (wasPaused && !this.#isPaused()) this.#link.deadlines.set("turn", 0);
	}

	/** Sends one SUBSCRIBE. `onSubscribed` follows. */
	subscribe(subscriptions: readonly Subscription[]): SendResult {
		const topics = subscriptions.map(({ topic }) => topic);
		checkFilters(topics);
		for (const { QoS } of subscriptions) checkQoS(QoS);
		if (this.#isEnding()) return CLOSED;
		return this.#outbound.request("subscribing", topics, (packetId) => {
			return { type: "SUBSCRIBE", packetId, subscriptions };
		});
	}

	/** Sends one UNSUBSCRIBE. `onUnsubscribed` follows. */
	unsubscribe(topics: readonly string[]): SendResult {
		checkFilters(topics);
		if (this.#isEnding()) return CLOSED;
		return this.#outbound.request("unsubscribing", topics, (packetId) => {
			return { type: "UNSUBSCRIBE", packetId, topics };
		});
	}

	/** Ends the connection in good order: the will is not sent. `onClosed` follows with "local". */
	disconnect(): void {
		if (this.#isEnding()) return;
		const { options, outgoing, deadlines } = this.#link;
		const hasGreeted = this.#state !== "connecting";
		this.#state = "closing";
		this.#failure = { code: "local" };
		if (hasGreeted) outgoing.send({ type: "DISCONNECT" });
		deadlines.set("linger", hasGreeted ? (options.timings?.lingerMs ?? MQTT_LINGER_MS) : 0);
	}

	/** Ends the connection at once. Nothing is called back any more. */
	close(): void {
		if (this.#state === "closed") return;
		this.#state = "closed";
		this.#link.deadlines.close();
		this.#socket.close();
		this.#link.options.session.detach();
	}

	#makeLink(options: MQTTClientOptions): Link {
		const { clock, timer } = options;
		const outgoing = new Outgoing({
			clock,
			onFailed: (error) => this.#failLater(error as PortError),
		});
		return {
			options,
			outgoing,
			deadlines: new Deadlines({ clock, timer, onDue: (name) => this.#onDue(name) }),
			send: (packet) => {
				outgoing.send(packet);
				this.#outbound.watchRoom();
			},
			fail: (reason) => this.#fail(reason),
			isEnding: () => this.#isEnding(),
		};
	}

	// ------------------------------------------------------------ the socket

	#onWritable(byteLength: number): void {
		if (this.#isOver()) return;
		const { options, outgoing } = this.#link;
		outgoing.setRoom(byteLength);
		if (this.#state !== "connecting") return this.#pump();
		this.#state = "joining";
		const { password, ...connect } = options.connect;
		const secret = password && { password: password.reveal() };
		this.#link.send({ type: "CONNECT", ...connect, ...secret });
		options.onSecured?.();
	}

	#onReadable(): void {
		if (this.#isOver()) return;
		if (!this.#isEnding()) return this.#receive();
		while (this.#socket.read(MQTT_READ_BYTES)) continue; // nobody cares any more
	}

	/** Sends what waits, then goes on with whatever waited for that. */
	#pump(): void {
		const { outgoing, deadlines } = this.#link;
		const before = outgoing.length;
		outgoing.flush();
		if (outgoing.length < before) deadlines.clear("write"); // it moves: the wait begins anew
		this.#outbound.settle();
		if (!this.#isEnding()) this.#receive();
	}

	/**
	 * Reads and handles what there is, unless that would make us owe more than the queue can hold, or
	 * the governor says otherwise.
	 */
	#receive(): void {
		let budget = MQTT_READ_BYTES_PER_TURN;
		while (!this.#isEnding() && !this.#isPaused() && this.#isAdmitted()) {
			const result = this.#reader.next();
			if (result.kind === "refused") return this.#fail(result.reason);
			if (result.kind === "packet") {
				this.#onPacket(result.packet);
				continue;
			}
			if (budget <= 0) return this.#link.deadlines.set("turn", 0);
			const chunk = this.#socket.read(MQTT_READ_BYTES);
			if (!chunk) return;
			budget -= chunk.byteLength;
			this.#link.options.governor?.onBytes(chunk.byteLength);
			this.#reader.push(new Uint8Array(chunk));
		}
	}

	/** Before anything is allocated or verified. What is left in the socket holds the peer back. */
	#isAdmitted(): boolean {
		const admission = this.#link.options.governor?.admit();
		if (admission === undefined || admission.kind === "open") return true;
		if (admission.kind === "paced") this.#link.deadlines.set("turn", admission.delayMs);
		else this.#fail({ code: "flood", detail: admission.limit });
		return false;
	}

	#isPaused(): boolean {
		return this.#inbound.isFull || this.#link.outgoing.length >= MQTT_QUEUE_PACKETS_MAX / 2;
	}

	// ------------------------------------------------------------ what the broker sends

	#onPacket(packet: InboundPacket): void {
		if (packet.type === "CONNACK") return this.#onConnack(packet);
		if (this.#state !== "online") {
			return this.#fail(violation("MQTT-3.2.0-1", "packet-before-connack"));
		}
		if (!this.#outbound.isAnswer(packet)) this.#link.options.governor?.onMessage();
		switch (packet.type) {
			case "PUBLISH":
			case "OVERSIZED":
				return this.#inbound.onPublish(packet);
			case "PUBREL":
				return this.#inbound.onRelease(packet.packetId);
			case "PUBACK":
			case "PUBREC":
			case "PUBCOMP":
				this.#keepAlive.onAnswer();
				return this.#outbound.onAnswer(packet.type, packet.packetId);
			case "SUBACK":
			case "UNSUBACK":
				this.#keepAlive.onAnswer();
				return this.#outbound.onRequestAnswer(packet);
			case "PINGRESP":
				return this.#keepAlive.onResponse();
			default:
				return unreachable(packet);
		}
	}

	#onConnack({ code, sessionPresent }: ConnackPacket): void {
		const { connect, onConnected } = this.#link.options;
		if (this.#state !== "joining") {
			return this.#fail(violation("MQTT-3.2.0-1", "second-connack"));
		}
		const refusal = connackRefusal(code);
		if (refusal) return this.#fail(refusal);
		if (sessionPresent && connect.clean) {
			return this.#fail(violation("MQTT-3.2.2-1", "session-present-clean"));
		}
		this.#state = "online";
		this.#link.deadlines.clear("connack");
		this.#keepAlive.start();
		this.#outbound.open(sessionPresent);
		onConnected?.({ sessionPresent });
		this.#outbound.settle();
	}

	// ------------------------------------------------------------ deadlines and the end

	#onDue(name: Deadline): void {
		// Nothing follows a DISCONNECT [MQTT-3.14.4-2]: only the end itself is still awaited.
		if (this.#isEnding() && name !== "linger" && name !== "failure") return;
		switch (name) {
			case "connack":
				return this.#fail({ code: "connack-timeout" });
			case "ping":
				return this.#keepAlive.onDue();
			case "ping-response":
				return this.#fail({ code: "ping-timeout" });
			case "acknowledge":
				return this.#outbound.onAcknowledgeDue();
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

	/** A write failed, perhaps inside a public method: reported in a moment. */
	#failLater(error: PortError): void {
		this.#failure ??= socketReason(error.code, this.#state);
		this.#link.deadlines.set("failure", 0);
	}

	/** The first cause wins. */
	#fail(reason: CloseReason): void {
		if (this.#isOver()) return;
		const cause = this.#failure ?? this.#causeOf(reason);
		if (cause.code === "closed-by-peer") this.#link.options.session.endedByPeer();
		this.close();
		this.#link.options.onClosed(cause);
	}

	/** An answer that waits behind what we read slowly is late by the flood's doing. */
	#causeOf(reason: CloseReason): CloseReason {
		if (reason.code !== "ping-timeout" && reason.code !== "acknowledge-timeout") return reason;
		const limit = this.#link.options.governor?.heldBackFor;
		return limit === undefined ? reason : { code: "flood", detail: limit };
	}

	#isOver(): boolean {
		return this.#state === "closed";
	}

	#isEnding(): boolean {
		return this.#isOver() || this.#failure !== undefined;
	}
}
