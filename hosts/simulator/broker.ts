// An MQTT 3.1.1 broker for the simulated world: persistent sessions, QoS 0 to 2 both ways, wills,
// keep-alive, take-over, access lists, retained messages, and every fault of a real one. What its
// clients do against the standard is a finding, with the clause.

import type {
	BrokerClientHost,
	BrokerConnection,
	ClientEnd,
	Joined,
} from "./broker-client-host.js";
import { BrokerClient } from "./broker-client.js";
import { BrokerFaults } from "./broker-faults.js";
import { BrokerFlood, topicOf } from "./broker-flood.js";
import { HOSTILE, type HostileKind } from "./broker-hostility.js";
import type {
	Access,
	BrokerCounters,
	BrokerFinding,
	BrokerMessage,
	Flood,
	SimulatedBrokerOptions,
} from "./broker-options.js";
import type { ConnectPacket, PublishPacket, QoS, SubscribePacket } from "./broker-reader.js";
import type { ClientSession, Message } from "./client-session.js";
import { MessageRouter } from "./message-router.js";
import { matchesTopic } from "./topic-matcher.js";

const EVERYTHING: Access = Object.freeze({ publish: ["#"], subscribe: ["#"] });
/** Findings that are kept one by one. */
const FINDINGS_MAX = 100;

export class SimulatedBroker {
	readonly faults = new BrokerFaults();
	readonly counters: BrokerCounters = {
		connections: 0,
		accepted: 0,
		refused: 0,
		takenOver: 0,
		timedOut: 0,
		published: 0,
		duplicates: 0,
	};
	/** The first hundred. */
	readonly findings: BrokerFinding[] = [];
	readonly #options: SimulatedBrokerOptions;
	readonly #host: BrokerClientHost;
	readonly #clients = new Set<BrokerClient>();
	readonly #byId = new Map<string, BrokerClient>();
	readonly #access = new Map<BrokerClient, Access>();
	readonly #router = new MessageRouter((session, message) => this.#deliver(session, message));
	#listener: { close(): void } | undefined;
	readonly #flood: BrokerFlood;

	/** A broker that is up. */
	constructor(options: SimulatedBrokerOptions) {
		this.#options = options;
		this.#flood = new BrokerFlood(options.clock, options.random, () => this.#targets());
		this.#host = {
			clock: options.clock,
			random: options.random,
			faults: this.faults,
			deliversAtRelease: options.deliversAtRelease === true,
			connect: (client, packet) => this.#connect(client, packet),
			publish: (client, packet) => this.#publishFrom(client, packet),
			subscribe: (client, filter, QoS) => this.#subscribe(client, filter, QoS),
			subscribed: (client, packet) => this.#subscribed(client, packet),
			unsubscribe: ({ session }, filter) => {
				if (session !== undefined) this.#router.unsubscribe(session, filter);
			},
			acknowledged: ({ id }, message) => options.onAcknowledged?.(id ?? "", message),
			ended: (client, end) => this.#ended(client, end),
			finding: (client, clause, detail) => this.#finding(client, clause, detail),
		};
		this.start();
	}

	// ------------------------------------------------------------ up and down

	get isUp(): boolean {
		return this.#listener !== undefined;
	}

	/** Listens again; what was remembered is there. */
	start(): void {
		if (this.#listener !== undefined) return;
		const listen = this.#options.listen ?? (() => ({ close: () => undefined }));
		const listener = listen((connection) => {
			if (this.#listener === listener) this.accept(connection);
			else connection.reset(); // its handshake has outlived the server that it began with
		});
		this.#listener = listener;
	}

	/** Refuses new connections; those that there are go on. */
	refuse(): void {
		this.#listener?.close();
		this.#listener = undefined;
	}

	/** Gone without a goodbye. "reset": the machine still answers; "silence": it does not. */
	crash(manner: "reset" | "silence" = "reset"): void {
		this.refuse();
		for (const client of [...this.#clients]) {
			if (manner === "reset") client.end("crashed", "reset");
			else client.vanish();
		}
	}

	/** An orderly restart, within a moment. Without sessions everything is forgotten. */
	restart({ keepsSessions }: { readonly keepsSessions: boolean }): void {
		this.refuse();
		for (const client of [...this.#clients]) client.end("crashed", "close");
		if (!keepsSessions) this.forget();
		this.start();
	}

	/** Loses sessions and retained messages. The clients that are online keep theirs. */
	forget(): void {
		this.#router.forget(({ id }) => this.#byId.has(id));
	}

	/** A new connection, as if it had come through the network. */
	accept(connection: BrokerConnection): BrokerClient {
		this.counters.connections++;
		const client = new BrokerClient(connection, this.#host);
		this.#clients.add(client);
		return client;
	}

	// ------------------------------------------------------------ what others ask of it

	/** Sends `message` to a client that never asked for it; no session remembers it. */
	push(id: string, message: { topic: string; payload: Uint8Array; QoS: QoS }): void {
		this.client(id)?.sendStray(message);
	}

	/** Client ids that are online. */
	get online(): readonly string[] {
		return [...this.#byId.values()].flatMap(({ id, isOnline }) => (isOnline && id ? [id] : []));
	}

	client(id: string): BrokerClient | undefined {
		return this.#byId.get(id);
	}

	session(id: string): ClientSession | undefined {
		return this.#router.session(id);
	}

	/** Publishes as an administrator would. */
	publish(topic: string, payload: Uint8Array, options: { QoS?: QoS; retain?: boolean } = {}): void {
		const { QoS = 1, retain = false } = options;
		this.#router.route({ topic, payload, QoS, retain });
	}

	/** Ends the connection of `id`, or of everyone. */
	kick(id?: string): void {
		for (const client of [...this.#clients]) {
			if (id === undefined || client.id === id) client.end("kicked");
		}
	}

	/**
	 * Sends `kind` to everyone who is online (to `id` alone where it is given), or puts it in place
	 * of coming CONNACKs or SUBACKs, until `faults` is healed. Answers to how many it went at once.
	 */
	hostile(kind: HostileKind, id?: string): number {
		const { moment } = HOSTILE[kind];
		if (moment === "joining") this.faults.hostileConnack = kind;
		if (moment === "subscribing") this.faults.hostileSuback = kind;
		if (moment !== "online") return 0;
		const targets = this.#targets(id);
		for (const client of targets) client.sendHostile(kind, topicOf(client));
		return targets.length;
	}

	/** Messages for everyone who is online, until it is called without a flood. */
	flood(flood?: Flood): void {
		if (flood === undefined) this.#flood.stop();
		else this.#flood.start(flood);
	}

	/** Nothing is wrong with it any more: no fault, no flood, and it is up. */
	heal(): void {
		this.faults.heal();
		this.flood();
		this.start();
	}

	#targets(id?: string): BrokerClient[] {
		const online = [...this.#byId.values()].filter(({ isOnline }) => isOnline);
		return id === undefined ? online : online.filter((client) => client.id === id);
	}

	// ------------------------------------------------------------ clients

	#connect(client: BrokerClient, packet: ConnectPacket): Joined | number {
		const { id, clean } = packet;
		// [MQTT-3.1.3-6] A server may take an empty id, and need not: this one does not.
		if (id === "") return this.#refused(client, 2);
		const name = client.connection.clientName;
		const access = this.#options.access?.(id, packet, name) ?? EVERYTHING;
		if (typeof access === "number") return this.#refused(client, access);
		this.counters.accepted++;
		const other = this.#byId.get(id);
		if (other !== undefined) {
			this.counters.takenOver++;
			other.end("taken-over"); // [MQTT-3.1.4-2]
		}
		this.#byId.set(id, client);
		this.#access.set(client, access);
		const joined = this.#router.join(id, !clean && !this.faults.forgetsSessions);
		this.#options.onClient?.(id, "online");
		return joined;
	}

	#refused(client: BrokerClient, code: number): number {
		this.counters.refused++;
		this.#access.delete(client);
		return code;
	}

	#ended(client: BrokerClient, end: ClientEnd): void {
		this.#clients.delete(client);
		this.#access.delete(client);
		if (end === "timed-out") this.counters.timedOut++;
		const { id, connectPacket, session } = client;
		if (id === undefined || this.#byId.get(id) !== client) return;
		this.#byId.delete(id);
		if (connectPacket?.clean === true && session !== undefined) this.#router.drop(session);
		this.#options.onClient?.(id, end);
		// [MQTT-3.1.2-8]; [MQTT-3.1.2-10] DISCONNECT discards it, and so does the end of the broker.
		if (end !== "disconnected" && end !== "crashed") this.#publishWill(client);
	}

	// ------------------------------------------------------------ messages

	#publishFrom(client: BrokerClient, packet: PublishPacket): void {
		const { topic } = packet;
		const access = this.#access.get(client) ?? EVERYTHING;
		if (!access.publish.some((filter) => matchesTopic(filter, topic))) {
			// 3.1.1 cannot refuse a PUBLISH: it is acknowledged and forgotten.
			return this.#finding(client, "access", `PUBLISH to ${topic}`);
		}
		this.counters.published++;
		if (packet.duplicate) this.counters.duplicates++;
		this.#take({ ...packet, client: client.id ?? "", isWill: false });
	}

	#publishWill(client: BrokerClient): void {
		const will = client.connectPacket?.will;
		if (will === undefined) return;
		this.#take({
			...will,
			client: client.id ?? "",
			duplicate: false,
			packetId: 0,
			isWill: true,
		});
	}

	#take(message: BrokerMessage): void {
		this.#options.onPublish?.(message);
		this.#router.route(message);
	}

	#deliver(session: ClientSession, message: Message): void {
		const client = this.#byId.get(session.id);
		if (message.QoS > 0) session.queue(message);
		else if (client?.isOnline) client.sendQoS0(message);
		client?.pump();
	}

	#subscribe(client: BrokerClient, filter: string, QoS: QoS): number {
		const access = this.#access.get(client) ?? EVERYTHING;
		const isAllowed = access.subscribe.some(
			(allowed) => allowed === filter || matchesTopic(allowed, filter),
		);
		if (!isAllowed) this.#finding(client, "access", `SUBSCRIBE to ${filter}`);
		if (!isAllowed || client.session === undefined) return 0x80;
		this.#router.subscribe(client.session, filter, QoS);
		return QoS;
	}

	#subscribed({ session }: BrokerClient, { subscriptions }: SubscribePacket): void {
		for (const { filter } of subscriptions) {
			if (session?.subscriptions.has(filter)) this.#router.sendRetained(session, filter);
		}
	}

	#finding({ id, connection }: BrokerClient, clause: string, detail: string): void {
		const finding = {
			atMs: this.#options.clock.monotonicMs(),
			client: id ?? connection.from,
			clause,
			detail,
		};
		if (this.findings.length < FINDINGS_MAX) this.findings.push(finding);
		this.#options.onFinding?.(finding);
	}
}
