// A bench for provisioning: the device side and the real station, joined by a serial line in memory
// on virtual time. The line can lose, add and cut; the device can lose its power at any write.
import {
	createHash,
	createPrivateKey,
	createPublicKey,
	generateKeyPairSync,
	sign,
} from "node:crypto";
import { CONFIGURATION_VERSION } from "../../src/credentials/configuration.js";
import { CredentialSlots } from "../../src/credentials/slots.js";
import { readRules } from "../../src/policy/rules.js";
import { Provisioner } from "../../src/provisioning/provisioner.js";
import type {
	ByteSource,
	DeviceEvent,
	KeyAlgorithm,
	KeyStore,
	KeyValueStore,
	SerialOptions,
	SerialPort,
} from "../../src/ports.js";
import { VirtualClock } from "../../hosts/simulator/clock.js";
import { VirtualKeyValue } from "../../hosts/simulator/key-value.js";
import { PowerCut, PowerSupply } from "../../hosts/simulator/power.js";
import { Random } from "../../hosts/simulator/random.js";
import { VirtualTimer } from "../../hosts/simulator/timer.js";
import { NodeCrypto } from "../../hosts/node/crypto.js";
import { nodeP256 } from "../../hosts/node/p256.js";
import {
	makeAuthorityCertificate,
	makeCertificate,
	importAuthority,
	makePrivateKey,
	type Authority,
} from "../../tools/pki/certificate-authority.js";
import { openCertificateRequest } from "../../tools/pki/certificate-request.js";
import {
	signDeviceRecord,
	type DeviceFacts,
	type DeviceRecord,
} from "../../tools/pki/device-record.js";
import type { StationPort } from "../../tools/provision/conversation.js";
import type { PendingUnit, PendingUnits } from "../../tools/provision/pending.js";
import { Station, type StationFleet, type StationOptions } from "../../tools/provision/station.js";

export const HARDWARE_ID = "a0b1c2d3e4f5";
const WIRE_MS = 2;
const FIFO_BYTES = 128;
const BOOT_MS = 40;

export type Direction = "to-device" | "to-station";

/** Events of a whole provisioning over the worst of lines: thousands. */
const SETTLE_STEPS_MAX = 1_000_000;

/** What the line does to one write; the bytes that arrive. */
export type LineFault = (direction: Direction, bytes: Uint8Array, index: number) => Uint8Array;

/** The wire. `index` counts the writes of both sides. */
export class SerialPair {
	readonly #clock: VirtualClock;
	#writes = 0;
	fault: LineFault = (_direction, bytes) => bytes;
	toDevice: (bytes: Uint8Array) => void = () => {};
	toStation: (bytes: Uint8Array) => void = () => {};

	constructor(clock: VirtualClock) {
		this.#clock = clock;
	}

	get writes(): number {
		return this.#writes;
	}

	send(direction: Direction, bytes: Uint8Array): void {
		const arriving = this.fault(direction, bytes.slice(), this.#writes++);
		if (arriving.length === 0) return;
		this.#clock.schedule(() => {
			if (direction === "to-device") this.toDevice(arriving);
			else this.toStation(arriving);
		}, WIRE_MS);
	}
}

/** The board: what lasts, and the program that runs while there is power. */
export class BenchDevice {
	readonly power = new PowerSupply();
	readonly storage = new VirtualKeyValue({ power: this.power });
	readonly events: DeviceEvent[] = [];
	readonly timer: VirtualTimer;
	readonly #clock: VirtualClock;
	readonly #wire: SerialPair;
	readonly #random: Random;
	/** Called for each start after a power cut. */
	onBoot: (() => void) | undefined;
	noise: Uint8Array | undefined;
	committed = 0;
	slots!: CredentialSlots;
	provisioner!: Provisioner;
	keyStore!: BenchKeyStore;
	/** Bytes that the port takes before it throws; `undefined` for no limit. */
	room: number | undefined;

	constructor(clock: VirtualClock, wire: SerialPair, seed: number) {
		this.#clock = clock;
		this.#wire = wire;
		this.#random = new Random(seed);
		this.timer = new VirtualTimer(clock);
	}

	start(): void {
		if (this.noise !== undefined) this.#wire.send("to-station", this.noise);
		this.#guarded(() => this.#start());
	}

	restart(): void {
		this.stop();
		this.start();
	}

	stop(): void {
		this.#wire.toDevice = () => {};
		this.timer.clearAll();
	}

	#start(): void {
		const crypto = new NodeCrypto();
		this.keyStore = new BenchKeyStore(this.storage);
		this.slots = new CredentialSlots(this.storage);
		this.provisioner = new Provisioner({
			serial: { io: this.#serialClass() },
			timer: this.timer,
			keyStore: this.keyStore,
			crypto,
			entropy: this.#random,
			keyValue: this.storage,
			slots: this.slots,
			hardwareId: HARDWARE_ID,
			firmwareVersion: "0.1.0",
			configurationVersion: CONFIGURATION_VERSION,
			judge: ({ policy }) => {
				const read = readRules(policy, "policy");
				return read.kind === "invalid" ? read : undefined;
			},
			onEvent: (event) => this.events.push(event),
			onCommitted: () => this.committed++,
		});
	}

	#serialClass(): new (options: SerialOptions) => SerialPort {
		// eslint-disable-next-line @typescript-eslint/no-this-alias
		const device = this;
		return class implements SerialPort {
			#received: Uint8Array[] = [];

			constructor(options: SerialOptions) {
				device.#wire.toDevice = (bytes) => {
					this.#received.push(bytes);
					device.#guarded(() => options.onReadable?.(bytes.length));
				};
			}

			read(): ArrayBuffer | undefined {
				return this.#received.shift()?.slice().buffer as ArrayBuffer | undefined;
			}

			write(bytes: ByteSource): void {
				const length = bytes.byteLength;
				if (length > FIFO_BYTES) throw new RangeError("longer than the FIFO");
				if (device.room !== undefined && (device.room -= length) < 0) throw new Error("no room");
				device.#wire.send("to-station", new Uint8Array(bytes));
			}

			close(): void {
				device.#wire.toDevice = () => {};
			}
		};
	}

	/** A power cut ends the program where it is; the board boots again a little later. */
	#guarded(work: () => void): void {
		try {
			work();
		} catch (error) {
			if (!(error instanceof PowerCut)) throw error;
			this.stop();
			this.#clock.schedule(() => {
				this.power.restore();
				this.onBoot?.();
				this.start();
			}, BOOT_MS);
		}
	}
}

/** The key store with node's own Ed25519: hundreds of boards are provisioned in one test. */
class BenchKeyStore implements KeyStore {
	readonly #store: KeyValueStore;

	constructor(storage: VirtualKeyValue) {
		this.#store = storage.open({ path: "hf-keys", format: "buffer", mode: "r+" });
	}

	generate(name: string, algorithm: KeyAlgorithm): void {
		if (algorithm === "P-256") return this.#store.write(name, nodeP256.generate());
		const { privateKey } = generateKeyPairSync("ed25519");
		this.#store.write(name, privateKey.export({ format: "der", type: "pkcs8" }));
	}

	publicKey(name: string): ArrayBuffer | undefined {
		const stored = this.#store.read(name);
		if (stored === undefined) return undefined;
		if (name !== "signing") return bufferOf(nodeP256.publicKey(new Uint8Array(stored)));
		const spki = createPublicKey(ed25519Key(stored)).export({ format: "der", type: "spki" });
		return bufferOf(spki.subarray(-32));
	}

	sign(name: string, message: ByteSource): ArrayBuffer {
		const key = ed25519Key(this.#store.read(name) as ArrayBuffer);
		return bufferOf(sign(null, new Uint8Array(message), key));
	}

	certificateRequest(name: string, commonName: string): ArrayBuffer {
		const key = new Uint8Array(this.#store.read(name) as ArrayBuffer);
		return bufferOf(nodeP256.certificateRequest(key, commonName));
	}

	erase(name: string): void {
		this.#store.delete(name);
	}
}

function ed25519Key(stored: ArrayBuffer) {
	return createPrivateKey({ key: Buffer.from(stored), format: "der", type: "pkcs8" });
}

function bufferOf(bytes: Uint8Array): ArrayBuffer {
	return new Uint8Array(bytes).buffer;
}

/** A fleet in memory, with a real authority. */
export class BenchFleet implements StationFleet {
	readonly #authority: Authority;
	readonly #stationKey: string;
	readonly records = new Map<string, DeviceRecord>();
	readonly operatorKeys = generateKeyPairSync("ed25519");
	issued = 0;

	private constructor(authority: Authority) {
		this.#authority = authority;
		const { privateKey } = generateKeyPairSync("ed25519");
		this.#stationKey = privateKey.export({ type: "pkcs8", format: "pem" }) as string;
	}

	static async create(): Promise<BenchFleet> {
		const key = makePrivateKey();
		const certificate = await makeAuthorityCertificate("Bench", key);
		return new BenchFleet(await importAuthority(certificate.toString("pem"), key));
	}

	authorities(): Uint8Array[] {
		return [new Uint8Array(this.#authority.certificate.rawData)];
	}

	operators(): { publicKey: Uint8Array }[] {
		const spki = this.operatorKeys.publicKey.export({ type: "spki", format: "der" });
		return [{ publicKey: new Uint8Array(spki.subarray(-32)) }];
	}

	async issueDeviceCertificate({ deviceId, csr }: { deviceId: string; csr: Uint8Array }) {
		const key = await openCertificateRequest(csr, deviceId);
		const made = await makeCertificate(this.#authority, { kind: "device", name: deviceId }, key);
		const certificate = new Uint8Array(made.rawData);
		this.issued++;
		const fingerprint = createHash("sha256").update(certificate).digest("hex");
		return { certificate, chain: [certificate], serial: made.serialNumber, fingerprint };
	}

	device(deviceId: string): DeviceRecord | undefined {
		return this.records.get(deviceId);
	}

	devices(): DeviceRecord[] {
		return [...this.records.values()];
	}

	writeDevice(facts: DeviceFacts): DeviceRecord {
		const record = signDeviceRecord(facts, this.#stationKey);
		this.records.set(facts.deviceId, record);
		return record;
	}
}

export class BenchPending implements PendingUnits {
	readonly units = new Map<string, PendingUnit>();
	read(hardwareId: string): PendingUnit | undefined {
		return this.units.get(hardwareId);
	}
	write(hardwareId: string, unit: PendingUnit): void {
		this.units.set(hardwareId, unit);
	}
	remove(hardwareId: string): void {
		this.units.delete(hardwareId);
	}
}

/** Everything on the bench. */
export class Bench {
	readonly clock = new VirtualClock();
	readonly wire = new SerialPair(this.clock);
	readonly pending = new BenchPending();
	readonly device: BenchDevice;
	readonly fleet: BenchFleet;
	readonly #timer = new VirtualTimer(this.clock);
	readonly #random: Random;

	constructor(fleet: BenchFleet, seed: number) {
		this.fleet = fleet;
		this.#random = new Random(seed ^ 0x5eed);
		this.device = new BenchDevice(this.clock, this.wire, seed);
		this.device.start();
	}

	/** A port as the station opens it. Opening again takes the wire over. */
	openPort(): StationPort {
		const port: StationPort = { write: (bytes) => this.wire.send("to-device", bytes) };
		this.wire.toStation = (bytes) => port.onData?.(bytes);
		return port;
	}

	station(options: Partial<StationOptions> = {}): Station {
		return new Station({
			fleet: this.fleet,
			pending: this.pending,
			settings: { servers: [{ host: "broker.test", port: 8883 }] },
			nameUnit: (hardwareId) => `unit-${hardwareId}`,
			timer: this.#timer,
			entropy: this.#random,
			unixSeconds: () => 1_800_000_000,
			answerMs: 100,
			...options,
		});
	}

	/** Lets virtual time run until `promise` is settled, which is soon or never. */
	async settle<Value>(promise: Promise<Value>): Promise<Value> {
		let isSettled = false;
		const settled = () => {
			isSettled = true;
		};
		promise.then(settled, settled);
		for (let step = 0; !isSettled; step++) {
			if (step === SETTLE_STEPS_MAX) throw new Error("the run comes to no end");
			await new Promise((resolve) => setImmediate(resolve));
			if (!isSettled) this.clock.runNext();
		}
		return promise;
	}

	/** Provisions over a new port. */
	provision(options: Partial<StationOptions> = {}) {
		return this.settle(this.station(options).provision(this.openPort()));
	}
}
