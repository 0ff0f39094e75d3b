// What the heap of XS holds in each phase of a board's life, above what is live after the bundle
// was loaded and collected once. The board is the Linux host with the whole firmware.
import { type ChildProcess, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { provisionBoard } from "../start/provision-board.js";
import type { BenchContext, Bits } from "./bench-context.js";
import type { Figure } from "./figures.js";
import { MissingToolError } from "./run-program.js";

export const PHASES = ["booted", "connecting", "online", "publishing"] as const;
export type Phase = (typeof PHASES)[number];

/** Often, so that the highest of each phase is seen. */
const MEMORY_MS = 5;
/** Longer than it takes to connect and to settle. */
const SAMPLE_MS = 1500;
/** Readings after which the board has shown everything. */
const READINGS = 8;
const TIMEOUT_MS = 60_000;
const DEVICE = "bench-heap";

/**
 * Slots and bytes of chunks in use after a collection. What is held with garbage says nothing: the
 * engine collects when its heap is full, and the host gives it no more than the manifest does.
 */
export interface HeapUse {
	readonly slotsLive: number;
	readonly chunksLive: number;
}

interface BoardEvent {
	readonly event: string;
	readonly [detail: string]: unknown;
}

/** The phase that begins with `event`, if one does. */
export function phaseAt(event: string, state: unknown, now: Phase): Phase {
	if (event === "device-booted") return "booted";
	if (event === "connection-state" && now === "booted") {
		return state === "securing" ? "connecting" : now;
	}
	if (event === "connection-online") return "online";
	if (event === "reading-accepted" && now === "online") return "publishing";
	return now;
}

/** The highest of each figure, by phase. */
export class PhaseRecorder {
	#phase: Phase = "booted";
	readonly #uses = new Map<Phase, HeapUse>();
	readings = 0;

	see({ event, ...details }: BoardEvent): void {
		this.#phase = phaseAt(event, details.state, this.#phase);
		if (event === "reading-accepted" && this.#phase === "publishing") this.readings++;
		if (event !== "engine-memory") return;
		const number = (name: string) => Number(details[name]);
		const before = this.#uses.get(this.#phase);
		this.#uses.set(this.#phase, {
			slotsLive: Math.max(before?.slotsLive ?? 0, number("slotCount")),
			chunksLive: Math.max(before?.chunksLive ?? 0, number("chunkBytes")),
		});
	}

	use(phase: Phase): HeapUse | undefined {
		return this.#uses.get(phase);
	}
}

/** Runs the board until `onEvent` says that it is enough. */
async function runBoard(
	file: string,
	words: readonly string[],
	onEvent: (event: BoardEvent) => boolean | Promise<boolean>,
): Promise<void> {
	const board = spawn(file, words, { stdio: ["ignore", "pipe", "inherit"] });
	try {
		await new Promise<void>((resolve, reject) => {
			const late = setTimeout(() => reject(new Error("the board says nothing")), TIMEOUT_MS);
			const settle = (error?: unknown) => {
				clearTimeout(late);
				if (error === undefined) resolve();
				else reject(error);
			};
			board.on("error", settle);
			board.on("close", (code) => settle(new Error(`the board ended with ${code}`)));
			createInterface(board.stdout as NodeJS.ReadableStream).on("line", (line) => {
				Promise.resolve(onEvent(JSON.parse(line) as BoardEvent)).then(
					(isEnough) => void (isEnough && settle()),
					settle,
				);
			});
		});
	} finally {
		await end(board);
	}
}

async function end(child: ChildProcess): Promise<void> {
	if (child.exitCode !== null || child.signalCode !== null) return;
	const ended = new Promise((resolve) => child.once("close", resolve));
	child.kill("SIGKILL");
	await ended;
}

async function recordPhases(context: BenchContext, file: string): Promise<PhaseRecorder> {
	const [fleet, port] = [await context.fleet(), await context.broker()];
	const words = [
		context.project("build/linux-main.js"),
		...["--state", context.file("board-heap"), "--flash-sync", "none"],
		...["--time-scale", "0.1", "--sample-ms", String(SAMPLE_MS)],
	];
	context.progress("a board is provisioned");
	await runBoard(file, words, async ({ event, path }) => {
		if (event !== "pty") return false;
		const settings = { servers: [{ host: "localhost", port }], keepAliveS: 60 };
		await provisionBoard({ port: String(path), fleet, deviceId: DEVICE, settings });
		return true;
	});
	context.progress("it boots, connects and publishes");
	const recorder = new PhaseRecorder();
	await runBoard(file, [...words, "--memory-ms", String(MEMORY_MS)], (event) => {
		recorder.see(event);
		return recorder.readings >= READINGS;
	});
	return recorder;
}

export async function measureEngineHeap(context: BenchContext): Promise<Figure[]> {
	let bits: Bits = 32;
	let why = "";
	const file = await context.engine(32).catch((error: unknown) => {
		if (!(error instanceof MissingToolError)) throw error;
		bits = 64;
		why = error.message;
		return context.engine(64);
	});
	const recorder = await recordPhases(context, file);
	const { creation } = JSON.parse(readFileSync(context.project("manifest.json"), "utf8")) as {
		creation: { chunk: { initial: number }; heap: { initial: number } };
	};
	// Slots of twice the size make chunks of up to twice the size: the host gives twice as many.
	const chunksMax = creation.chunk.initial * (bits === 32 ? 1 : 2);
	const note = bits === 32 ? "slots of 16 bytes" : `slots of 32 bytes: ${why}`;
	const missing = "the phase was too short";
	return PHASES.flatMap((phase): Figure[] => {
		const use = recorder.use(phase);
		const slots = { gate: { atMost: creation.heap.initial } };
		const chunks = { gate: { atMost: chunksMax } };
		const names = { slots: `${phase}: slots in use`, chunks: `${phase}: bytes of chunks in use` };
		return [
			{ name: names.slots, unit: "slots", value: use?.slotsLive, missing, note, ...slots },
			{ name: names.chunks, unit: "bytes", value: use?.chunksLive, missing, note, ...chunks },
		];
	});
}
