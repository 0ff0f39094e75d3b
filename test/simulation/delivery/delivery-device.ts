// The device of the delivery world: everything between a reading and its PUBACK, as device.ts and
// stages.ts put it together, without sampling, supervisor and timers of its own.

import type { VirtualClock } from "../../../hosts/simulator/clock.js";
import { VirtualTimer } from "../../../hosts/simulator/timer.js";
import { BrokerSession, type BrokerSessionOptions } from "../../../src/broker-session.js";
import { scaledTimings } from "../../../src/connection/timings.js";
import { crc32 } from "../../../src/bytes/crc32.js";
import { CONTENT_GAP, CONTENT_READING } from "../../../src/envelope/content-types.js";
import { open } from "../../../src/envelope/open.js";
import { decodeGap } from "../../../src/envelope/gap.js";
import type { Signer } from "../../../src/envelope/seal.js";
import { SequenceReservation } from "../../../src/envelope/sequence-reservation.js";
import { Session } from "../../../src/mqtt/session.js";
import { Outbox } from "../../../src/outbox/outbox.js";
import { Governor } from "../../../src/policy/governor.js";
import { Policy } from "../../../src/policy/policy.js";
import { DEFAULT_RULES } from "../../../src/policy/rules.js";
import { TokenBucket } from "../../../src/policy/token-bucket.js";
import type { FlashPartition, KeyValueStorage, KeyValueStore } from "../../../src/ports.js";
import { CHANNELS, Uplink, type Message } from "../../../src/uplink.js";
import type { ReferencePacket } from "../../support/mqtt-reference-reader.js";
import { sampleConfiguration } from "../../support/sample-configuration.js";
import { ScriptedSocket, SocketScript } from "../../support/scripted-socket.js";

/** Breaks the device in one place, to see that the search finds it. */
export interface Plant {
	readonly device?: (device: DeliveryDevice) => void;
	readonly sequenceStore?: (store: KeyValueStore) => KeyValueStore;
}

export interface DeliveryDeviceOptions {
	readonly QoS: 1 | 2;
	readonly flash: FlashPartition;
	readonly keyValue: KeyValueStorage;
	readonly clock: VirtualClock;
	readonly plant: Plant | undefined;
	/** Each sequence number that was given out. */
	readonly onSequence: (sequence: number) => void;
}

/** Sequences, both ends included. */
export interface Range {
	readonly first: number;
	readonly last: number;
}

const DEVICE_ID = "sensor-1";
/** Nothing here is about signatures: one checksum stands for them. */
const SIGNER: Signer = Object.freeze({
	keyId: new Uint8Array(8).fill(5),
	sign: (message: Uint8Array) => {
		const signature = new Uint8Array(64);
		new DataView(signature.buffer).setUint32(0, crc32(message));
		return signature;
	},
});
const PUBLIC_KEY = new Uint8Array(32).fill(5);
const CRYPTO = Object.freeze({ ed25519Verify: () => true });
const CONFIGURATION = sampleConfiguration();
const TIMINGS = scaledTimings(1);
const INDEX_SLOTS = 256;
const SESSION_KEY = "session";
/** None: it was given up before it ended by itself. */
const HONEST_ENDS: readonly (string | undefined)[] = [
	undefined,
	"closed-by-peer: tcp",
	"acknowledge-timeout",
];
const ROOM_BYTES = 65_536;

export class DeliveryDevice {
	readonly clock: VirtualClock;
	readonly outbox: Outbox;
	readonly uplink: Uplink;
	readonly session: Session;
	brokerSession: BrokerSession | undefined;
	socket: ScriptedSocket | undefined;
	/** Something that no environment may bring about. */
	problem: string | undefined;
	readonly #timer: VirtualTimer;
	readonly #policy: Policy;
	readonly #governor: Governor;
	readonly #outbound: TokenBucket;
	readonly #nextSequence: () => number;
	#taken = 0;
	#closedBy: string | undefined;

	constructor(options: DeliveryDeviceOptions) {
		const { QoS, flash, keyValue, clock, plant, onSequence } = options;
		this.clock = clock;
		this.#timer = new VirtualTimer(clock);
		const mounted = Outbox.mount({ flash, slots: INDEX_SLOTS });
		if (mounted.kind !== "mounted") throw new Error(mounted.code);
		this.outbox = mounted.outbox;
		const numbers = keyValue.open({ path: "hf-seq", format: "buffer", mode: "r+" });
		const planted = plant?.sequenceStore?.(numbers) ?? numbers;
		const reservation = new SequenceReservation(planted, this.outbox.lastSequence);
		this.#nextSequence = () => {
			const sequence = reservation.next();
			onSequence(sequence);
			return sequence;
		};
		const rules = DEFAULT_RULES.map((rule) =>
			rule.channel === "telemetry" ? { ...rule, QoS } : rule,
		);
		this.#policy = new Policy(rules, DEVICE_ID);
		this.uplink = new Uplink({
			outbox: this.outbox,
			policy: this.#policy,
			signer: SIGNER,
			nextSequence: this.#nextSequence,
			now: () => undefined,
			report: () => undefined,
		});
		this.session = new Session(QoS === 2 ? { store: sessionStore(keyValue) } : {});
		this.#governor = new Governor({ clock, timeScale: 1 });
		this.#outbound = new TokenBucket({ burst: 1000, perSecond: 1000 }, 0);
		plant?.device?.(this);
	}

	static reading(value: number): Message {
		return {
			channel: "telemetry",
			contentType: CONTENT_READING,
			payload: Uint8Array.of(0xa0, value),
		};
	}

	/** What a PUBLISH says. The device publishes nothing that does not verify. */
	static read(packet: ReferencePacket): { sequence: number; gaps: readonly Range[] } {
		const { topic, payload } = packet as unknown as { topic: string; payload: Uint8Array };
		return readEnvelope(topic, payload);
	}

	/** The ranges that the stored gap records name. */
	storedGaps(): readonly Range[] {
		return this.outbox.waiting(undefined, Infinity).flatMap(({ sequence, channel }) => {
			const topic = this.#policy.topicOf(CHANNELS[channel] as string) as string;
			const record = channel === 0 ? undefined : this.outbox.read(sequence);
			return record === undefined ? [] : readEnvelope(topic, record.bytes).gaps;
		});
	}

	get isConnected(): boolean {
		return this.socket !== undefined && this.#closedBy === undefined;
	}

	/** A new connection attempt; CONNECT follows once its socket has room. */
	connect(): ScriptedSocket {
		const script = new SocketScript(this.clock, ROOM_BYTES);
		const socket = class extends ScriptedSocket {
			constructor(options: object) {
				super({ ...options, script });
			}
		};
		this.#closedBy = undefined;
		this.#taken = 0;
		this.brokerSession = new BrokerSession(
			{
				host: "broker.example",
				port: 8883,
				address: "192.0.2.1",
				deadlineMs: this.clock.monotonicMs() + 60_000,
			},
			{
				onSecured: () => undefined,
				onConnected: () => undefined,
				onClosed: (code, detail) => (this.#closedBy = detail ? `${code}: ${detail}` : code),
			},
			this.#sessionOptions(socket),
		);
		this.socket = script.socket;
		return this.socket;
	}

	/** The connection has ended; why that is a problem, if it is. */
	disconnected(): string | undefined {
		const code = this.#closedBy;
		this.#closedBy = undefined;
		this.brokerSession?.drop();
		this.brokerSession = undefined;
		this.socket = undefined;
		return HONEST_ENDS.includes(code) ? undefined : `closed: ${code}`;
	}

	/** What was written since the last time. There is always room for more. */
	drain(): readonly Uint8Array[] {
		const writes = this.socket?.writes.slice(this.#taken) ?? [];
		this.#taken += writes.length;
		if (writes.length > 0) this.socket?.giveRoom(ROOM_BYTES);
		if (this.#closedBy !== undefined) this.problem ??= `closed: ${this.#closedBy}`;
		return writes;
	}

	#sessionOptions(socket: new (options: object) => ScriptedSocket): BrokerSessionOptions {
		const { clock } = this;
		const ports = {
			clock,
			timer: this.#timer,
			tcp: { io: ScriptedSocket },
			tls: { io: socket },
			report: () => undefined,
		};
		return {
			ports: ports as never,
			configuration: CONFIGURATION,
			policy: this.#policy,
			timings: TIMINGS,
			timeScale: 1,
			mqttSession: this.session,
			signer: SIGNER,
			timeTrust: { judging: () => 0, certificateNotBefore: () => undefined } as never,
			uplink: this.uplink,
			downlink: { receive: () => undefined } as never,
			governor: this.#governor,
			outbound: this.#outbound,
			onOnline: () => undefined,
			onProgress: () => undefined,
			onRenewalDue: () => undefined,
			onGone: () => undefined,
		};
	}
}

function readEnvelope(topic: string, bytes: Uint8Array) {
	const opened = open(bytes, topic, () => PUBLIC_KEY, CRYPTO);
	if (opened.kind === "rejected") throw new Error(`published ${opened.reason}`);
	const { sequence, contentType, payload } = opened.envelope;
	const gap = contentType === CONTENT_GAP ? decodeGap(payload) : undefined;
	const gaps: readonly Range[] = gap?.kind === "valid" ? gap.value : [];
	return { sequence, gaps };
}

function sessionStore(keyValue: KeyValueStorage) {
	const store = keyValue.open({ path: "hf-mqtt", format: "buffer", mode: "r+" });
	return {
		load: () => {
			const bytes = store.read(SESSION_KEY);
			return bytes && new Uint8Array(bytes);
		},
		save: (bytes: Uint8Array) => store.write(SESSION_KEY, bytes),
	};
}
