// The way out: one packet, one socket write. Knows how much room the socket has, and keeps the
// packets that must not be refused (acknowledgements, requests, PINGREQ) in a bounded queue until
// there is room.

import { assert } from "../assert.js";
import { MQTT_OUTBOUND_PACKET_BYTES_MAX, MQTT_QUEUE_PACKETS_MAX } from "../limits.js";
import type { Clock, Socket } from "../ports.js";
import { encodePacket } from "./packet-writer.js";
import type { OutboundPacket } from "./packets.js";

export interface OutgoingOptions {
	clock: Clock;
	/**
	 * The socket refused a write that it had announced room for. Called from inside `send` and
	 * `flush`.
	 */
	onFailed: (error: unknown) => void;
}

export class Outgoing {
	readonly #options: OutgoingOptions;
	#socket: Socket | undefined;
	#roomBytes = 0;
	/** At most MQTT_QUEUE_PACKETS_MAX. */
	readonly #queue: Uint8Array[] = [];
	#lastSentMs: number;

	constructor(options: OutgoingOptions) {
		this.#options = options;
		this.#lastSentMs = options.clock.monotonicMs();
	}

	/** Set once, when the socket is made. */
	set socket(socket: Socket) {
		this.#socket = socket;
	}

	/** Packets that wait. */
	get length(): number {
		return this.#queue.length;
	}

	/** When a packet last went to the socket. */
	get lastSentMs(): number {
		return this.#lastSentMs;
	}

	/** The socket has room for this many bytes. */
	setRoom(byteLength: number): void {
		this.#roomBytes = byteLength;
	}

	/** Whether a packet of this size would be sent at once. */
	hasRoomFor(byteLength: number): boolean {
		return this.#queue.length === 0 && byteLength <= this.#roomBytes;
	}

	/** Sends `packet` now or as soon as there is room, in order. */
	send(packet: OutboundPacket): void {
		const bytes = encodePacket(packet);
		assert(bytes.length <= MQTT_OUTBOUND_PACKET_BYTES_MAX, "the size was checked at the door");
		if (this.#queue.length === 0 && this.#write(bytes)) return;
		assert(this.#queue.length < MQTT_QUEUE_PACKETS_MAX, "the queue is bounded by not reading");
		this.#queue.push(bytes);
	}

	/** Sends what waits, as far as there is room. */
	flush(): void {
		while (this.#queue.length > 0 && this.#write(this.#queue[0] as Uint8Array)) {
			this.#queue.shift();
		}
	}

	#write(bytes: Uint8Array): boolean {
		if (bytes.length > this.#roomBytes || !this.#socket) return false;
		try {
			this.#roomBytes = this.#socket.write(bytes);
		} catch (error) {
			// The connection ends: what became of the packet is no matter.
			this.#roomBytes = 0;
			this.#options.onFailed(error);
		}
		this.#lastSentMs = this.#options.clock.monotonicMs();
		return true;
	}
}
