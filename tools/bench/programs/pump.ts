// The publish path with its real parts, as fast as it goes: a sample is encoded, sealed, stored,
// sent over mutual TLS, acknowledged and removed, and then the next one is made. The device's
// sampler, which is slower on purpose, and its supervisor are left out. Runs on any host.
import { concatBytes } from "../../../src/bytes/arrays.js";
import { fromHex, toHex } from "../../../src/bytes/hex.js";
import { CONTENT_READING } from "../../../src/envelope/content-types.js";
import { keyIdOf } from "../../../src/envelope/key-id.js";
import { SequenceReservation } from "../../../src/envelope/sequence-reservation.js";
import { OUTBOX_FLUSH_MS } from "../../../src/limits.js";
import { MQTTClient } from "../../../src/mqtt/client.js";
import { Session } from "../../../src/mqtt/session.js";
import { Outbox } from "../../../src/outbox/outbox.js";
import { Policy } from "../../../src/policy/policy.js";
import { DEFAULT_RULES } from "../../../src/policy/rules.js";
import type { Ports, Sensor } from "../../../src/ports.js";
import { encodeReading } from "../../../src/reading/senml.js";
import { Uplink } from "../../../src/uplink.js";

/** Unlike the names of a device's keys, so that nobody takes one for the other. */
const SIGNING_KEY = "bench-signing";
const TLS_KEY = "bench-tls";
const KEEP_ALIVE_S = 60;
/** Milliseconds for what the last message left behind to be done with. */
const QUIET_MS = 50;
const TIME_QUALITY_SNTP = 3;

export type PumpPorts = Pick<
	Ports,
	"tcp" | "tls" | "keyValue" | "flash" | "keyStore" | "crypto" | "clock" | "timer"
>;

export interface PumpHost {
	readonly ports: PumpPorts;
	readonly sensor: Sensor;
	/** One line of JSON. */
	readonly print: (line: string) => void;
	readonly exit: (code: number) => void;
	/** What the heap holds after a collection, where the host can say. */
	readonly memory?: () => Readonly<Record<string, number>>;
}

/** The command line: a list of NAME=VALUE. */
interface Request {
	readonly device: string;
	readonly port: number;
	readonly authority: Uint8Array;
	readonly certificate: Uint8Array;
	/** Messages that are made and not acknowledged. */
	readonly inFlight: number;
	readonly messages: number;
	/** Numbers of messages at which the heap is looked at. */
	readonly marks: readonly number[];
}

/** `request DEVICE` prints a certificate request for this board's key; `run NAME=VALUE…` pumps. */
export function pump(host: PumpHost, words: readonly string[]): void {
	const [what = "", ...rest] = words;
	if (what === "request") printRequest(host, rest[0] ?? "");
	else new Pump(host, requestOf(rest)).start();
}

function printRequest({ ports, print, exit }: PumpHost, device: string): void {
	ports.keyStore.generate(SIGNING_KEY, "Ed25519");
	ports.keyStore.generate(TLS_KEY, "P-256");
	const request = new Uint8Array(ports.keyStore.certificateRequest(TLS_KEY, device));
	print(JSON.stringify({ request: toHex(request) }));
	exit(0);
}

function requestOf(words: readonly string[]): Request {
	const given = new Map(words.map((word) => word.split("=") as [string, string]));
	const text = (name: string) => {
		const value = given.get(name);
		if (value === undefined) throw new TypeError(`${name}: missing`);
		return value;
	};
	const bytes = (name: string) => fromHex(text(name)) ?? new Uint8Array(0);
	const marks = (given.get("marks") ?? "").split(",").filter((mark) => mark !== "");
	return {
		device: text("device"),
		port: Number(text("port")),
		authority: bytes("authority"),
		certificate: bytes("certificate"),
		inFlight: Number(text("in-flight")),
		messages: Number(text("messages")),
		marks: marks.map(Number),
	};
}

/**
 * As if so many sequences had been used: a reservation that was lost goes on far above them, where
 * a sequence is encoded in the width that it keeps for years. In its first days a device meets a
 * wider one twice, and mqtt-packet keeps one small buffer for each length of packet.
 */
const SEQUENCES_USED = 1;

class Pump {
	readonly #host: PumpHost;
	readonly #request: Request;
	readonly #outbox: Outbox;
	readonly #uplink: Uplink;
	#client: MQTTClient | undefined;
	#made = 0;
	#acknowledged = 0;
	#startMs = 0;
	#isFilling = false;

	constructor(host: PumpHost, request: Request) {
		const { flash, keyValue } = host.ports;
		this.#host = host;
		this.#request = request;
		const mounted = Outbox.mount({ flash: flash.open({ path: "outbox", mode: "r+" }) });
		if (mounted.kind === "unusable") throw new Error(`outbox: ${mounted.code}`);
		this.#outbox = mounted.outbox;
		const store = keyValue.open({ path: "hf-seq", format: "buffer", mode: "r+" });
		const sequence = new SequenceReservation(store, this.#outbox.lastSequence ?? SEQUENCES_USED);
		this.#uplink = this.#makeUplink(() => sequence.next());
	}

	start(): void {
		const { ports, exit, print } = this.#host;
		ports.timer.repeat(() => this.#outbox.flush(), OUTBOX_FLUSH_MS);
		const client = new MQTTClient({
			socket: this.#socketOptions(),
			clock: ports.clock,
			timer: ports.timer,
			session: new Session({}),
			connect: { id: this.#request.device, clean: true, keepAliveSeconds: KEEP_ALIVE_S },
			recall: (sequence) => this.#uplink.recall(sequence),
			onConnected: () => {
				this.#startMs = ports.clock.monotonicMs();
				this.#fill();
			},
			onAcknowledged: (sequence) => this.#onAcknowledged(sequence),
			onReady: () => this.#fill(),
			onClosed: ({ code }) => {
				print(JSON.stringify({ closed: code }));
				exit(1);
			},
		});
		this.#client = client;
	}

	#socketOptions() {
		const { ports } = this.#host;
		const { port, authority, certificate } = this.#request;
		return {
			io: ports.tls.io as never,
			TCP: ports.tcp,
			address: "127.0.0.1",
			port,
			noDelay: true,
			secure: {
				serverName: "localhost",
				authorities: [authority],
				pins: [],
				identity: { certificates: [certificate], key: TLS_KEY },
				time: { unixSeconds: ports.clock.wallTime().unixSeconds, isLowerBound: false },
			},
		};
	}

	#makeUplink(nextSequence: () => number): Uplink {
		const { keyStore, crypto, clock } = this.#host.ports;
		const publicKey = keyStore.publicKey(SIGNING_KEY);
		if (publicKey === undefined) throw new Error("no key: ask for a request first");
		return new Uplink({
			outbox: this.#outbox,
			policy: new Policy(DEFAULT_RULES, this.#request.device),
			signer: {
				keyId: keyIdOf(new Uint8Array(publicKey), crypto),
				sign: (message) => new Uint8Array(keyStore.sign(SIGNING_KEY, message)),
			},
			nextSequence,
			now: () => ({ unixSeconds: clock.wallTime().unixSeconds, quality: TIME_QUALITY_SNTP }),
			report: (event) => this.#host.print(JSON.stringify(event)),
		});
	}

	/** Makes messages as long as there may be more, and hands them on. */
	#fill(): void {
		const { inFlight, messages, marks } = this.#request;
		if (!this.#client || this.#isFilling) return;
		this.#isFilling = true;
		// Nothing is in flight when the heap is looked at: it is looked at in the same state.
		const until = marks.find((mark) => mark > this.#acknowledged) ?? messages;
		while (this.#made < until && this.#made - this.#acknowledged < inFlight) this.#make();
		this.#uplink.offer(this.#client, Infinity);
		this.#isFilling = false;
	}

	#make(): void {
		const { unixSeconds } = this.#host.ports.clock.wallTime();
		const encoded = encodeReading([this.#host.sensor.sample() ?? {}], unixSeconds);
		if (encoded.kind === "empty") throw new Error("the sensor says nothing");
		const { payload } = encoded;
		const accepted = this.#uplink.accept({
			channel: "telemetry",
			contentType: CONTENT_READING,
			payload,
		});
		if (accepted.kind !== "accepted") throw new Error(accepted.reason);
		if (this.#made++ === 0) this.#printSample(payload, accepted.sequence);
	}

	#printSample(payload: Uint8Array, sequence: number): void {
		const content = this.#uplink.recall(sequence);
		if (content === undefined) throw new Error("what was stored is not there");
		const sample = { topic: content.topic, envelopeBytes: content.payload.length };
		// A copy: where the host has buffers of its own, they print otherwise.
		this.#host.print(JSON.stringify({ sample, payload: toHex(concatBytes(payload)) }));
	}

	#onAcknowledged(sequence: number): void {
		this.#uplink.acknowledged(sequence);
		this.#acknowledged++;
		if (this.#request.marks.includes(this.#acknowledged)) {
			this.#host.ports.timer.set(() => this.#mark(), QUIET_MS);
		} else this.#goOn();
	}

	#goOn(): void {
		if (this.#acknowledged === this.#request.messages) this.#end();
		else this.#fill();
	}

	#mark(): void {
		const { memory, print } = this.#host;
		this.#outbox.flush();
		print(JSON.stringify({ mark: this.#acknowledged, memory: memory?.() }));
		this.#goOn();
	}

	#end(): void {
		const { ports, print, exit } = this.#host;
		const ms = ports.clock.monotonicMs() - this.#startMs;
		print(JSON.stringify({ messages: this.#acknowledged, ms }));
		exit(0);
	}
}
