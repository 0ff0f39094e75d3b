// One device with everything that it needs, from the real parts: fleet, broker, a network that can
// go wrong, and the board that runs the firmware bundle. The tests say what happens to it.

import { readFileSync } from "node:fs";
import { Board, type BoardOptions } from "../../hosts/node/board.js";
import { LinuxBoard } from "../../hosts/node/linux-board.js";
import type { DeviceEvent } from "../../src/ports.js";
import { DEFAULT_RULES, topicFor } from "../../src/policy/rules.js";
import { Fleet } from "../../tools/pki/fleet.js";
import { AedesAuthorizer } from "../../tools/policy/aedes-authorizer.js";
import { mosquittoAccessList } from "../../tools/policy/mosquitto.js";
import type { UnitSettings } from "../../tools/provision/unit-settings.js";
import { Observer } from "../../tools/start/observer.js";
import { provisionBoard } from "../../tools/start/provision-board.js";
import { ChaosProxy } from "../../tools/start/proxy.js";
import { Subscriber } from "../../tools/start/subscriber.js";
import type { Verdict } from "../../hosts/support/verify/verdict.js";
import { startBroker, type BrokerKind, type TestBroker } from "./brokers.js";
import { TemporaryFolder } from "./temporary-folder.js";

export const DEVICE = "sensor-7";
export const OPERATOR = "alice";
const BROKER_HOSTS = ["localhost", "127.0.0.1"];
const KEEP_ALIVE_S = 5;
const FATAL_EVENTS = ["bundle-not-loaded", "storage-failed"];

export interface InstallationOptions {
	readonly kind: BrokerKind;
	/** What the firmware runs on; "linux" is the XS engine. */
	readonly host?: "node" | "linux";
	readonly board?: Partial<BoardOptions>;
}

export class Installation {
	readonly folder = new TemporaryFolder();
	readonly events: DeviceEvent[] = [];
	readonly verdicts: Verdict[] = [];
	readonly observer: Observer;
	fleet!: Fleet;
	broker!: TestBroker;
	proxy!: ChaosProxy;
	board!: Board | LinuxBoard;
	readonly #subscribers: Subscriber[] = [];
	readonly #byName = new Map<string, DeviceEvent[]>();
	readonly #waiting = new Set<() => void>();

	private constructor() {
		this.observer = new Observer({
			onVerdict: (verdict) => {
				this.verdicts.push(verdict);
				this.#happened();
			},
		});
	}

	/** Fleet, broker and network stand; the board has power and is not provisioned yet. */
	static async create(options: InstallationOptions): Promise<Installation> {
		const installation = new Installation();
		const { folder } = installation;
		const fleet = await Fleet.create(folder.file("fleet"), { name: "test" });
		await fleet.issueOperator({ name: OPERATOR });
		const hosts = BROKER_HOSTS;
		const issued = await fleet.issueBrokerCertificate({ name: "broker", hosts });
		const operators = [OPERATOR];
		installation.fleet = fleet;
		installation.broker = await startBroker(options.kind, {
			folder: folder.file("broker"),
			authorityFile: fleet.authorityFile,
			certificateFile: issued.certificateFile,
			keyFile: issued.keyFile,
			access: new AedesAuthorizer({ operators: () => operators }),
			accessList: mosquittoAccessList({ rules: DEFAULT_RULES, operators }),
		});
		const target = { host: "127.0.0.1", port: installation.broker.port };
		installation.proxy = await ChaosProxy.start({ target, record: true });
		const Host = options.host === "linux" ? LinuxBoard : Board;
		installation.board = new Host({
			stateFolder: folder.file("board"),
			timeScale: 0.05,
			sampleIntervalMs: 200,
			flashSync: "none",
			onEvent: (event) => installation.#reported(event),
			...options.board,
		});
		await installation.board.powerOn();
		return installation;
	}

	/**
	 * Takes the board through the factory station; its broker is the proxy unless settings say
	 * otherwise.
	 */
	async provision(settings: Partial<UnitSettings> = {}): Promise<void> {
		const record = await provisionBoard({
			port: this.board.ptyPath,
			fleet: this.fleet,
			deviceId: DEVICE,
			settings: {
				servers: [{ host: "localhost", port: this.proxy.port }],
				keepAliveS: KEEP_ALIVE_S,
				...settings,
			},
		});
		this.observer.trust(DEVICE, new Uint8Array(Buffer.from(record.signingKey, "hex")));
	}

	/** The operator's subscription to everything that the device says. */
	async listen(): Promise<Subscriber> {
		const rules = DEFAULT_RULES.filter(({ direction }) => direction === "publish");
		const subscriber = await Subscriber.join({
			...this.operatorConnection(),
			clientId: `${OPERATOR}/test`,
			filters: rules.map(({ topic }) => topicFor(topic, DEVICE)),
			onMessage: (topic, payload) => this.observer.receive(topic, payload),
		});
		this.#subscribers.push(subscriber);
		return subscriber;
	}

	/** How the operator reaches the broker: not through the proxy. */
	operatorConnection() {
		return {
			url: `mqtts://localhost:${this.broker.port}`,
			authority: readFileSync(this.fleet.authorityFile, "utf8"),
			identity: this.fleet.operatorIdentity(OPERATOR),
		};
	}

	/** Events with this name, so far. */
	eventsNamed(name: string): readonly DeviceEvent[] {
		return this.#byName.get(name) ?? [];
	}

	/** Waits until `condition` holds; asks again after every event and verdict. */
	async until(condition: () => boolean): Promise<void> {
		while (!condition()) {
			// With these nothing can follow: say so now, not when the test's time is over.
			const fatal = FATAL_EVENTS.flatMap((name) => this.eventsNamed(name))[0];
			if (fatal) throw new Error(JSON.stringify(fatal));
			await new Promise<void>((resolve) => {
				const woken = () => {
					this.#waiting.delete(woken);
					resolve();
				};
				this.#waiting.add(woken);
			});
		}
	}

	/** Waits for one more event with this name than there are now. */
	async nextEvent(name: string): Promise<DeviceEvent> {
		const before = this.eventsNamed(name).length;
		await this.until(() => this.eventsNamed(name).length > before);
		return this.eventsNamed(name)[before] as DeviceEvent;
	}

	/** Waits for the first event with this name, which may have been. */
	async someEvent(name: string): Promise<DeviceEvent> {
		await this.until(() => this.eventsNamed(name).length > 0);
		return this.eventsNamed(name)[0] as DeviceEvent;
	}

	async readings(count: number): Promise<void> {
		await this.until(() => this.observer.readings >= count);
	}

	async close(): Promise<void> {
		await this.board?.powerOff();
		for (const subscriber of this.#subscribers) await subscriber.close();
		await this.proxy?.close();
		await this.broker?.stop();
		this.folder.remove();
	}

	#reported(event: DeviceEvent): void {
		this.events.push(event);
		const same = this.#byName.get(event.name);
		if (same) same.push(event);
		else this.#byName.set(event.name, [event]);
		this.#happened();
	}

	#happened(): void {
		for (const woken of [...this.#waiting]) woken();
	}
}
