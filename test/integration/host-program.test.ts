// The board as a program: events as JSON lines, mistakes in one line, nothing left behind.
import { spawn, type ChildProcess } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { ECHO_FIRMWARE } from "../support/board-bench.js";
import { until } from "../support/socket-log.js";
import { TemporaryFolder } from "../support/temporary-folder.js";

let folder: TemporaryFolder;

beforeEach(() => {
	folder = new TemporaryFolder();
	writeFileSync(folder.file("firmware.mjs"), ECHO_FIRMWARE);
});

afterEach(() => folder.remove());

interface Run {
	readonly process: ChildProcess;
	output: string;
	errors: string;
	ended: Promise<{ code: number | null; signal: string | null }>;
}

function run(given: readonly string[]): Run {
	const child = spawn(process.execPath, ["build/node-host.js", ...given]);
	const result: Run = {
		process: child,
		output: "",
		errors: "",
		ended: new Promise((resolve) => {
			child.once("close", (code, signal) => resolve({ code, signal }));
		}),
	};
	child.stdout.on("data", (text: Buffer) => (result.output += text.toString()));
	child.stderr.on("data", (text: Buffer) => (result.errors += text.toString()));
	return result;
}

function runEcho(): Run {
	const firmware = ["--bundle", folder.file("firmware.mjs")];
	return run(["--state", folder.file("state"), ...firmware, "--json", "--flash-sync", "none"]);
}

/** The device process of the board with this process id, from /proc. */
function childOf(pid: number): number {
	const children = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim();
	return Number(children.split(" ")[0]);
}

function isRunning(pid: number): boolean {
	return (
		existsSync(`/proc/${pid}`) && !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, "utf8"))
	);
}

describe("node-host", () => {
	it("prints events as JSON lines and stops in order for SIGINT and SIGTERM", async () => {
		for (const signal of ["SIGINT", "SIGTERM"] as const) {
			const board = runEcho();
			await until(() => board.output.includes("device-started"));
			board.process.kill(signal);
			expect(await board.ended).toEqual({ code: 0, signal: null });
			const events = board.output
				.trim()
				.split("\n")
				.map((line) => JSON.parse(line) as object);
			const names = events.map((event) => (event as { event: string }).event);
			expect(names.slice(0, 3)).toEqual(["pty", "board-booted", "device-started"]);
			expect(names.slice(-2)).toEqual(["device-stopped", "board-exited"]);
			expect(board.errors).toBe("");
		}
	});

	it("leaves no device behind when it is killed, not even a hanging one", async () => {
		const hanging = ECHO_FIRMWARE.replace("ports.link.start", "for (;;); ports.link.start");
		for (const firmware of [
			ECHO_FIRMWARE,
			hanging.replace("watchdog.start(500)", "watchdog.start(1e9)"),
		]) {
			writeFileSync(folder.file("firmware.mjs"), firmware);
			const board = runEcho();
			await until(() => board.output.includes("device-started"));
			const device = childOf(board.process.pid as number);
			expect(isRunning(device)).toBe(true);
			board.process.kill("SIGKILL");
			await until(() => !isRunning(device));
		}
	});

	it("answers a mistake on the command line with one line and exit code 2", async () => {
		const state = ["--state", folder.file("state")];
		for (const [given, word] of [
			[[], "--state"],
			[[...state, "--flash-sync", "often"], "flash-sync"],
			[[...state, "--flash-kib", "3"], "flash-kib"],
			[[...state, "--flash-kib", "17"], "multiple"],
			[[...state, "--sample-ms", "0"], "sample-ms"],
			[[...state, "--time-scale", "-1"], "time-scale"],
			[[...state, "--seed", "x"], "seed"],
			[[...state, "--wall", "yesterday"], "wall"],
			[[...state, "--bundle", "/no/such/file.js"], "no such file"],
			[[...state, "--unknown"], "unknown"],
			[[...state, "stray"], "argument"],
			[["--state", "/proc/none"], "/proc/none"],
		] as const) {
			const board = run(given);
			expect((await board.ended).code).toBe(2);
			expect(board.errors.trim().split("\n")).toHaveLength(1);
			expect(board.errors).toContain(word);
			expect(board.output).toBe("");
		}
	});

	it("explains itself with --help", async () => {
		const board = run(["--help"]);
		expect((await board.ended).code).toBe(0);
		for (const option of [
			"state",
			"bundle",
			"time-scale",
			"sample-ms",
			"flash-sync",
			"wall",
			"json",
		]) {
			expect(board.output).toContain(`--${option}`);
		}
	});

	it("exits 1 when the firmware cannot be loaded", async () => {
		writeFileSync(folder.file("firmware.mjs"), "syntax error here");
		const board = runEcho();
		expect((await board.ended).code).toBe(1);
		expect(board.output).toContain("bundle-not-loaded");
	});
});
