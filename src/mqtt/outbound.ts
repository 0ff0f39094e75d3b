// Outbound messages and requests: sent, answered, and after a reconnect sent again.

import { MQTT_ACKNOWLEDGE_MS, MQTT_WRITE_STALL_MS } from "../limits.js";
import { publishBytes } from "./arguments.js";
import type { MessageContent, OutboundMessage, SendResult } from "./client-options.js";
import { violation } from "./close-reason.js";
import type { Link } from "./link.js";
import type { InboundPacket, OutboundPacket, SubackPacket, UnsubackPacket } from "./packets.js";
import type { Session } from "./session.js";
import type { OutboundEvent } from "./transitions.js";

/** PUBREL. */
const ACKNOWLEDGEMENT_BYTES = 4;
const SENT: SendResult = Object.freeze({ kind: "sent" });
const BUSY: SendResult = Object.freeze({ kind: "busy" });

export class Outbound {
	readonly #link: Link;
	readonly #session: Session;
	#isOpen = false;
	#isSessionPresent = false;
	/** Ids still to be sent again, in order; at most MQTT_IN_FLIGHT_MAX. */
	#resend: number[] = [];
	/**
	 * When each packet without an answer was sent, oldest first; bounded as the session's ids are.
	 */
	readonly #awaited = new Map<number, number>();
	/** Somebody was told "busy". */
	#owesReady = false;

	constructor(link: Link) {
		this.#link = link;
		this.#session = link.options.session;
	}

	/** CONNACK came. */
	open(sessionPresent: boolean): void {
		if (sessionPresent) this.#session.resume();
		else this.#session.restart();
		this.#isOpen = true;
		this.#isSessionPresent = sessionPresent;
		this.#resend = this.#session.inFlight().map(({ packetId }) => packetId);
	}

	/** `byteLength` is at least what the packet will take. */
	publish(message: OutboundMessage, byteLength: number): SendResult {
		const { token, QoS } = message;
		if (QoS > 0 && this.#session.holds(token)) return SENT;
		const isFull = QoS > 0 && this.#session.inFlightFree === 0;
		const hasRoom = this.#link.outgoing.hasRoomFor(byteLength);
		if (isFull || !hasRoom || !this.#isOpen || this.#resend.length > 0) return this.#busy();
		const packetId = QoS === 0 ? undefined : this.#session.begin(token, QoS);
		if (packetId !== undefined && QoS === 2 && !this.#session.maySend) {
			this.#session.abandon(packetId);
			this.#link.fail({ code: "local", detail: "session-not-stored" });
			return BUSY;
		}
		this.#publish(message, packetId, false);
		return SENT;
	}

	request(
		state: "subscribing" | "unsubscribing",
		topics: readonly string[],
		packet: (packetId: number) => OutboundPacket,
	): SendResult {
		if (!this.#isOpen || this.#session.requestsFree === 0) return this.#busy();
		const packetId = this.#session.request(state, topics);
		this.#link.send(packet(packetId));
		this.#await(packetId);
		return SENT;
	}

	/** Whether something of ours waits for `packet`: there are no more of those than of ours. */
	isAnswer(packet: InboundPacket): boolean {
		switch (packet.type) {
			case "PUBREC": // a second one is legal, and answered anew each time
				return this.#session.entry(packet.packetId)?.state === "offered";
			case "PUBACK":
			case "PUBCOMP":
			case "SUBACK":
			case "UNSUBACK":
				return this.#awaited.has(packet.packetId);
			case "PINGRESP":
				return this.#link.deadlines.has("ping-response");
			default:
				return false;
		}
	}

	onAnswer(event: OutboundEvent, packetId: number): void {
		const outcome = this.#session.onAnswer(event, packetId);
		if (outcome.kind === "violation") {
			return this.#link.fail(violation(outcome.clause, `${event}-unexpected`));
		}
		this.#awaited.delete(packetId);
		this.#resend = this.#resend.filter((id) => id !== packetId);
		if (outcome.effect === "release") {
			this.#link.send({ type: "PUBREL", packetId });
			if (this.#session.entry(packetId)) this.#await(packetId);
		} else if (outcome.effect === "acknowledged") {
			this.#link.options.onProgress?.("acknowledged");
			if (this.#link.isEnding()) return;
			this.#link.options.onAcknowledged?.(outcome.token as number);
		}
		this.settle();
	}

	onRequestAnswer(packet: SubackPacket | UnsubackPacket): void {
		const { onSubscribed, onUnsubscribed } = this.#link.options;
		const topics = this.#session.topicsOf(packet.packetId);
		const outcome = this.#session.onAnswer(packet.type, packet.packetId);
		if (outcome.kind === "violation") {
			return this.#link.fail(violation(outcome.clause, `${packet.type}-unexpected`));
		}
		this.#awaited.delete(packet.packetId);
		if (packet.type === "UNSUBACK") {
			onUnsubscribed?.(topics);
		} else if (packet.codes.length !== topics.length) {
			return this.#link.fail(violation("MQTT-3.8.4-5", "suback-count"));
		} else {
			const { codes } = packet;
			onSubscribed?.(topics.map((topic, index) => ({ topic, granted: codes[index] ?? 128 })));
		}
		this.settle();
	}

	/** After anything that may have made room: what waited goes on. */
	settle(): void {
		if (this.#link.isEnding()) return;
		this.#sendAgain();
		if (this.#link.isEnding()) return;
		this.watchRoom();
		const hasRoom = this.#isOpen && this.#resend.length === 0 && this.#link.outgoing.length === 0;
		if (!this.#owesReady || !hasRoom) return;
		this.#owesReady = false;
		this.#link.options.onReady?.();
	}

	/** A packet that waits for room waits only so long. */
	watchRoom(): void {
		const { deadlines, options, outgoing } = this.#link;
		const isWaiting = outgoing.length > 0 || this.#resend.length > 0;
		if (!isWaiting) deadlines.clear("write");
		else if (!deadlines.has("write")) {
			deadlines.set("write", options.timings?.writeStallMs ?? MQTT_WRITE_STALL_MS);
		}
	}

	/** 3.1.1 has no resend within a connection: a late answer ends it [MQTT-4.4.0-1]. */
	onAcknowledgeDue(): void {
		const [oldestMs] = this.#awaited.values();
		if (oldestMs === undefined) return;
		const leftMs = oldestMs + this.#acknowledgeMs() - this.#link.options.clock.monotonicMs();
		if (leftMs <= 0) this.#link.fail({ code: "acknowledge-timeout" });
		else this.#link.deadlines.set("acknowledge", leftMs);
	}

	/** Messages again, in their order, before any new one [MQTT-4.4.0-1, 4.6.0-1]. */
	#sendAgain(): void {
		while (this.#resend.length > 0) {
			if (!this.#sendEntryAgain(this.#resend[0] as number)) return;
			this.#resend.shift();
		}
	}

	/** False where there is no room yet, or no connection any more. */
	#sendEntryAgain(packetId: number): boolean {
		const entry = this.#session.entry(packetId);
		if (!entry) return true;
		const { outgoing, options } = this.#link;
		if (entry.state === "released" || entry.state === "forgotten") {
			if (!outgoing.hasRoomFor(ACKNOWLEDGEMENT_BYTES)) return false;
			this.#link.send({ type: "PUBREL", packetId });
			this.#await(packetId);
			return true;
		}
		const content = options.recall?.(entry.token);
		if (this.#link.isEnding()) return false;
		if (!content) {
			return this.#session.forget(packetId) === "freed" || this.#sendEntryAgain(packetId);
		}
		if (!outgoing.hasRoomFor(publishBytes(content))) return false;
		this.#publish({ ...content, QoS: entry.QoS }, packetId, this.#isSessionPresent);
		return !this.#link.isEnding();
	}

	#publish(content: MessageContent, packetId: number | undefined, duplicate: boolean): void {
		const { topic, payload, QoS, retain } = content;
		this.#link.send({ type: "PUBLISH", topic, payload, QoS, retain, duplicate, packetId });
		if (packetId !== undefined) this.#await(packetId);
	}

	#busy(): SendResult {
		this.#owesReady = true;
		return BUSY;
	}

	/** An answer is awaited from now on. */
	#await(packetId: number): void {
		const { deadlines, options } = this.#link;
		this.#awaited.delete(packetId);
		this.#awaited.set(packetId, options.clock.monotonicMs());
		if (!deadlines.has("acknowledge")) deadlines.set("acknowledge", this.#acknowledgeMs());
	}

	#acknowledgeMs(): number {
		return this.#link.options.timings?.acknowledgeMs ?? MQTT_ACKNOWLEDGE_MS;
	}
}
