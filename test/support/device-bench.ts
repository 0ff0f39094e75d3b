// A whole Device on virtual time: real stages, stores and signatures; a broker of a few lines at
// the other end of a scripted socket. Everything that the device reports and publishes is recorded.

import { VirtualClock } from "../../hosts/simulator/clock.js";
import { VirtualFlashStorage } from "../../hosts/simulator/flash-storage.js";
import { NORFlash } from "../../hosts/simulator/flash.js";
import { VirtualKeyValue } from "../../hosts/simulator/key-value.js";
import { PowerSupply } from "../../hosts/simulator/power.js";
import { VirtualTimer } from "../../hosts/simulator/timer.js";
import { encodeConfiguration } from "../../src/credentials/encode-configuration.js";
import type { Configuration } from "../../src/credentials/configuration.js";
import { CredentialSlots } from "../../src/credentials/slots.js";
import { Device } from "../../src/device.js";
import { open, type Envelope } from "../../src/envelope/open.js";
import { seal, type SealRequest, type Signer } from "../../src/envelope/seal.js";
import { DEFAULT_RULES, encodeRules } from "../../src/policy/rules.js";
import { encodeFrame } from "../../src/provisioning/frame.js";
import { encodeMessage, type RequestName } from "../../src/provisioning/messages.js";
import type {
	DeviceEvent,
	LinkSettings,
	Ports,
	Posture,
	ResetReason,
	Sensor,
	SerialOptions,
	SerialPort,
	Timer,
} from "../../src/ports.js";
import { FailingKeyValue } from "./failing-key-value.js";
import { sampleConfiguration } from "./sample-configuration.js";
import { readFromClient, type ReferencePacket } from "./mqtt-reference-reader.js";
import { counting } from "./counting-entropy.js";
import { connack, pingresp, puback, publish, pubrel, suback } from "./mqtt-server-bytes.js";
import { resolverOver } from "./resolver-over.js";
import { ScriptedSocket, SocketScript } from "./scripted-socket.js";
import { nodeCrypto, SeededKeyStore, signerOf } from "./seeded-key-store.js";

export const NOW = 1_800_000_100;
export const COMMAND_TOPIC = "holdfast/sensor-1/command";

/** What survives a power cut. */
export class DeviceImage {
	/** Plan a cut here, and the next life begins after `restore`. */
	readonly power = new PowerSupply();
	readonly keyValue = new VirtualKeyValue({ power: this.power });
	readonly chip: NORFlash;
	readonly logChip: NORFlash;
	readonly keyStore = new SeededKeyStore();
	readonly operator: { readonly publicKey: Uint8Array; readonly signer: Signer };
	/** Key-value storage as a life of this device sees it. */
	readonly storage = new FailingKeyValue(this.keyValue);

	constructor(blocks = 8) {
		this.chip = new NORFlash({ blocks, power: this.power });
		this.logChip = new NORFlash({ blocks: 16, power: this.power });
		for (const name of ["signing", "tls-0", "tls-1", "operator"]) this.keyStore.generate(name);
		this.operator = signerOf(this.keyStore, "operator");
	}

	/** Commits a configuration as the station would. */
	install(changes: Partial<Configuration> = {}): void {
		const slots = new CredentialSlots(this.keyValue);
		const staged = slots.stage(encodeConfiguration(this.configuration(changes)));
		if (staged.kind !== "active" && staged.kind !== "candidate") {
			throw new Error(`not staged: ${JSON.stringify(staged)}`);
		}
		slots.close();
	}

	configuration(changes: Partial<Configuration> = {}): Configuration {
		const commands = ["identify", "report", "set-interval", "restart"];
		return sampleConfiguration({
			servers: [{ host: "broker.example", port: 8883 }],
			policy: encodeRules(DEFAULT_RULES),
			operators: [{ publicKey: this.operator.publicKey, commands }],
			...changes,
		});
	}

	get publicKey(): Uint8Array {
		return new Uint8Array(this.keyStore.publicKey("signing") as ArrayBuffer);
	}

	command(request: Partial<SealRequest> & Pick<SealRequest, "payload" | "sequence">): Uint8Array {
		return seal(
			{
				topic: COMMAND_TOPIC,
				contentType: "application/vnd.holdfast.command+cbor",
				audience: "sensor-1",
				time: { unixSeconds: NOW, quality: 3 },
				expiresAt: NOW + 60,
				...request,
			},
			this.operator.signer,
		);
	}
}

export interface Published {
	readonly topic: string;
	readonly packetId: number;
	readonly envelope: Envelope;
}

/** One life of a device, from a boot to a power cut. */
export class DeviceLife {
	readonly clock = new VirtualClock();
	readonly timer = new VirtualTimer(this.clock);
	readonly script = new SocketScript(this.clock, 65_536);
	readonly reports: DeviceEvent[] = [];
	readonly published: Published[] = [];
	/** Types of all packets that the device sent, in order. */
	readonly packets: string[] = [];
	readonly stages: string[] = [];
	/** What the link was started with, each time. */
	readonly linked: LinkSettings[] = [];
	restarts = 0;
	identified = 0;
	/** Resets by the watchdog, had it been real. */
	bites = 0;
	/** Frames that the device wrote on its serial line. */
	answers = 0;
	isSamplingLost = false;
	samples = 0;
	isBrokerUp = true;
	isAcknowledging = true;
	connackCode = 0;
	subackCode = 1;
	sensorError: Error | undefined;
	closeError: Error | undefined;
	posture: Posture = { secureBoot: false };
	/** Set: no TLS socket can be made. */
	tlsError: Error | undefined;
	/** The host stops the device in the moment after this event. */
	stopsAfter: string | undefined;
	readonly device: Device;
	readonly #image: DeviceImage;
	readonly #sampleIntervalMs: number;
	#watchdogMs = 0;
	#fedAtMs = 0;
	#handled = 0;
	#socket: ScriptedSocket | undefined;
	#packetId = 0;
	#requestId = 0;
	readonly #serialInput: Uint8Array[] = [];
	#onSerial: () => void = () => undefined;

	constructor(
		image: DeviceImage,
		lastReset: { reason: ResetReason; stage: string } | "power-on",
		sampleIntervalMs = 1000,
	) {
		this.#image = image;
		this.#sampleIntervalMs = sampleIntervalMs;
		this.clock.setWallTime(NOW, "sntp");
		const reset = lastReset === "power-on" ? { reason: lastReset, stage: "" } : lastReset;
		this.device = new Device({ ports: this.#ports(reset), sampleIntervalMs });
		this.device.start();
	}

	/** Lets `ms` pass; the broker answers whatever comes. */
	run(ms: number): void {
		for (const end = this.clock.monotonicMs() + ms; this.clock.monotonicMs() < end;) {
			this.clock.advance(50);
			this.#serve();
			this.#watch();
		}
	}

	/** Until the device is connected; the backoff's longest window is a few seconds at first. */
	connect(): void {
		for (let count = 0; count < 400 && !this.names.includes("connection-online"); count++) {
			this.run(50);
		}
	}

	get names(): readonly string[] {
		return this.reports.map(({ name }) => name);
	}

	reported(name: string): readonly DeviceEvent[] {
		return this.reports.filter((event) => event.name === name);
	}

	get accepted(): readonly number[] {
		return this.reported("reading-accepted").map(({ sequence }) => sequence as number);
	}

	/** The broker delivers `payload` to the device. */
	deliver(
		payload: Uint8Array,
		options: { topic?: string; retain?: boolean; QoS?: 1 | 2; duplicate?: boolean } = {},
	): void {
		const { topic = COMMAND_TOPIC, ...flags } = options;
		this.#packetId++;
		this.#current().feed(publish({ topic, payload, QoS: 1, packetId: this.#packetId, ...flags }));
		this.run(50);
	}

	/** The broker ends the QoS 2 exchange of what it delivered last. */
	release(): void {
		this.#current().feed(pubrel(this.#packetId));
		this.run(50);
	}

	/** The station asks for `name` over the serial line. */
	ask(name: RequestName): void {
		this.#serialInput.push(encodeFrame(encodeMessage({ id: ++this.#requestId, name, fields: {} })));
		this.#onSerial();
		this.run(50);
	}

	/** Types of all packets that were ever written, seen by the broker or not. */
	get written(): readonly string[] {
		return this.script.sockets
			.flatMap(({ writes }) => writes)
			.flatMap((bytes) => readFromClient(bytes).packets)
			.map(({ type }) => type);
	}

	breakConnection(): void {
		this.#current().fail("tcp");
	}

	/** Counts the resets that the hardware would have made. */
	#watch(): void {
		const nowMs = this.clock.monotonicMs();
		if (this.#watchdogMs === 0 || nowMs - this.#fedAtMs <= this.#watchdogMs) return;
		this.bites++;
		this.#fedAtMs = nowMs;
	}

	#current(): ScriptedSocket {
		return this.#socket as ScriptedSocket;
	}

	#serve(): void {
		const socket = this.script.sockets[this.script.sockets.length - 1];
		if (socket === undefined || socket.isClosed) return;
		if (socket !== this.#socket) {
			this.#socket = socket;
			this.#handled = 0;
			if (this.isBrokerUp) socket.giveRoom(65_536);
			else socket.fail("tcp");
		}
		while (this.#handled < socket.writes.length && !socket.isClosed) {
			const bytes = socket.writes[this.#handled++] as Uint8Array;
			for (const packet of readFromClient(bytes).packets) this.#answer(socket, packet);
			if (!socket.isClosed) socket.giveRoom(65_536);
		}
	}

	#answer(socket: ScriptedSocket, packet: ReferencePacket): void {
		this.packets.push(packet.type);
		const packetId = packet["packetId"] as number;
		if (packet.type === "CONNECT") socket.feed(connack(this.connackCode));
		if (packet.type === "SUBSCRIBE") {
			const codes = (packet["subscriptions"] as readonly unknown[]).map(() => this.subackCode);
			socket.feed(suback(packetId, codes));
		}
		if (packet.type === "PINGREQ") socket.feed(pingresp());
		if (packet.type !== "PUBLISH") return;
		const topic = packet["topic"] as string;
		const opened = open(
			packet["payload"] as Uint8Array,
			topic,
			() => this.#image.publicKey,
			nodeCrypto,
		);
		if (opened.kind === "rejected") throw new Error(`published ${opened.reason}`);
		this.published.push({ topic, packetId, envelope: opened.envelope });
		if (this.isAcknowledging) socket.feed(puback(packetId));
	}

	#ports(lastReset: { reason: ResetReason; stage: string }): Ports {
		const { script } = this;
		const tlsError = () => this.tlsError;
		return {
			tcp: { io: ScriptedSocket as never },
			tls: {
				io: class extends ScriptedSocket {
					constructor(options: object) {
						const error = tlsError();
						if (error !== undefined) throw error;
						super({ ...options, script });
					}
				} as never,
			},
			dns: { io: resolverOver(this.clock) },
			link: {
				start: (settings, onChanged) => {
					this.linked.push(settings);
					this.clock.schedule(onChanged, 0);
				},
				isUp: true,
				restart: () => undefined,
				stop: () => undefined,
			},
			keyValue: this.#image.storage,
			flash: new VirtualFlashStorage({ outbox: this.#image.chip, log: this.#image.logChip }),
			keyStore: this.#image.keyStore,
			crypto: nodeCrypto,
			clock: this.clock,
			timer: this.#timerPort(),
			entropy: counting(7),
			watchdog: {
				start: (timeoutMs) => {
					this.#watchdogMs = timeoutMs;
					this.#fedAtMs = this.clock.monotonicMs();
				},
				feed: () => void (this.#fedAtMs = this.clock.monotonicMs()),
				retain: (stage) => void this.stages.push(stage),
				lastReset,
				close: () => undefined,
			},
			serial: { io: this.#serialPort() },
			system: {
				restart: () => void this.restarts++,
				health: () => ({ freeHeapBytes: 1000 }),
				posture: () => this.posture,
				markImageValid: () => undefined,
				identify: () => void this.identified++,
				hardwareId: "bench",
				buildTime: NOW - 1000,
			},
			sensors: [{ io: this.#sensor() }],
			report: (event) => {
				this.reports.push(event);
				if (event.name === this.stopsAfter) this.clock.schedule(() => this.device.stop(), 0);
			},
		};
	}

	/** The device's timers; with `isSamplingLost` those of the sampler never fire. */
	#timerPort(): Timer {
		const { timer } = this;
		return {
			set: (callback, delayMs) => {
				const isLost = this.isSamplingLost && delayMs === this.#sampleIntervalMs;
				return isLost ? {} : timer.set(callback, delayMs);
			},
			repeat: (callback, intervalMs) => timer.repeat(callback, intervalMs),
			clear: (handle) => timer.clear(handle),
		};
	}

	#serialPort(): new (options: SerialOptions) => SerialPort {
		const input = this.#serialInput;
		const opened = (onReadable: () => void) => (this.#onSerial = onReadable);
		const answered = () => void this.answers++;
		return class {
			constructor({ onReadable }: SerialOptions) {
				opened(() => onReadable?.(1));
			}
			read(): ArrayBuffer | undefined {
				return input.shift()?.slice().buffer as ArrayBuffer | undefined;
			}
			write(): void {
				answered();
			}
			close(): void {}
		};
	}

	#sensor(): new () => Sensor {
		const sample = () => {
			this.samples++;
			if (this.sensorError !== undefined) throw this.sensorError;
			return { thermometer: { temperature: 20 + this.samples / 8 } };
		};
		const close = () => {
			if (this.closeError !== undefined) throw this.closeError;
		};
		return class {
			sample = sample;
			close = close;
		};
	}
}

export function provisioned(blocks?: number): DeviceImage {
	const image = new DeviceImage(blocks);
	image.install();
	return image;
}

/** A life of `image` that has connected. */
export function online(image = provisioned(), sampleIntervalMs = 1000): DeviceLife {
	const life = new DeviceLife(image, "power-on", sampleIntervalMs);
	life.connect();
	return life;
}
