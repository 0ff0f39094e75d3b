// The live view, in a terminal of its own: each key does what the last line says, the terminal is
// given back as it was, and a narrow one is not overrun.

import { mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { spawn, type IPty } from "@lydell/node-pty";
import { TemporaryFolder } from "../support/temporary-folder.js";

const PROGRAM = join(process.cwd(), "build/start.js");
const LEAVE_SCREEN = "\u001b[?1049l";

describe("the live view of npm start", () => {
	let folder: TemporaryFolder;
	let terminal: Terminal | undefined;

	beforeEach(() => {
		folder = new TemporaryFolder();
		mkdirSync(folder.file("temporary"));
	});

	afterEach(async () => {
		await terminal?.end();
		folder.remove();
	});

	function open(columns: number, rows: number): Terminal {
		terminal = new Terminal(columns, rows, folder.file("temporary"));
		return terminal;
	}

	it("does what its keys say, and shows the sensor recover and the verifier refuse", async () => {
		const view = open(120, 40);
		await view.shows(/verified [1-9]/);
		view.press("t");
		await view.shows(/refused: [a-z-]+ \(holdfast\/sensor-1\/telemetry\)/);
		view.press("c");
		await view.shows(/command: done/);
		view.press("n");
		await view.shows(/network cut/);
		await view.shows(/connection-failed/);
		view.press("n");
		await view.shows(/network up/);
		await view.shows(/reconnects 1/);
		view.press("b");
		await view.shows(/you: broker restart/);
		await view.shows(/reconnects 2/);
		view.press("p");
		await view.shows(/power-cut/);
		await view.shows(/reconnects 3/);
		view.press("q");
		expect(await view.ended).toBe(0);
		const [, after = ""] = view.output.split(LEAVE_SCREEN);
		expect(after).toMatch(/^\d+ readings verified, 1 message refused\r\n$/);
		expect(readdirSync(folder.file("temporary"))).toEqual([]);
	});

	it("keeps to a narrow terminal, and leaves at Ctrl-C", async () => {
		const view = open(30, 10);
		await view.shows(/verified [1-9]/);
		for (const line of view.frame()) expect(line.length).toBeLessThanOrEqual(30);
		expect(view.frame().length).toBeLessThanOrEqual(10);
		view.press("\u0003");
		expect(await view.ended).toBe(0);
		expect(view.output).toContain(LEAVE_SCREEN);
	});
});

class Terminal {
	readonly ended: Promise<number>;
	output = "";
	readonly #pty: IPty;
	#hasEnded = false;
	#waiting: (() => void)[] = [];

	constructor(columns: number, rows: number, temporaryFolder: string) {
		this.#pty = spawn(process.execPath, [PROGRAM, "--sample-ms", "200"], {
			cols: columns,
			rows,
			env: { ...process.env, TMPDIR: temporaryFolder, NO_COLOR: "1", TERM: "xterm" },
		});
		this.#pty.onData((text) => {
			this.output += text;
			this.#wake();
		});
		this.ended = new Promise((resolve) => {
			this.#pty.onExit(({ exitCode }) => {
				this.#hasEnded = true;
				this.#wake();
				resolve(exitCode);
			});
		});
	}

	press(key: string): void {
		this.#pty.write(key);
	}

	/** Waits until the last whole frame has `pattern`. */
	async shows(pattern: RegExp): Promise<void> {
		while (!this.frame().some((line) => pattern.test(line))) {
			if (this.#hasEnded) throw new Error(`ended without ${pattern}: ${this.output.slice(-2000)}`);
			await new Promise<void>((resolve) => this.#waiting.push(resolve));
		}
	}

	/** Lines of the last frame that is complete, without control sequences. */
	frame(): string[] {
		const frames = this.output.split("\u001b[H");
		const last = [...frames].reverse().find((frame) => frame.includes("\u001b[J")) ?? "";
		return last.split("\r\n").map((line) => line.split("\u001b")[0] ?? "");
	}

	async end(): Promise<void> {
		if (!this.#hasEnded) this.#pty.kill();
		await this.ended;
	}

	#wake(): void {
		for (const resolve of this.#waiting.splice(0)) resolve();
	}
}
