// The XS host as a board: power and events of build/linux/xs-host, with the calls of class Board.
// The program is its own watchdog and its own USB; this class switches its power.
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { DeviceEvent } from "../../src/ports.js";
import type { BoardOptions } from "./board.js";
import { makeFolder } from "./make-folder.js";
import { projectFolder } from "./project-folder.js";

/** Milliseconds from a reset to the start of the firmware. */
const BOOT_MS = 100;
/** The same after a crash: a device that cannot start must not occupy the whole machine. */
const BOOT_AFTER_CRASH_MS = 500;
/** Milliseconds that an orderly stop may take before it is forced. */
const STOP_MS = 3000;

/** `devicePath` is another build of the program, instead of build/linux/xs-host. */
export type LinuxBoardOptions = Omit<BoardOptions, "bundlePath">;

export class LinuxBoard {
	readonly #options: LinuxBoardOptions;
	readonly #program: string;
	readonly #main: string;
	#process: ChildProcess | undefined;
	#path: string | undefined;
	#bootTimer: NodeJS.Timeout | undefined;
	#isPowered = false;
	/** How long the power stays away, where it was cut. */
	#offMs: number | undefined;
	#whenBooted: (() => void)[] = [];
	#whenOff: (() => void)[] = [];

	constructor(options: LinuxBoardOptions) {
		if (!options.stateFolder) throw new TypeError("stateFolder: missing");
		this.#options = { ...options };
		this.#program = options.devicePath ?? join(projectFolder(), "build/linux/xs-host");
		this.#main = join(projectFolder(), "build/linux-main.js");
	}

	/** The path that a serial program opens. It may be another one after a power cut. */
	get ptyPath(): string {
		if (this.#path === undefined) throw new Error("board: no power");
		return this.#path;
	}

	/** Boots the device; done when its serial line can be opened. */
	async powerOn(): Promise<void> {
		if (this.#isPowered) throw new Error("board: has power already");
		if (!existsSync(this.#program)) {
			throw new Error(`${this.#program}: not built; npm run linux`);
		}
		makeFolder(this.#options.stateFolder);
		this.#isPowered = true;
		this.#boot("power-on");
		await this.#nextBoot();
	}

	/** Ends the device at once, as a lost supply does; done when it runs again. */
	async powerCut(options: { offMs?: number } = {}): Promise<void> {
		if (!this.#isPowered) throw new Error("board: no power");
		this.#report({ name: "power-cut" });
		this.#offMs = options.offMs ?? BOOT_MS;
		this.#path = undefined;
		this.#process?.kill("SIGKILL");
		await this.#nextBoot();
	}

	/** Makes the device misbehave: an endless loop, an uncaught exception, a restart of its own. */
	provoke(what: "hang" | "crash" | "restart"): void {
		this.#process?.stdin?.write(`${what}\n`);
	}

	/** Stops the device and takes its power away. */
	async powerOff(): Promise<void> {
		if (!this.#isPowered) return;
		this.#isPowered = false;
		clearTimeout(this.#bootTimer);
		const running = this.#process;
		if (running) {
			const ended = new Promise((resolve) => running.once("close", resolve));
			const force = setTimeout(() => running.kill("SIGKILL"), STOP_MS);
			running.kill("SIGTERM");
			await ended;
			clearTimeout(force);
		}
		this.#path = undefined;
		for (const done of this.#whenBooted.splice(0)) done();
		for (const done of this.#whenOff.splice(0)) done();
	}

	/** Done when the board has no power any more. */
	async off(): Promise<void> {
		if (!this.#isPowered) return;
		await new Promise<void>((resolve) => this.#whenOff.push(resolve));
	}

	#nextBoot(): Promise<void> {
		return new Promise((resolve) => this.#whenBooted.push(resolve));
	}

	#boot(reason: "power-on" | "abort"): void {
		const running = spawn(this.#program, [this.#main, "--control", ...this.#flags()], {
			stdio: ["pipe", "pipe", "pipe"],
			// The program tells its next life by itself; after a crash there is only its parent.
			env: reason === "abort" ? { ...process.env, HOLDFAST_RESET: "abort" } : process.env,
		});
		this.#process = running;
		// A process that is going away reads nothing.
		running.stdin.on("error", () => undefined);
		createInterface(running.stdout).on("line", (line) => this.#read(line));
		createInterface(running.stderr).on("line", (text) =>
			this.#report({ name: "device-output", text }),
		);
		running.on("error", (error) => this.#report({ name: "device-output", text: String(error) }));
		running.on("close", (code, signal) => this.#ended(code, signal));
	}

	#flags(): string[] {
		const { stateFolder, timeScale, sampleIntervalMs, flashSync } = this.#options;
		const { flashKiB, seed, wall } = this.#options;
		const given = {
			"--state": stateFolder,
			"--time-scale": timeScale,
			"--sample-ms": sampleIntervalMs,
			"--flash-sync": flashSync,
			"--flash-kib": flashKiB,
			"--seed": seed,
			"--wall": typeof wall === "number" && wall >= 0 ? `+${wall}` : wall,
		};
		return Object.entries(given).flatMap(([flag, value]) =>
			value === undefined ? [] : [flag, String(value)],
		);
	}

	#read(line: string): void {
		const { event, ...details } = JSON.parse(line) as { event: string; path?: string };
		if (event === "pty") {
			this.#path = details.path;
			for (const done of this.#whenBooted.splice(0)) done();
		}
		this.#report({ name: event, ...details });
	}

	#ended(code: number | null, signal: string | null): void {
		this.#process = undefined;
		const offMs = this.#offMs;
		this.#offMs = undefined;
		const reason = !this.#isPowered ? "power-off" : offMs === undefined ? "abort" : "power-on";
		const how = { code: code ?? undefined, signal: signal ?? undefined };
		this.#report({ name: "board-exited", ...how, reason });
		if (reason === "power-off") return;
		this.#bootTimer = setTimeout(() => this.#boot(reason), offMs ?? BOOT_AFTER_CRASH_MS);
	}

	#report(event: DeviceEvent): void {
		this.#options.onEvent?.(event);
	}
}
