// The factory station on a bad cable: it is pulled out in the middle of every frame of a
// provisioning, and carries garbage between frames. Real boards, real pseudo-terminals, the
// serialport package; the station runs in this process.
//
// HOLDFAST_SEED replays the garbage and the choice of chunks.
import { randomFillSync } from "node:crypto";
import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { Board } from "../../hosts/node/board.js";
import { Random } from "../../hosts/simulator/random.js";
import type { DeviceEvent } from "../../src/ports.js";
import { Fleet } from "../../tools/pki/fleet.js";
import { PendingFolder } from "../../tools/provision/pending.js";
import { openSerialStationPort } from "../../tools/provision/serial-station-port.js";
import { Station, type Provisioned } from "../../tools/provision/station.js";
import { chosenSeed } from "../support/seed.js";
import { SerialRelay, type RelayOptions } from "../support/serial-relay.js";
import { TemporaryFolder } from "../support/temporary-folder.js";

/** Benches that work at once. */
const BENCHES = 3;
/** Of the frames that carry the configuration's parts, and are all alike. */
const CHUNKS_CUT = 4;
/** Twenty seconds where nothing else runs; other tests may take most of the machine. */
const RUN_MS_MAX = 180_000;
/** The length of a certificate request varies by this many frames. */
const VARYING_FRAMES = 4;
const GARBAGE_RUNS = 4;
/** Longer than any frame, so that the reader's buffer overflows too. */
const GARBAGE_BYTES_MAX = 300;

let folder: TemporaryFolder;
let fleet: Fleet;
let random: Random;
const benches: Bench[] = [];

beforeAll(async () => {
	const seed = chosenSeed();
	process.stdout.write(`provisioning cable: HOLDFAST_SEED=${seed}\n`);
	random = new Random(seed);
	folder = new TemporaryFolder();
	fleet = await Fleet.create(folder.file("fleet"), { name: "Test" });
});
afterAll(async () => {
	await Promise.all(benches.map(({ board }) => board.powerOff()));
	folder.remove();
});

/** A place where one new board after the other is provisioned. */
class Bench {
	readonly board: Board;
	readonly #folder: string;
	#booted: () => void = () => {};

	private constructor(stateFolder: string) {
		this.#folder = stateFolder;
		const onEvent = ({ name }: DeviceEvent) => {
			if (name === "device-booted") this.#booted();
		};
		this.board = new Board({ stateFolder, flashSync: "none", onEvent });
	}

	static async make(name: string): Promise<Bench> {
		const bench = new Bench(folder.file(name));
		benches.push(bench);
		await bench.#powerOn();
		return bench;
	}

	get deviceId(): string {
		return `sensor-${readFileSync(join(this.#folder, "hardware-id"), "utf8").trim()}`;
	}

	/** Puts a board on the bench that nobody has ever provisioned. */
	async replaceBoard(): Promise<void> {
		await this.board.powerOff();
		rmSync(this.#folder, { recursive: true });
		await this.#powerOn();
	}

	/**
	 * What the station says to a board that is still booting is lost, and it waits before it repeats.
	 */
	async #powerOn(): Promise<void> {
		const booted = new Promise<void>((resolve) => (this.#booted = resolve));
		await this.board.powerOn();
		await booted;
	}

	/** One run of the station, over a cable of its own. */
	async run(cable: Omit<RelayOptions, "devicePath"> = {}): Promise<Ran> {
		const relay = await SerialRelay.open({ ...cable, devicePath: this.board.ptyPath });
		const port = await openSerialStationPort(relay.path);
		const station = new Station({
			fleet,
			pending: new PendingFolder(fleet.folder),
			settings: { servers: [{ host: "broker.invalid", port: 8883 }] },
			nameUnit: (hardwareId) => `sensor-${hardwareId}`,
			timer: {
				set: (callback, delayMs) => setTimeout(callback, delayMs),
				clear: (handle) => clearTimeout(handle as NodeJS.Timeout),
			},
			entropy: { fill: (bytes) => void randomFillSync(bytes) },
			unixSeconds: () => Math.floor(Date.now() / 1000),
		});
		try {
			const ended = await station.provision(port).catch((error: unknown) => error as Error);
			return { ended, messages: relay.messages, isUnplugged: relay.isUnplugged };
		} finally {
			await port.close();
			await relay.close();
		}
	}
}

interface Ran {
	readonly ended: Provisioned | Error;
	readonly messages: readonly string[];
	readonly isUnplugged: boolean;
}

describe("holdfast provision on a bad cable", () => {
	it(
		"finishes after the cable was pulled in any frame, the device keeping its name",
		async () => {
			const made = Array.from({ length: BENCHES }, (_, index) => Bench.make(`bench-${index}`));
			const [first, ...others] = await Promise.all(made);
			const { messages } = await (first as Bench).run();
			const isLeftOut = frameChooser(messages);
			const cutIn = new Set<string>();
			let next = 1;
			let undisturbedAt = Infinity;
			const work = async (bench: Bench) => {
				while (undisturbedAt === Infinity) {
					const frame = next++;
					if (isLeftOut(frame)) continue;
					await bench.replaceBoard();
					const broken = await bench.run({ unplugAt: frame });
					if (broken.isUnplugged) cutIn.add(broken.messages.at(-1) ?? "");
					else undisturbedAt = Math.min(undisturbedAt, frame);
					if (!broken.isUnplugged) expect([frame, broken.ended]).toEqual([frame, finished(bench)]);
					const again = await bench.run();
					expect([frame, again.ended]).toEqual([frame, finished(bench)]);
					expect(recordsOf(bench)).toEqual([{ deviceId: bench.deviceId, locked: true }]);
				}
			};
			await Promise.all([first as Bench, ...others].map(work));
			// Every message of the protocol, in both directions, was one that the cable broke off in.
			expect([...cutIn].sort()).toEqual([...new Set(messages)].sort());
			expect(Math.abs(undisturbedAt - 1 - messages.length)).toBeLessThanOrEqual(VARYING_FRAMES);
			process.stdout.write(`provisioning cable: ${undisturbedAt - 1} frames\n`);
		},
		RUN_MS_MAX,
	);

	it("does not mind garbage between the frames", async () => {
		const bench = await Bench.make("noisy");
		for (let run = 0; run < GARBAGE_RUNS; run++) {
			if (run > 0) await bench.replaceBoard();
			const noise = random.fork();
			const garbage = () => noise.bytes(noise.integer(1, GARBAGE_BYTES_MAX));
			const { ended } = await bench.run({ garbage });
			expect([run, ended]).toEqual([run, finished(bench)]);
			expect(recordsOf(bench)).toEqual([{ deviceId: bench.deviceId, locked: true }]);
		}
	});
});

/** The frames that are not cut: the inner ones of the long row of chunks, but for a few. */
function frameChooser(messages: readonly string[]): (frame: number) => boolean {
	const isChunk = (index: number) => messages[index]?.endsWith(" chunk") === true;
	const isInner = (index: number) =>
		isChunk(index - VARYING_FRAMES) && isChunk(index) && isChunk(index + VARYING_FRAMES);
	const inner = [...messages.keys()].filter(isInner).map((index) => index + 1);
	const chosen = new Set(Array.from({ length: CHUNKS_CUT }, () => random.pick(inner)));
	const leftOut = new Set(inner.filter((frame) => !chosen.has(frame)));
	return (frame) => leftOut.has(frame);
}

function finished(bench: Bench): unknown {
	return expect.objectContaining({
		record: expect.objectContaining({ deviceId: bench.deviceId }),
	});
}

/** What the fleet has about the board on the bench. */
function recordsOf(bench: Bench): { deviceId: string; locked: unknown }[] {
	const hardwareId = bench.deviceId.replace("sensor-", "");
	return fleet
		.devices()
		.filter((record) => record.hardwareId === hardwareId)
		.map(({ deviceId, details }) => ({ deviceId, locked: details?.locked }));
}
