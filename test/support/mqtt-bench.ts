// An MQTTClient on virtual time with a scripted socket: what tests of the client start from.
// Everything that the client reports is recorded in `events`, in order.

import { encodeUTF8 } from "../../src/bytes/text.js";
import { VirtualClock } from "../../hosts/simulator/clock.js";
import { VirtualTimer } from "../../hosts/simulator/timer.js";
import type { InboundMessage, MQTTClientOptions } from "../../src/mqtt/client-options.js";
import { MQTTClient } from "../../src/mqtt/client.js";
import type { CloseReason } from "../../src/mqtt/close-reason.js";
import type { QoS } from "../../src/mqtt/packets.js";
import { Session } from "../../src/mqtt/session.js";
import { readFromClient, type ReferencePacket } from "./mqtt-reference-reader.js";
import { connack } from "./mqtt-server-bytes.js";
import { ScriptedSocket, SocketScript } from "./scripted-socket.js";

export class MQTTBench {
	readonly clock = new VirtualClock();
	readonly timer = new VirtualTimer(this.clock);
	readonly script = new SocketScript(this.clock);
	readonly events: string[] = [];
	readonly messages: InboundMessage[] = [];
	readonly closed: CloseReason[] = [];
	/** What `recall` finds, by token. */
	readonly outbox = new Map<
		number,
		{ topic: string; payload: Uint8Array; QoS: QoS; retain: boolean }
	>();
	/** Messages are acknowledged as soon as they come. */
	isAcknowledging = true;
	session: Session;
	client: MQTTClient;
	#seen = 0;

	constructor(options: Partial<MQTTClientOptions> = {}) {
		this.session = options.session ?? new Session({});
		this.client = this.connect(options);
	}

	/** Another connection of the same session. */
	connect(options: Partial<MQTTClientOptions> = {}): MQTTClient {
		this.#seen = 0;
		this.client = new MQTTClient({
			socket: { io: ScriptedSocket, script: this.script },
			clock: this.clock,
			timer: this.timer,
			session: this.session,
			connect: { id: "sensor", clean: false, keepAliveSeconds: 60 },
			onSecured: () => this.events.push("secured"),
			onConnected: ({ sessionPresent }) => this.events.push(`connected ${sessionPresent}`),
			onMessage: (message) => {
				this.messages.push(message);
				this.events.push(`message ${message.topic}`);
				if (this.isAcknowledging) this.client.acknowledge(message);
			},
			onOversized: ({ topic, payloadBytes }) => {
				this.events.push(`oversized ${topic} ${payloadBytes}`);
			},
			onAcknowledged: (token) => this.events.push(`acknowledged ${token}`),
			onSubscribed: (results) => {
				const text = results.map(({ topic, granted }) => `${topic}=${granted}`).join(" ");
				this.events.push(`subscribed ${text}`);
			},
			onUnsubscribed: (topics) => this.events.push(`unsubscribed ${topics.join(" ")}`),
			onProgress: (kind) => this.events.push(`progress ${kind}`),
			onReady: () => this.events.push("ready"),
			onClosed: (reason) => {
				this.closed.push(reason);
				this.events.push(`closed ${reason.code}`);
			},
			recall: (token) => this.outbox.get(token),
			...options,
		});
		return this.client;
	}

	/** CONNACK has come; what was seen and reported so far is put aside. */
	static online(options: Partial<MQTTClientOptions> = {}): MQTTBench {
		const bench = new MQTTBench(options);
		bench.goOnline();
		return bench;
	}

	goOnline(sessionPresent = false): void {
		this.socket.giveRoom(4096);
		this.socket.feed(connack(0, sessionPresent));
		this.seen();
		this.events.length = 0;
	}

	get socket(): ScriptedSocket {
		return this.script.socket;
	}

	/**
	 * The packets that the client has written since the last look. Each write is exactly one packet.
	 */
	seen(): readonly ReferencePacket[] {
		const writes = this.socket.writes.slice(this.#seen);
		this.#seen = this.socket.writes.length;
		return writes.map((bytes) => {
			const { packets, end } = readFromClient(bytes);
			if (end !== "between" || packets.length !== 1) throw new Error("not one whole packet");
			return packets[0] as ReferencePacket;
		});
	}

	/** The same as short texts, like "PUBACK 7". */
	seenBriefly(): readonly string[] {
		return this.seen().map(({ type, packetId, duplicate }) => {
			const id = packetId === undefined ? "" : ` ${String(packetId)}`;
			return `${type}${id}${duplicate ? " again" : ""}`;
		});
	}

	publish(token: number, QoS: QoS = 1, payload = `reading ${token}`): string {
		const message = { topic: "a/b", payload: encodeUTF8(payload), QoS, retain: false };
		this.outbox.set(token, message);
		return this.client.publish({ token, ...message }).kind;
	}
}
