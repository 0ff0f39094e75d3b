// The factory station against the firmware bundle: real processes, real pseudo-terminals, the
// serialport package. No broker is needed: what is installed is looked at, not used.
import { execFile } from "node:child_process";
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { Board } from "../../hosts/node/board.js";
import { projectFolder } from "../../hosts/node/project-folder.js";
import type { DeviceEvent } from "../../src/ports.js";
import { Fleet } from "../../tools/pki/fleet.js";
import { findSecrets } from "../support/secret-scan.js";
import { until } from "../support/socket-log.js";
import { TemporaryFolder } from "../support/temporary-folder.js";

const SERVER = ["--server", "broker.invalid:8883"];

interface Ran {
	readonly code: number;
	readonly output: string;
	readonly errors: string;
	/** Standard output as JSON lines. */
	readonly lines: Record<string, unknown>[];
}

let folder: TemporaryFolder;
let fleet: Fleet;
let boards: Board[];
let events: DeviceEvent[];

beforeEach(async () => {
	folder = new TemporaryFolder();
	fleet = await Fleet.create(folder.file("fleet"), { name: "Test" });
	boards = [];
	events = [];
});
afterEach(async () => {
	await Promise.all(boards.map((board) => board.powerOff()));
	folder.remove();
});

async function plugIn(
	name: string,
	onEvent: (event: DeviceEvent) => void = () => {},
): Promise<Board> {
	const board = new Board({
		stateFolder: folder.file(name),
		onEvent: (event) => {
			events.push(event);
			onEvent(event);
		},
	});
	boards.push(board);
	await board.powerOn();
	return board;
}

/** `holdfast provision` as a process of its own. */
function provision(
	words: readonly string[],
	options: { env?: Record<string, string>; onLine?: (line: Record<string, unknown>) => void } = {},
): Promise<Ran> {
	const holdfast = join(projectFolder(), "build", "holdfast.js");
	const all = [holdfast, "provision", "--fleet", fleet.folder, ...words];
	return new Promise((resolve) => {
		const env = { ...process.env, ...options.env };
		const child = execFile(process.execPath, all, { env }, (error, output, errors) => {
			const code = typeof error?.code === "number" ? error.code : error ? 255 : 0;
			resolve({ code, output, errors, lines: words.includes("--json") ? jsonLines(output) : [] });
		});
		let rest = "";
		child.stdout?.on("data", (text: string) => {
			const parts = (rest + text).split("\n");
			rest = parts.pop() ?? "";
			for (const line of jsonLines(parts.join("\n"))) options.onLine?.(line);
		});
	});
}

function jsonLines(text: string): Record<string, unknown>[] {
	const lines = text.split("\n").filter((line) => line.startsWith("{"));
	return lines.map((line) => JSON.parse(line) as Record<string, unknown>);
}

function hardwareIdOf(name: string): string {
	return readFileSync(folder.file(`${name}/hardware-id`), "utf8").trim();
}

describe("holdfast provision", () => {
	it("provisions two boards at once, and finds nothing to do again", async () => {
		const ports = await Promise.all([plugIn("one"), plugIn("two")]);
		const paths = ports.map((board) => board.ptyPath);
		const words = ["--port", ...paths, "--id-prefix", "hall-", ...SERVER, "--json"];
		const first = await provision(words);
		expect([first.code, first.errors]).toEqual([0, ""]);
		const names = ["one", "two"].map((name) => `hall-${hardwareIdOf(name)}`);
		const records = fleet.devices();
		expect(records.map(({ deviceId }) => deviceId)).toEqual([...names].sort());
		expect(records.every(({ details }) => details?.locked === true)).toBe(true);
		const certified = fleet.list().filter(({ kind }) => kind === "device");
		expect(certified.map(({ name }) => name).sort()).toEqual([...names].sort());
		expect(events.filter(({ name }) => name === "device-started")).toHaveLength(2);
		const second = await provision(words);
		expect(second.code).toBe(0);
		const outcomes = second.lines.filter(({ event }) => event === "unit");
		expect(outcomes.map(({ outcome }) => outcome)).toEqual(["present", "present"]);
		expect(fleet.devices()).toEqual(records);
		expect(readdirSync(join(fleet.folder, "pending"))).toEqual([]);
	});

	it("goes on in the same run when the board loses its power, boot noise and all", async () => {
		for (const step of ["keys", "install", "commit", "prove"]) {
			const board = await plugIn(`cut-at-${step}`);
			let isCut = false;
			const ran = await provision(["--port", board.ptyPath, ...SERVER, "--json"], {
				onLine: (line) => {
					if (line.step !== step || isCut) return;
					isCut = true;
					board.kill();
				},
			});
			expect([step, isCut, ran.code, ran.errors]).toEqual([step, true, 0, ""]);
			const deviceId = `sensor-${hardwareIdOf(`cut-at-${step}`)}`;
			expect(fleet.device(deviceId)?.details?.locked).toBe(true);
		}
	});

	it("says in one line that the board was unplugged, and finishes when run again", async () => {
		const board = await plugIn("one");
		const words = ["--port", board.ptyPath, ...SERVER, "--json"];
		const broken = await provision(words, {
			onLine: (line) => {
				if (line.step === "commit") board.detachSerial();
			},
		});
		expect(broken.code).toBe(1);
		const failed = broken.lines.at(-1);
		expect(failed).toMatchObject({ event: "unit", ok: false, code: "no-answer" });
		expect(fleet.devices()).toEqual([]);
		board.attachSerial();
		const again = await provision(words);
		expect(again.code).toBe(0);
		expect(fleet.devices().map(({ deviceId }) => deviceId)).toEqual([
			`sensor-${hardwareIdOf("one")}`,
		]);
	});

	it("leaves a locked board alone, and puts a new broker on trial for an operator", async () => {
		await fleet.issueOperator({ name: "anna" });
		const board = await plugIn("one");
		const port = ["--port", board.ptyPath];
		expect((await provision([...port, ...SERVER])).code).toBe(0);
		// A fleet that does not know it.
		const other = await Fleet.create(folder.file("other"), { name: "Other" });
		const stranger = await provision([...port, ...SERVER, "--fleet", other.folder]);
		expect(stranger.code).toBe(1);
		expect(stranger.errors).toMatch(/FAILED: .* is locked; --unlock OPERATOR opens it\n$/);
		const before = fleet.devices()[0];
		const words = [...port, "--server", "new.invalid", "--unlock", "anna"];
		const unlocked = await provision(words);
		expect([unlocked.code, unlocked.output]).toEqual([0, expect.stringMatching(/ locked\)\n$/)]);
		const after = fleet.devices()[0];
		expect(after?.signingKey).toBe(before?.signingKey);
		expect(after?.certificateSerial === before?.certificateSerial).toBe(false);
		await until(() =>
			events.some(({ name, isCandidate }) => name === "device-started" && !!isCandidate),
		);
	});

	it("takes passwords from a file or the environment, and shows them nowhere", async () => {
		const secrets = { wifi: "correct-horse-battery", mqtt: "open-sesame-please" };
		const board = await plugIn("one");
		const words = ["--port", board.ptyPath, ...SERVER, "--json"];
		const ran = await provision([...words, "--wifi-ssid", "hall", "--mqtt-user", "u"], {
			env: { HOLDFAST_WIFI_PASSWORD: secrets.wifi, HOLDFAST_MQTT_PASSWORD: secrets.mqtt },
		});
		expect(ran.code).toBe(0);
		const shown = ran.output + ran.errors + JSON.stringify([events, fleet.devices()]);
		expect(findSecrets(shown, secrets)).toEqual([]);
	});

	it("gives every mistake one clear line and an exit code", async () => {
		const nowhere = folder.file("no-such-port");
		const mistakes: [string[], number, RegExp][] = [
			[["--port", nowhere, ...SERVER], 1, /no-such-port cannot be opened: .*No such file/],
			[["--port", nowhere, "--server", "mqtt://broker"], 2, /devices speak mqtts alone/],
			[["--port", nowhere, "--server", "broker:0"], 2, /--server: host:port/],
			[["--port", nowhere, nowhere, ...SERVER], 2, /the same port twice/],
			[["--port", nowhere, "x", ...SERVER, "--id", "a"], 2, /--id names one device/],
			[["--port", nowhere, ...SERVER, "--id", "a/b"], 2, /--id: 1 to 64 letters/],
			[["--port", nowhere, ...SERVER, "--unlock", "nobody"], 1, /no operator nobody/],
			[["--port", nowhere, ...SERVER, "--keep-alive", "1"], 2, /--keep-alive: a whole number/],
			[
				["--port", nowhere, ...SERVER, "--mqtt-user", "u"],
				2,
				/HOLDFAST_MQTT_PASSWORD: the password is empty/,
			],
			[SERVER, 2, /--port/],
			[["--port", nowhere], 2, /--server/],
		];
		for (const [words, code, line] of mistakes) {
			const ran = await provision(words, { env: { HOLDFAST_MQTT_PASSWORD: "" } });
			const wrong = ran.code === code && line.test(ran.errors) ? "" : ran.errors + ran.output;
			expect([words, ran.code, wrong]).toEqual([words, code, ""]);
			expect(ran.errors.replace(/^.*: waiting .*\n/, "").split("\n")).toHaveLength(2);
		}
	});
});
