// One connection of a client to the simulated broker: what the standard demands of a server on it,
// the broker's faults, and every rule that the client breaks. What outlives the connection is in
// client-session.ts.

import { ClientViolation } from "./broker-body.js";
import type { BrokerClientHost, BrokerConnection, ClientEnd } from "./broker-client-host.js";
import { HOSTILE, type HostileKind } from "./broker-hostility.js";
import { BrokerOutput } from "./broker-output.js";
import {
	BrokerReader,
	type ClientPacket,
	type ConnectPacket,
	type QoS,
	type SubscribePacket,
	type UnsubscribePacket,
} from "./broker-reader.js";
import {
	writeConnack,
	writePingresp,
	writePublish,
	writeReply,
	writeSuback,
} from "./broker-writer.js";
import type { ClientSession, Message } from "./client-session.js";
import type { ScheduledEvent } from "./clock.js";
import { IncomingMessages } from "./incoming-messages.js";
import { OutgoingMessages } from "./outgoing-messages.js";

/** Milliseconds for a CONNECT to come. */
const CONNECT_MS_MAX = 30_000;

export class BrokerClient {
	readonly connection: BrokerConnection;
	readonly #host: BrokerClientHost;
	readonly #reader = new BrokerReader();
	readonly #output: BrokerOutput;
	#connect: ConnectPacket | undefined;
	#session: ClientSession | undefined;
	#incoming: IncomingMessages | undefined;
	#outgoing: OutgoingMessages | undefined;
	#early: ClientPacket[] = [];
	#heardAtMs: number;
	#timeoutMs = CONNECT_MS_MAX;
	#timeout: ScheduledEvent | undefined;
	#end: ClientEnd | undefined;

	constructor(connection: BrokerConnection, host: BrokerClientHost) {
		this.connection = connection;
		this.#host = host;
		this.#output = new BrokerOutput(connection, host);
		this.#heardAtMs = host.clock.monotonicMs();
		connection.onData = (bytes) => this.#receive(bytes);
		connection.onClosed = () => this.#finish("left");
		this.#watch();
	}

	/** The client id, once CONNECT has come. */
	get id(): string | undefined {
		return this.#connect?.id;
	}

	/** The CONNECT of this connection. */
	get connectPacket(): ConnectPacket | undefined {
		return this.#connect;
	}

	/** There once CONNACK was sent. */
	get session(): ClientSession | undefined {
		return this.#session;
	}

	get isOnline(): boolean {
		return this.#outgoing !== undefined && this.#end === undefined;
	}

	/** Sends what waits in the session, as far as there is room. */
	pump(): void {
		this.#outgoing?.pump();
	}

	/** Sends bytes as they are, legal or not. Nothing is expected of what answers them. */
	sendRaw(bytes: Uint8Array): void {
		this.#output.send(bytes);
	}

	/** Sends `kind` now. Its packet ids may be acknowledged or not. */
	sendHostile(kind: HostileKind, topic: string): void {
		const packetId = this.#outgoing?.strayId() ?? 1;
		this.#output.send(HOSTILE[kind].build({ topic, packetId, count: 1 }));
	}

	sendQoS0({ topic, payload, retain }: Message): void {
		const publish = { topic, payload, retain, QoS: 0, duplicate: false, packetId: 0 };
		this.#output.send(writePublish(publish));
	}

	/** A PUBLISH that no session remembers: part of a flood. */
	sendStray(message: { topic: string; payload: Uint8Array; QoS: QoS }): void {
		this.#outgoing?.sendStray(message);
	}

	/** Ends the connection from the broker's side. */
	end(reason: Exclude<ClientEnd, "left">, manner = this.#host.faults.endManner): void {
		if (this.#end !== undefined) return;
		this.#finish(reason);
		if (manner === "close") this.connection.close();
		else this.connection.reset();
	}

	/** The broker's machine is gone, and nobody says so. A packet meets a reset. */
	vanish(): void {
		if (this.#end !== undefined) return;
		this.#finish("crashed");
		this.connection.onData = () => this.connection.reset();
	}

	#finish(reason: ClientEnd): void {
		if (this.#end !== undefined) return;
		this.#end = reason;
		this.#reader.stop();
		this.#output.stop();
		if (this.#timeout !== undefined) this.#host.clock.cancel(this.#timeout);
		this.#host.ended(this, reason);
	}

	#receive(bytes: Uint8Array): void {
		if (this.#end !== undefined) {
			if (this.#end === "disconnected") this.#report("MQTT-3.14.4-2", "bytes after DISCONNECT");
			return;
		}
		this.#heardAtMs = this.#host.clock.monotonicMs();
		try {
			this.#reader.read(bytes, (packet) => this.#packet(packet));
		} catch (error) {
			if (!(error instanceof ClientViolation)) throw error;
			this.#violate(error.clause, error.detail, error.connackCode);
		}
	}

	/** Something that ends the connection [MQTT-4.8.0-1]. */
	#violate(clause: string, detail: string, connackCode?: number): void {
		this.#report(clause, detail);
		if (connackCode !== undefined) this.#output.send(writeConnack(connackCode, false));
		this.end("violation");
	}

	/** Something wrong that leaves the connection usable. */
	#report(clause: string, detail: string): void {
		this.#host.finding(this, clause, detail);
	}

	#packet(packet: ClientPacket): void {
		if (this.#connect === undefined) {
			if (packet.type === "CONNECT") return this.#onConnect(packet);
			return this.#violate("MQTT-3.1.0-1", `${packet.type} before CONNECT`);
		}
		// A client need not wait for CONNACK (§3.1.4): what comes early is dealt with after it.
		if (this.#incoming === undefined) this.#early.push(packet);
		else this.#dispatch(this.#incoming, packet);
	}

	#dispatch(incoming: IncomingMessages, packet: ClientPacket): void {
		switch (packet.type) {
			case "PUBLISH":
				return incoming.onPublish(packet);
			case "PUBREL":
				return incoming.onRelease(packet.packetId);
			case "PUBACK":
			case "PUBREC":
			case "PUBCOMP":
				return this.#outgoing?.acknowledged(packet);
			case "SUBSCRIBE":
				return this.#onSubscribe(incoming, packet);
			case "UNSUBSCRIBE":
				return this.#onUnsubscribe(incoming, packet);
			case "PINGREQ":
				return this.#onPing();
			case "DISCONNECT":
				return this.end("disconnected", "close");
			case "CONNECT":
				return this.#violate("MQTT-3.1.0-2", "second CONNECT");
		}
	}

	// ------------------------------------------------------------ joining

	#onConnect(packet: ConnectPacket): void {
		const { faults, clock } = this.#host;
		this.#connect = packet;
		// §3.1.2.10: one and a half times the keep-alive; 0 turns it off.
		this.#timeoutMs = packet.keepAliveSeconds * 1500;
		this.#watch();
		if (faults.isMute) return;
		if (faults.connackDelayMs === 0) return this.#join(packet);
		clock.schedule(() => this.#join(packet), faults.connackDelayMs);
	}

	#join(packet: ConnectPacket): void {
		if (this.#end !== undefined) return;
		const { faults } = this.#host;
		const joined = faults.connackCode > 0 ? faults.connackCode : this.#host.connect(this, packet);
		if (typeof joined === "number") {
			this.#output.send(writeConnack(joined, false));
			return this.end("refused", "close");
		}
		this.#session = joined.session;
		if (faults.hostileConnack !== undefined) {
			this.sendHostile(faults.hostileConnack, `hostile/${packet.id}`);
			return; // whatever the client makes of it, it is not online
		}
		this.#output.send(writeConnack(0, joined.isPresent));
		this.#begin(joined.session);
		if (faults.kickAfterConnectMs !== undefined) {
			this.#host.clock.schedule(() => {
				if (faults.kickAfterConnectMs !== undefined) this.end("kicked");
			}, faults.kickAfterConnectMs);
		}
	}

	#begin(session: ClientSession): void {
		const { faults, random } = this.#host;
		const output = this.#output;
		const onFinding = (clause: string, detail: string) => this.#report(clause, detail);
		const incoming = new IncomingMessages({
			session,
			output,
			faults,
			random,
			deliversAtRelease: this.#host.deliversAtRelease,
			onMessage: (packet) => this.#host.publish(this, packet),
			onFinding,
		});
		this.#incoming = incoming;
		this.#outgoing = new OutgoingMessages({
			session,
			output,
			isDoubled: () => this.#isDrawn(faults.duplicateRate),
			onAcknowledged: (message) => this.#host.acknowledged(this, message),
			onFinding,
		});
		this.#outgoing.resume();
		for (const early of this.#early.splice(0)) {
			if (this.#end === undefined) this.#dispatch(incoming, early);
		}
	}

	// ------------------------------------------------------------ requests

	#onSubscribe(incoming: IncomingMessages, packet: SubscribePacket): void {
		const { faults } = this.#host;
		const { packetId, subscriptions } = packet;
		incoming.onRequest(packetId, "SUBSCRIBE");
		const codes = subscriptions.map(({ filter, QoS }) => {
			if (this.#isDrawn(faults.subackRefusalRate)) return 0x80;
			return this.#host.subscribe(this, filter, Math.min(QoS, faults.grantedQoSMax) as QoS);
		});
		incoming.answer(packetId, () => {
			if (faults.hostileSuback === undefined) return writeSuback(packetId, codes);
			const topic = subscriptions[0]?.filter ?? "";
			return HOSTILE[faults.hostileSuback].build({ topic, packetId, count: codes.length });
		});
		this.#host.subscribed(this, packet);
	}

	#onUnsubscribe(incoming: IncomingMessages, { packetId, filters }: UnsubscribePacket): void {
		incoming.onRequest(packetId, "UNSUBSCRIBE");
		for (const filter of filters) this.#host.unsubscribe(this, filter);
		incoming.answer(packetId, () => writeReply("UNSUBACK", packetId));
	}

	#onPing(): void {
		if (!this.#isDrawn(this.#host.faults.pingLossRate)) this.#output.send(writePingresp());
	}

	#isDrawn(rate: number): boolean {
		return rate > 0 && this.#host.random.fraction() < rate;
	}

	// ------------------------------------------------------------ keep-alive

	/** One event per keep-alive, not one per packet. */
	#watch(): void {
		const { clock } = this.#host;
		if (this.#timeout !== undefined) clock.cancel(this.#timeout);
		this.#timeout = undefined;
		if (this.#timeoutMs === 0) return;
		const leftMs = this.#heardAtMs + this.#timeoutMs - clock.monotonicMs();
		this.#timeout = clock.schedule(() => {
			const isOver = this.#heardAtMs + this.#timeoutMs <= clock.monotonicMs();
			if (isOver)
				this.end("timed-out"); // [MQTT-3.1.2-24]
			else this.#watch();
		}, leftMs);
	}
}
