// The whole walk on one machine: fleet, broker, network, sensor and receiving end, and what can be
// done to them. It shows nothing by itself, and leaves nothing behind.

import { X509Certificate } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Board } from "../../hosts/node/board.js";
import { LinuxBoard } from "../../hosts/node/linux-board.js";
import { Secret } from "../../src/bytes/secret.js";
import { encodeUTF8 } from "../../src/bytes/text.js";
import type { Command } from "../../src/command/command.js";
import type { CommandResult } from "../../src/command/result.js";
import { DEFAULT_RULES, topicFor } from "../../src/policy/rules.js";
import type { DeviceEvent } from "../../src/ports.js";
import { answerIn, sealCommand } from "../command/send-command.js";
import { nextSequence } from "../command/operator-sequence.js";
import { Fleet, type TLSIdentity } from "../pki/fleet.js";
import { AedesAuthorizer } from "../policy/aedes-authorizer.js";
import type { UnitSettings } from "../provision/unit-settings.js";
import type { Verdict } from "../../hosts/support/verify/verdict.js";
import type { StartArguments } from "./arguments.js";
import { EmbeddedBroker, type BrokerEvent } from "./broker.js";
import { flipBit } from "./flip-bit.js";
import { isRefused, Observer } from "./observer.js";
import { provisionBoard } from "./provision-board.js";
import { ChaosProxy } from "./proxy.js";
import { Subscriber } from "./subscriber.js";
import { tellFailure } from "./tell.js";

/** Everything that a view shows, at one moment. */
export interface Status {
	readonly device: string;
	readonly firmware: string;
	/** Of the broker. */
	readonly address: string;
	/** As the device reports it. */
	readonly state: string;
	readonly network: "up" | "cut";
	readonly broker: "up" | "down" | "your own";
	readonly readings: number;
	readonly refused: number;
	readonly missing: number;
	/** Stored by the device and not yet verified here. */
	readonly waiting: number;
	readonly reconnects: number;
}

export interface DemonstrationListener {
	/** A step of the way up, for a person who waits. */
	readonly onStep: (text: string) => void;
	readonly onVerdict: (verdict: Verdict) => void;
	readonly onDeviceEvent: (event: DeviceEvent) => void;
	readonly onBrokerEvent: (event: BrokerEvent) => void;
	/** Something about the receiving end, in a sentence. */
	readonly onNote: (text: string) => void;
}

/** Policy timings of the sensor are a tenth of a real one's: a person watches it recover. */
const TIME_SCALE = 0.1;
/**
 * The Node host keeps the flash in files; a demonstration need not survive this machine's power
 * cut.
 */
const FLASH_SYNC = "none";
const BROKER_NAME = "broker";
const LOOPBACK = "127.0.0.1";
const KEEP_ALIVE_S = 10;

/** What the broker's other clients need to join it. */
interface Address {
	readonly host: string;
	readonly port: number;
}

export class Demonstration {
	readonly observer: Observer;
	readonly #arguments: StartArguments;
	readonly #listener: DemonstrationListener;
	readonly #folder = mkdtempSync(join(tmpdir(), "holdfast-"));
	readonly #accepted = new Set<number>();
	#fleet!: Fleet;
	#broker: EmbeddedBroker | undefined;
	#address: Address = { host: LOOPBACK, port: 0 };
	#proxy: ChaosProxy | undefined;
	#board: Board | LinuxBoard | undefined;
	#subscriber: Subscriber | undefined;
	#isCutByPerson = false;
	#isClosed = false;
	#state = "off";
	#lastFailure: string | undefined;
	#sessions = 0;
	#firmware = "";
	#stored: (() => void)[] = [];

	private constructor(given: StartArguments, listener: DemonstrationListener) {
		this.#arguments = given;
		this.#listener = listener;
		this.observer = new Observer({ onVerdict: (verdict) => this.#judged(verdict) });
		// The last resort, should something end the program without `close`.
		process.once("exit", () => this.#removeFolder());
	}

	/** Resolves once the sensor is provisioned and the subscriber listens. */
	static async start(
		given: StartArguments,
		listener: DemonstrationListener,
		onCreated?: (demonstration: Demonstration) => void,
	): Promise<Demonstration> {
		const demonstration = new Demonstration(given, listener);
		onCreated?.(demonstration);
		try {
			await demonstration.#start();
			return demonstration;
		} catch (error) {
			await demonstration.close();
			throw error;
		}
	}

	get status(): Status {
		const { deviceId, broker } = this.#arguments;
		const { readings, refused, missing } = this.observer;
		const isUp = this.#broker?.running === true;
		return {
			device: deviceId,
			firmware: this.#firmware,
			address: urlOf(this.#address),
			state: this.#state,
			network: this.#isCutByPerson ? "cut" : "up",
			broker: broker ? "your own" : isUp ? "up" : "down",
			readings,
			refused,
			missing,
			waiting: this.#accepted.size,
			reconnects: this.reconnects,
		};
	}

	/** How often the sensor came back. */
	get reconnects(): number {
		return Math.max(0, this.#sessions - 1);
	}

	/** Why the sensor's last attempt to connect failed, where it has not connected since. */
	get lastFailure(): string | undefined {
		return this.#lastFailure;
	}

	async cutNetwork(): Promise<void> {
		this.#isCutByPerson = true;
		await this.#proxy?.cut();
	}

	async restoreNetwork(): Promise<void> {
		this.#isCutByPerson = false;
		await this.#proxy?.restore();
	}

	async toggleNetwork(): Promise<void> {
		if (this.#isCutByPerson) await this.restoreNetwork();
		else await this.cutNetwork();
	}

	async restartBroker(): Promise<void> {
		if (!this.#broker) return this.#listener.onNote("a broker of your own is yours to restart");
		await this.#broker.restart();
	}

	async powerCut(): Promise<void> {
		await this.#board?.powerCut();
	}

	/** Resolves when the device has stored one more reading. */
	deviceStored(signal: AbortSignal): Promise<void> {
		return new Promise((resolve, reject) => {
			this.#stored.push(resolve);
			signal.addEventListener("abort", () => reject(signal.reason as Error), { once: true });
		});
	}

	/**
	 * Delivers the last genuine reading with one bit turned over, as a broker in wrong hands could.
	 * Resolves to the verifier's reason for refusing it, or `undefined` before there is a reading.
	 */
	async tamper(signal: AbortSignal): Promise<string | undefined> {
		const genuine = this.observer.lastReading;
		if (!genuine) return undefined;
		const altered = flipBit(genuine.bytes, Math.random());
		const refused = this.observer.next(isRefused, signal);
		if (this.#broker) this.#broker.inject(genuine.topic, altered);
		else this.observer.receive(genuine.topic, altered);
		const verdict = await refused;
		return verdict.kind === "refused" ? verdict.reason : undefined;
	}

	/** Sends a signed command. Resolves to the outcome in the signed result. */
	async command(command: Command, signal: AbortSignal): Promise<string> {
		const { deviceId: device, operator } = this.#arguments;
		const signer = this.#fleet.operatorSigner(operator);
		const sequence = nextSequence(this.#fleet, operator);
		const sealed = sealCommand({ device, command, sequence }, signer);
		let result: CommandResult | undefined;
		const answered = this.observer.next((verdict) => {
			result = answerIn(verdict, sequence, signer.keyId);
			return result !== undefined;
		}, signal);
		await Promise.all([this.#subscriber?.publish(sealed.topic, sealed.bytes), answered]);
		return [result?.outcome, result?.reason].filter(Boolean).join(": ");
	}

	/**
	 * Ends everything that was started and removes the folder. May be called at any time, and
	 * twice.
	 */
	async close(): Promise<void> {
		if (this.#isClosed) return;
		this.#isClosed = true;
		await Promise.allSettled([this.#board?.powerOff(), this.#subscriber?.close()]);
		await Promise.allSettled([this.#proxy?.close(), this.#broker?.stop()]);
		this.#removeFolder();
	}

	async #start(): Promise<void> {
		const { onStep } = this.#listener;
		onStep("making the fleet");
		await this.#prepareFleet();
		if (!this.#arguments.broker) onStep("starting the broker");
		await this.#prepareBroker();
		this.#proxy = await ChaosProxy.start({ target: this.#address });
		onStep("powering the sensor");
		this.#board = this.#makeBoard();
		await this.#board.powerOn();
		onStep("listening as the operator");
		await this.#listen();
		onStep("provisioning the sensor");
		const { signingKey } = await provisionBoard({
			port: this.#board.ptyPath,
			fleet: this.#fleet,
			...this.#authorities(),
			deviceId: this.#arguments.deviceId,
			settings: this.#unitSettings(this.#proxy.port),
		});
		const publicKey = new Uint8Array(Buffer.from(signingKey, "hex"));
		this.observer.trust(this.#arguments.deviceId, publicKey);
		onStep("waiting for the first reading");
	}

	async #prepareFleet(): Promise<void> {
		const { fleetFolder, operator } = this.#arguments;
		if (fleetFolder !== undefined) {
			this.#fleet = await Fleet.open(fleetFolder);
			return;
		}
		this.#fleet = await Fleet.create(join(this.#folder, "fleet"), { name: "demonstration" });
		await this.#fleet.issueOperator({ name: operator });
	}

	async #prepareBroker(): Promise<void> {
		const { broker } = this.#arguments;
		if (broker) {
			this.#address = { host: broker.host, port: broker.port };
			return;
		}
		const fleet = this.#fleet;
		const hosts = ["localhost", LOOPBACK];
		await fleet.issueBrokerCertificate({ name: BROKER_NAME, hosts });
		const { certificate, key } = fleet.brokerIdentity(BROKER_NAME);
		this.#broker = await EmbeddedBroker.start({
			authority: readFileSync(fleet.authorityFile),
			certificate,
			key,
			revoked: readFileSync(fleet.revocationListFile),
			access: new AedesAuthorizer({
				operators: () => fleet.operators().map(({ name }) => name),
			}),
			onEvent: (event) => this.#listener.onBrokerEvent(event),
		});
		this.#address = { host: LOOPBACK, port: this.#broker.port };
	}

	/** Authorities of a broker of one's own, where they were given. */
	#authorities(): { authorities?: readonly Uint8Array[] } {
		const file = this.#arguments.broker?.authorityFile;
		if (file === undefined) return {};
		const blocks = readFileSync(file, "utf8").match(/-----BEGIN [\s\S]*?-----END [^-]*-----/g);
		const authorities = (blocks ?? []).map((pem) => new Uint8Array(new X509Certificate(pem).raw));
		return { authorities };
	}

	#unitSettings(proxyPort: number): UnitSettings {
		const { broker, sampleIntervalMs } = this.#arguments;
		const login = this.#login();
		return {
			// The device reaches every broker through the proxy, where the network can be cut.
			servers: [{ host: LOOPBACK, port: proxyPort }],
			...(broker && { serverName: broker.host }),
			...(login && {
				authentication: {
					kind: "password",
					user: login.user,
					password: new Secret(encodeUTF8(login.password)),
				},
			}),
			sampleIntervalMs,
			keepAliveS: KEEP_ALIVE_S,
		};
	}

	#login(): { user: string; password: string } | undefined {
		const { user, passwordFile } = this.#arguments.broker ?? {};
		if (user === undefined || passwordFile === undefined) return undefined;
		const [password = ""] = readFileSync(passwordFile, "utf8").split(/\r?\n/);
		return { user, password };
	}

	async #listen(): Promise<void> {
		const { broker, operator, deviceId } = this.#arguments;
		const rules = DEFAULT_RULES.filter(({ direction }) => direction === "publish");
		const login = this.#login();
		this.#subscriber = await Subscriber.join({
			url: urlOf(this.#address),
			authority: readFileSync(broker?.authorityFile ?? this.#fleet.authorityFile, "utf8"),
			identity: this.#identity(),
			...(login && { login }),
			clientId: `${operator}/start-${process.pid}`,
			filters: rules.map(({ topic }) => topicFor(topic, deviceId)),
			onMessage: (topic, payload) => this.observer.receive(topic, payload),
			onRefused: (filter) => this.#listener.onNote(`the broker refuses to tell about ${filter}`),
		});
	}

	/** The subscriber's own certificate and key. */
	#identity(): TLSIdentity {
		const { broker, operator } = this.#arguments;
		if (!broker?.certificateFile || !broker.keyFile) {
			return this.#fleet.operatorIdentity(operator);
		}
		return {
			certificate: readFileSync(broker.certificateFile, "utf8"),
			key: readFileSync(broker.keyFile, "utf8"),
		};
	}

	#makeBoard(): Board | LinuxBoard {
		const { host, sampleIntervalMs, seed } = this.#arguments;
		const Host = host === "linux" ? LinuxBoard : Board;
		return new Host({
			stateFolder: join(this.#folder, "board"),
			timeScale: TIME_SCALE,
			sampleIntervalMs,
			seed,
			flashSync: FLASH_SYNC,
			onEvent: (event) => this.#fromDevice(event),
		});
	}

	#judged(verdict: Verdict): void {
		if (verdict.kind === "verified") this.#accepted.delete(verdict.sequence);
		this.#listener.onVerdict(verdict);
	}

	#fromDevice(event: DeviceEvent): void {
		if (event.name === "reading-accepted" && typeof event.sequence === "number") {
			this.#accepted.add(event.sequence);
			for (const resolve of this.#stored.splice(0)) resolve();
		}
		if (event.name === "device-booted") this.#firmware = `firmware ${event.firmwareVersion}`;
		if (event.name === "connection-online") {
			this.#sessions++;
			this.#lastFailure = undefined;
		}
		if (event.name === "connection-failed") this.#lastFailure = tellFailure(event);
		if (event.name === "connection-state") this.#state = String(event.state);
		this.#listener.onDeviceEvent(event);
	}

	#removeFolder(): void {
		rmSync(this.#folder, { recursive: true, force: true, maxRetries: 5 });
	}
}

function urlOf({ host, port }: Address): string {
	return `mqtts://${host.includes(":") ? `[${host}]` : host}:${port}`;
}
