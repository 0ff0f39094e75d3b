// A thousand connections of a whole device, and the heap stays where it was.
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { online, type DeviceLife } from "../support/device-bench.js";

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;

const RECONNECTS = 1000;
/** Until then caches fill and functions are compiled. */
const WARM_RECONNECTS = 200;
const READING_INTERVAL_MS = 60_000;
/** A connection is stable after a minute, and the attempt after a stable one comes soon. */
const STEP_MS = 5000;
const STEPS_MAX = 100;
/**
 * The engine's own notes on functions that are still warming up come to a few hundred bytes per
 * reconnect; a client that is kept, with its socket and buffers, to many thousands.
 */
const GROWTH_BYTES_MAX = 1500;

/** Bytes of heap that each reconnect after the first ones costs. */
function growthPerReconnect(onReconnected: (life: DeviceLife) => void = () => {}): number {
	const life = online(undefined, READING_INTERVAL_MS);
	let warmBytes = 0;
	for (let count = 1; count <= RECONNECTS; count++) {
		reconnect(life);
		onReconnected(life);
		forget(life);
		if (count === WARM_RECONNECTS) warmBytes = heapUsedBytes();
	}
	const grown = heapUsedBytes() - warmBytes;
	// Not before: the device and all that it holds is what was measured.
	life.device.stop();
	return grown / (RECONNECTS - WARM_RECONNECTS);
}

function reconnect(life: DeviceLife): void {
	runUntil(life, "connection-stable");
	life.reports.length = 0;
	life.breakConnection();
	runUntil(life, "connection-online");
}

function runUntil(life: DeviceLife, name: string): void {
	for (let step = 0; !life.names.includes(name); step++) {
		if (step === STEPS_MAX) throw new Error(`no ${name}`);
		life.run(STEP_MS);
	}
}

/** What the bench keeps for tests to look at is not the device's. */
function forget(life: DeviceLife): void {
	for (const list of [life.published, life.packets, life.stages]) list.length = 0;
	life.script.sockets.splice(0, life.script.sockets.length - 1);
	life.script.socket.writes.fill(new Uint8Array(0));
}

function heapUsedBytes(): number {
	collectGarbage();
	collectGarbage();
	const { heapUsed, arrayBuffers } = process.memoryUsage();
	return heapUsed + arrayBuffers;
}

describe("Device, connecting a thousand times", () => {
	it("needs no more memory than after two hundred", () => {
		expect(growthPerReconnect()).toBeLessThan(GROWTH_BYTES_MAX);
	});

	it("would be caught keeping the callbacks of each connection", () => {
		const kept: unknown[] = [];
		const growth = growthPerReconnect((life) => kept.push(life.script.socket.options.onReadable));
		expect(growth).toBeGreaterThan(GROWTH_BYTES_MAX);
		expect(kept).toHaveLength(RECONNECTS);
	});
});
