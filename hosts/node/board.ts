// The board as hardware: power, USB, watchdog and network of one device. The device itself is a
// child process, so that a hanging or crashing one is really stopped, and a power cut really is
// SIGKILL.
import { randomBytes } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { DeviceEvent, ResetReason } from "../../src/ports.js";
import { bootNoise } from "./boot-noise.js";
import type { WallSetting } from "./clock.js";
import { DeviceChild, type DeviceEnd } from "./device-child.js";
import { EXIT_NO_BUNDLE, type BoardMessage, type DeviceMessage } from "./messages.js";
import { makeFolder } from "./make-folder.js";
import { projectFolder } from "./project-folder.js";
import { PseudoTerminal } from "./pseudo-terminal.js";
import { WatchdogTimer } from "./watchdog-timer.js";

/** Milliseconds from a reset to the start of the firmware. */
const BOOT_MS = 100;
/** The same after a crash: a device that cannot start must not occupy the whole machine. */
const BOOT_AFTER_CRASH_MS = 500;

export interface BoardOptions {
	/** What survives power cuts: flash, key-value entries, keys. Made when missing. */
	stateFolder: string;
	/** build/device.js of this project, when absent. */
	bundlePath?: string | undefined;
	/** build/node-device.js of this project, when absent. */
	devicePath?: string | undefined;
	timeScale?: number | undefined;
	sampleIntervalMs?: number | undefined;
	/** "none": storage survives SIGKILL, but not a power cut of this machine. Default "always". */
	flashSync?: "always" | "none" | undefined;
	/** Size of the outbox. Default 256. */
	flashKiB?: number | undefined;
	/** Seed of the simulated sensor. Default 1. */
	seed?: number | undefined;
	wall?: WallSetting | undefined;
	/** Everything that the device reports, and what happens to the board. */
	onEvent?: ((event: DeviceEvent) => void) | undefined;
}

export class Board {
	readonly #options: BoardOptions;
	readonly #watchdog: WatchdogTimer;
	#terminal: PseudoTerminal | undefined;
	#child: DeviceChild | undefined;
	#bootTimer: NodeJS.Timeout | undefined;
	#boots = 0;
	#stage = "";
	#isPowered = false;
	#isNetworkCut = false;
	#isSerialAttached = true;
	/** Why the child is about to end, where the board ends it. */
	#ending: { reason: ResetReason; afterMs: number } | undefined;
	#whenBooted: (() => void)[] = [];
	#whenOff: (() => void)[] = [];

	constructor(options: BoardOptions) {
		if (!options.stateFolder) throw new TypeError("stateFolder: missing");
		this.#options = { ...options };
		this.#watchdog = new WatchdogTimer(() => this.#end("watchdog", BOOT_MS));
	}

	/** The path that a serial program opens. The same until `powerOff`. */
	get ptyPath(): string {
		if (!this.#terminal) throw new Error("board: no power");
		return this.#terminal.path;
	}

	/** Boots the device; done when its process runs. */
	async powerOn(): Promise<void> {
		if (this.#isPowered) throw new Error("board: has power already");
		makeFolder(this.#options.stateFolder);
		this.#isPowered = true;
		try {
			this.#terminal = await PseudoTerminal.open({ onData: (bytes) => this.#fromUSB(bytes) });
		} catch (error) {
			this.#isPowered = false;
			throw error;
		}
		this.#report({ name: "pty", path: this.#terminal.path });
		this.#bootIn(0, "power-on");
		await this.#nextBoot();
	}

	/** Ends the device at once, wherever it is, as a lost supply does; done when it runs again. */
	async powerCut(options: { offMs?: number } = {}): Promise<void> {
		this.#checkPower();
		this.#report({ name: "power-cut" });
		this.#end("power-on", options.offMs ?? BOOT_MS);
		await this.#nextBoot();
	}

	/** The same as a power cut, without waiting. */
	kill(): void {
		this.#checkPower();
		this.#end("power-on", BOOT_MS);
	}

	/** The reset button. */
	reset(): void {
		this.#checkPower();
		this.#end("external", BOOT_MS);
	}

	cutNetwork(): void {
		this.#isNetworkCut = true;
		this.#child?.send({ kind: "cut-network" });
		this.#report({ name: "network-cut" });
	}

	restoreNetwork(): void {
		this.#isNetworkCut = false;
		this.#child?.send({ kind: "restore-network" });
		this.#report({ name: "network-restored" });
	}

	/** Unplugs USB: bytes of both directions are lost until it is plugged in again. */
	detachSerial(): void {
		this.#isSerialAttached = false;
	}

	attachSerial(): void {
		this.#isSerialAttached = true;
	}

	/** Makes the device misbehave: an endless loop, an uncaught exception, a restart of its own. */
	provoke(what: "hang" | "crash" | "restart"): void {
		this.#checkPower();
		this.#child?.send({ kind: what });
	}

	/** Stops the device in order, then takes the power and the pseudo-terminal away. */
	async powerOff(): Promise<void> {
		if (!this.#isPowered) return;
		this.#isPowered = false;
		clearTimeout(this.#bootTimer);
		this.#watchdog.stop();
		await this.#child?.stop();
		this.#terminal?.close();
		this.#terminal = undefined;
		this.#stage = "";
		for (const done of this.#whenBooted.splice(0)) done();
		for (const done of this.#whenOff.splice(0)) done();
	}

	/** Done when the board has no power any more, whoever switched it off. */
	async off(): Promise<void> {
		if (!this.#isPowered) return;
		await new Promise<void>((resolve) => this.#whenOff.push(resolve));
	}

	#checkPower(): void {
		if (!this.#isPowered) throw new Error("board: no power");
	}

	#nextBoot(): Promise<void> {
		return new Promise((resolve) => this.#whenBooted.push(resolve));
	}

	#bootIn(delayMs: number, reason: ResetReason): void {
		clearTimeout(this.#bootTimer);
		this.#bootTimer = setTimeout(() => this.#boot(reason), delayMs);
	}

	#boot(reason: ResetReason): void {
		this.#boots++;
		// Only now: what the ended process had said may have been on its way when the power went.
		if (reason === "power-on") this.#stage = "";
		if (this.#isSerialAttached) this.#terminal?.write(bootNoise(reason));
		const { stateFolder, bundlePath, devicePath, timeScale, sampleIntervalMs } = this.#options;
		const { flashSync = "always", flashKiB = 256, seed = 1, wall = "host" } = this.#options;
		const build = join(projectFolder(), "build");
		this.#child = new DeviceChild({
			path: devicePath ?? join(build, "node-device.js"),
			arguments: {
				boardProcess: process.pid,
				...{ stateFolder, bundlePath: bundlePath ?? join(build, "device.js") },
				...{ timeScale, sampleIntervalMs, flashSync, flashKiB, seed, wall },
				hardwareId: hardwareIdOf(stateFolder),
				isNetworkCut: this.#isNetworkCut,
				lastReset: { reason, stage: this.#stage },
			},
			onMessage: (message) => this.#fromDevice(message),
			onOutput: (text) => this.#report({ name: "device-output", text }),
			onEnd: (end) => this.#ended(end),
		});
		this.#report({ name: "board-booted", reason, boot: this.#boots });
		for (const done of this.#whenBooted.splice(0)) done();
	}

	/** Ends the process as `reason` does. What is under way to end or to boot already stays so. */
	#end(reason: ResetReason, afterMs: number): void {
		this.#watchdog.stop();
		if (!this.#child) {
			this.#bootIn(afterMs, reason);
			return;
		}
		this.#ending ??= { reason, afterMs };
		if (reason === "power-on") this.#ending = { reason, afterMs };
		this.#child.kill();
	}

	#ended(end: DeviceEnd): void {
		this.#child = undefined;
		this.#watchdog.stop();
		const ending = this.#ending ?? reasonOf(end);
		this.#ending = undefined;
		this.#report({
			name: "board-exited",
			code: end.code ?? undefined,
			signal: end.signal ?? undefined,
			reason: this.#isPowered ? ending.reason : "power-off",
			stage: this.#stage,
		});
		if (!this.#isPowered) return;
		if (end.code === EXIT_NO_BUNDLE) void this.powerOff();
		else this.#bootIn(ending.afterMs, ending.reason);
	}

	#fromUSB(bytes: Uint8Array): void {
		if (this.#isSerialAttached) this.#child?.send({ kind: "serial", bytes });
	}

	#fromDevice(message: DeviceMessage): void {
		switch (message.kind) {
			case "event":
				return this.#report(message.event);
			case "serial": {
				if (this.#isSerialAttached) this.#terminal?.write(message.bytes);
				const sent: BoardMessage = { kind: "serial-sent", byteLength: message.bytes.length };
				return this.#child?.send(sent);
			}
			case "watchdog-start":
				return this.#watchdog.start(message.timeoutMs);
			case "watchdog-feed":
				return this.#watchdog.feed();
			case "watchdog-close":
				return this.#watchdog.stop();
			case "retain":
				this.#stage = message.stage;
		}
	}

	#report(event: DeviceEvent): void {
		this.#options.onEvent?.(event);
	}
}

function reasonOf(end: DeviceEnd): { reason: ResetReason; afterMs: number } {
	return end.isRestart
		? { reason: "software", afterMs: BOOT_MS }
		: { reason: "abort", afterMs: BOOT_AFTER_CRASH_MS };
}

/** Burnt in when the board is made: like a MAC address, in hex. */
function hardwareIdOf(stateFolder: string): string {
	const file = join(stateFolder, "hardware-id");
	if (!existsSync(file)) writeFileSync(file, `02${randomBytes(5).toString("hex")}`);
	return readFileSync(file, "utf8").trim().slice(0, 32);
}
