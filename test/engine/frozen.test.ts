// The firmware with everything frozen that the SDK's preload puts into flash: the built-ins, every
// class and every table of its modules. It has to boot all the same, and to deliver.

import { execFile, spawn } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { engine } from "../support/engine.js";
import { frozenProject } from "../support/frozen-project.js";
import { TemporaryFolder } from "../support/temporary-folder.js";

/** Wrappers of the package mqtt-packet and of what stands in for Node below it. */
const TABLES_OF_PACKAGE = ["constants", "buffer", "numbers", "processNextickArgs"];

describe("the frozen firmware", () => {
	const states = new TemporaryFolder();
	let boots = 0;
	afterAll(() => states.remove());

	/** Names of the events up to `last`, or of all until an end. */
	function boot(
		folder: string,
		last = "device-unprovisioned",
		prepare: (state: string) => void = () => undefined,
	): Promise<string[]> {
		const state = states.file(`board-${++boots}`);
		mkdirSync(state);
		prepare(state);
		const main = join(folder, "build/linux-main.js");
		const board = spawn(engine.program, [main, "--state", state, "--control"]);
		const events: string[] = [];
		let errors = "";
		board.stderr.on("data", (data: Buffer) => (errors += data.toString()));
		createInterface(board.stdout).on("line", (line) => {
			const { event } = JSON.parse(line) as { event: string };
			events.push(event);
			// Without the other end of standard input there is no board any more.
			if (event === last) board.stdin.end();
		});
		return new Promise((resolve) => {
			board.on("close", () => resolve(errors === "" ? events : [...events, errors]));
		});
	}

	engine.it("boots", async () => {
		const events = await boot(frozenProject("frozen"));
		expect(events).toEqual(["board-booted", "pty", "device-booted", "device-unprovisioned"]);
	});

	engine.it("hears why storage fails from the error that C throws", async () => {
		const events = await boot(frozenProject("frozen-storage"), "device-booted", (state) => {
			mkdirSync(join(state, "key-value.nvs"));
		});
		expect(events).toContain("storage-failed");
		expect(events).toContain("device-booted");
		expect(events).not.toContain("device-aborted");
	});

	engine.it(
		"is provisioned, delivers over mutual TLS, and comes back from a power cut",
		async () => {
			const start = join(frozenProject("frozen-walk"), "build/start.js");
			const flags = ["--host", "linux", "--json", "--sample-ms", "300", "--readings", "5"];
			const summary = await new Promise<string>((resolve, reject) => {
				execFile(process.execPath, [start, ...flags, "--power-cut"], (error, output, errors) => {
					if (error) reject(new Error(`${output}\n${errors}`));
					else resolve(output);
				});
			});
			expect(JSON.parse(summary)).toMatchObject({ ok: true, readings: 5, missing: 0 });
		},
		120_000,
	);

	engine.it("leaves no table of src open: each would cost RAM", async () => {
		const folder = frozenProject("frozen-tables");
		const probe = join(folder, "build/probe.js");
		const tables = `"left open: " + leftOpen.join()`;
		writeFileSync(probe, `import "./device.js";\nthrow new Error(${tables});\n`);
		const { errors } = await engine.run(probe);
		const [, names = ""] = /left open: (.*)$/m.exec(errors) ?? [];
		expect(names.split(",")).toEqual(TABLES_OF_PACKAGE);
	});

	/** What happens at the top of the module, and in `Device.start`. */
	const mistakes: readonly [name: string, atTop: string, atStart: string][] = [
		["changes a table", "const TABLE = {};", "TABLE.changed = true;"],
		["fills a collection", "const SEEN = new Set();", "SEEN.add(1);"],
		[
			"changes a variable of a function that is over",
			"const count = (() => {\n\tlet calls = 0;\n\treturn () => ++calls;\n})();",
			"count();",
		],
		["changes a class", "", "Device.made = 1;"],
		["changes a built-in", "", "Array.prototype.last = 1;"],
		["gives an error its name", "", 'new Error("").name = "Mistake";'],
	];
	for (const [name, atTop, atStart] of mistakes) {
		engine.it(`is seen to fail when its code ${name}`, async () => {
			const folder = frozenProject("frozen-mistake", (code) => {
				const broken = code.replace("const core = new DeviceCore(", `${atStart}\n$&`);
				if (broken === code) throw new Error("device.js: no start() of Device");
				return `${atTop}\n${broken}`;
			});
			expect(await boot(folder)).not.toContain("device-unprovisioned");
		});
	}
});
