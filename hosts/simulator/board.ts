// A whole board with a whole device on it: the real firmware over simulated ports, and everything
// that happens to boards. What survives a reset is here; what does not is in boot.ts.

import type { Configuration } from "../../src/credentials/configuration.js";
import { encodeConfiguration } from "../../src/credentials/encode-configuration.js";
import { CredentialSlots } from "../../src/credentials/slots.js";
import type { Crypto, DeviceEvent, Entropy, KeyStore, ResetReason } from "../../src/ports.js";
import { BoardClock } from "./board-clock.js";
import { boardConfiguration } from "./board-configuration.js";
import { Boot } from "./boot.js";
import type { ScheduledEvent } from "./clock.js";
import { FlashViolation, NORFlash } from "./flash.js";
import { Heap } from "./heap.js";
import { VirtualKeyValue } from "./key-value.js";
import { Link } from "./link.js";
import type { NetworkInterface } from "./network-interface.js";
import { PowerCut, type PowerCutAhead, type PowerCutPlan, PowerSupply } from "./power.js";
import type { Random } from "./random.js";
import { ResolverFaults } from "./resolver.js";
import { StandInKeyStore } from "./stand-in-keys.js";
import type { HandshakeCosts } from "./tls.js";
import type { World } from "./world.js";

/** Blocks of the shipped outbox partition would make a life slow to fill; this is 128 KB. */
const OUTBOX_BLOCKS = 32;
const LOG_BLOCKS = 8;
const RESET_MS = 400;
const ED25519_KEYS = ["signing"];
const P256_KEYS = ["tls-0", "tls-1"];

export interface SimulatedBoardOptions {
	readonly world: World;
	/** The device id, the hardware id and the name of the interface. */
	readonly name: string;
	readonly random: Random;
	/** Changes to the configuration that the board leaves the factory with. */
	readonly configuration?: Partial<Configuration>;
	/** Instead of the configuration's. */
	readonly sampleIntervalMs?: number;
	/** All durations of the connection's policy times this. */
	readonly timeScale?: number;
	readonly outboxBlocks?: number;
	readonly logBlocks?: number;
	/** Erases that each block of flash stands. */
	readonly erasesMax?: number;
	/** Real keys and cryptography instead of the stand-ins. */
	readonly keys?: { readonly keyStore: KeyStore; readonly crypto: Crypto };
	/** Instead of the board's own chance. */
	readonly entropy?: Entropy;
	/** Unix seconds at which the image was built: a day before the world's beginning without it. */
	readonly buildTime?: number;
}

/** Something that the firmware must never do. */
export interface BoardFinding {
	/** "exception": unhandled. "flash-violation": a rule of NOR flash was broken. */
	readonly kind: "exception" | "flash-violation";
	readonly atMs: number;
	readonly message: string;
	readonly stack: string;
}

/**
 * What hangs. "loop": nothing turns any more. "sampling": the sampler's timer is lost. "tasks":
 * every timer but the sampler's is lost that fires once. "checks": the watchdog is not fed.
 */
export type HangKind = "loop" | "sampling" | "tasks" | "checks";

export class SimulatedBoard {
	readonly name: string;
	readonly world: World;
	readonly options: SimulatedBoardOptions;
	readonly random: Random;
	readonly path: NetworkInterface;
	readonly link: Link;
	readonly clock: BoardClock;
	readonly resolver = new ResolverFaults();
	readonly heap = new Heap();
	readonly power = new PowerSupply();
	readonly keyValue: VirtualKeyValue;
	readonly outboxChip: NORFlash;
	readonly logChip: NORFlash;
	readonly keyStore: KeyStore;
	readonly crypto: Crypto;
	/** Milliseconds that the chip computes for a handshake. */
	readonly handshake: HandshakeCosts = { fullMs: 2500, resumedMs: 400 };
	/** The present boot has a configuration, and its tasks run. */
	isStarted = false;
	/** Something hung in this boot; while `onBoot` is told, in the one before. */
	hasHung = false;
	/** What the sensor throws instead of a sample. */
	sensorError: Error | undefined;
	/** Samples taken in all boots; the value of each is `sampleValue(its number)`. */
	samples = 0;
	identified = 0;
	imagesValid = 0;
	readonly findings: BoardFinding[] = [];
	onReport: ((event: DeviceEvent) => void) | undefined;
	/** What the device says over the serial line. */
	onSerial: ((bytes: Uint8Array) => void) | undefined;
	/** A boot begins, for this reason. */
	onBoot: ((reason: ResetReason) => void) | undefined;
	/** The power failed at the planned operation: nobody turns it on again but the caller. */
	onPowerLost: (() => void) | undefined;
	readonly #boots = new Map<ResetReason, number>();
	#boot: Boot | undefined;
	#rebooting: ScheduledEvent | undefined;
	#isPowered = false;
	/** In RTC memory. */
	#stage = "";
	/** Of the next boot. */
	#cutAtBoot: PowerCutPlan | undefined;

	/** As delivered: provisioned, and without power. */
	constructor(options: SimulatedBoardOptions) {
		const { world, name, random, outboxBlocks, logBlocks, erasesMax } = options;
		const { power } = this;
		this.options = options;
		this.world = world;
		this.name = name;
		this.random = random;
		this.path = world.network.interfaceFor(name);
		this.link = new Link(this.path);
		this.clock = new BoardClock({
			clock: world.clock,
			path: this.path,
			trueTime: () => world.unixSeconds,
		});
		this.keyValue = new VirtualKeyValue({ power });
		const limits = erasesMax === undefined ? { power } : { power, erasesMax };
		this.outboxChip = new NORFlash({ blocks: outboxBlocks ?? OUTBOX_BLOCKS, ...limits });
		this.logChip = new NORFlash({ blocks: logBlocks ?? LOG_BLOCKS, ...limits });
		this.crypto = options.keys?.crypto ?? world.crypto;
		this.keyStore = options.keys?.keyStore ?? new StandInKeyStore(world.crypto, random.fork());
		for (const key of ED25519_KEYS) this.keyStore.generate(key, "Ed25519");
		for (const key of P256_KEYS) this.keyStore.generate(key, "P-256");
		this.install(options.configuration);
		power.cut();
	}

	// ------------------------------------------------------------ what it is

	/** Ed25519: what receivers verify with. */
	get publicKey(): Uint8Array {
		return new Uint8Array(this.keyStore.publicKey("signing") as ArrayBuffer);
	}

	/** There is power, and a program runs or is about to. */
	get isOn(): boolean {
		return this.#isPowered;
	}

	/** A boot is under way. */
	get isRunning(): boolean {
		return this.#boot !== undefined;
	}

	/** Boots for `reason`, or all of them. */
	boots(reason?: ResetReason): number {
		if (reason !== undefined) return this.#boots.get(reason) ?? 0;
		let all = 0;
		for (const count of this.#boots.values()) all += count;
		return all;
	}

	/** Timers and sockets of the present boot: a leak shows here. */
	get activeTimers(): number {
		return this.#boot?.activeTimers ?? 0;
	}

	configuration(changes: Partial<Configuration> = {}): Configuration {
		return boardConfiguration(this, changes);
	}

	/** Commits a configuration as the factory does, while the board is off. */
	install(changes: Partial<Configuration> = {}): void {
		if (this.#boot) throw new Error(`${this.name}: is running`);
		const wasOn = this.power.isOn;
		this.power.restore();
		const slots = new CredentialSlots(this.keyValue);
		const staged = slots.stage(encodeConfiguration(this.configuration(changes)));
		slots.close();
		if (!wasOn) this.power.cut();
		if (staged.kind === "active" || staged.kind === "candidate") return;
		throw new Error(`${this.name}: not staged: ${JSON.stringify(staged)}`);
	}

	// ------------------------------------------------------------ what happens to it

	/** Twice does nothing. */
	powerOn(): void {
		if (this.#isPowered) return;
		this.#isPowered = true;
		this.#stage = "";
		this.#bootSoon("power-on", 0);
	}

	/** In the middle of anything. Twice does nothing. */
	powerCut(): void {
		this.#end();
		this.#isPowered = false;
	}

	/** The supply dips: a reset, after which RTC memory holds what it held. */
	brownOut(): void {
		if (this.#isPowered) this.reset("brownout");
	}

	/** Power fails at the `distance`th write of the next boot, which begins now. */
	planPowerCutAtBoot({ distance, manner, seed }: PowerCutAhead): void {
		if (!this.power.isOn) return;
		this.#cutAtBoot = { operation: distance, manner, seed };
		this.reset("external");
	}

	/** Power fails at the `distance`th write to flash or key-value storage from now. */
	planPowerCut({ distance, manner, seed }: PowerCutAhead): void {
		if (!this.power.isOn) return;
		this.power.planCut({ operation: this.power.operations + distance, manner, seed });
	}

	/** From now on `kind` makes no progress, until the board restarts. */
	hang(kind: HangKind): void {
		if (this.#boot === undefined) return;
		// A timer that looks for storage is none of a task's.
		if (!this.isStarted && (kind === "sampling" || kind === "tasks")) return;
		this.hasHung = true;
		this.#boot.hang(kind);
	}

	/** Ends the present boot; the next begins a moment later. */
	reset(reason: ResetReason): void {
		this.#end();
		this.#bootSoon(reason, RESET_MS);
	}

	/** The station, or a stranger, sends `bytes` over the serial line. */
	serial(bytes: Uint8Array): void {
		this.#boot?.serial(bytes);
	}

	/** Takes away what surroundings do to the board. Worn flash stays worn. */
	heal(): void {
		this.path.heal();
		this.link.heal();
		this.clock.heal();
		this.resolver.heal();
		this.heap.fragmentationBytes = 0;
		this.sensorError = undefined;
		this.power.cancelCut();
		this.#cutAtBoot = undefined;
		this.keyValue.writeFault = undefined;
		this.keyValue.isUnreadable = false;
		for (const chip of [this.outboxChip, this.logChip]) chip.unreadableBytes = Infinity;
	}

	// ------------------------------------------------------------ for the boot alone

	retain(stage: string): void {
		this.#stage = stage;
	}

	/** The program of `boot` threw. */
	thrown(error: unknown): void {
		if (error instanceof PowerCut && !this.power.isOn) {
			this.powerCut();
			this.onPowerLost?.();
			return;
		}
		const kind = error instanceof FlashViolation ? "flash-violation" : "exception";
		const { name, message, stack } = error instanceof Error ? error : new Error(String(error));
		this.findings.push({
			kind,
			atMs: this.world.clock.monotonicMs(),
			message: `${name}: ${message}`,
			stack: stack ?? "",
		});
		this.reset("abort");
	}

	#end(): void {
		if (this.#rebooting) this.world.clock.cancel(this.#rebooting);
		this.#rebooting = undefined;
		const boot = this.#boot;
		this.#boot = undefined;
		this.power.cut();
		boot?.end();
	}

	#bootSoon(reason: ResetReason, delayMs: number): void {
		this.#rebooting = this.world.clock.schedule(() => {
			this.#rebooting = undefined;
			this.power.restore();
			if (this.#cutAtBoot !== undefined) this.power.planCut(this.#cutAtBoot);
			this.#cutAtBoot = undefined;
			this.heap.restart();
			this.#boots.set(reason, this.boots(reason) + 1);
			this.onBoot?.(reason);
			this.hasHung = false;
			this.isStarted = false;
			const boot = new Boot(this, { reason, stage: this.#stage });
			this.#boot = boot;
			boot.start();
		}, delayMs);
	}
}
