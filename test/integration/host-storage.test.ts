// Storage under SIGKILL: firmware that writes without pause finds, in each life, at least what the
// life before reported as durable.
import { BoardBench } from "../support/board-bench.js";
import { settle } from "../support/socket-log.js";

/** Counts up in a key-value entry and in flash; each life first tells what it found. */
const COUNTING_FIRMWARE = `
const UNIT = 32;
export class Device {
	constructor({ ports }) {
		this.ports = ports;
	}
	start() {
		const { ports } = this;
		const store = ports.keyValue.open({ path: "hf-test", format: "buffer" });
		const flash = ports.flash.open({ path: "outbox" });
		const found = store.read("count");
		let count = found ? new DataView(found).getUint32(0) : 0;
		const isWhole = !found || (found.byteLength === 4 + (count % 5000) &&
			new Uint8Array(found, 4).every((byte) => byte === count % 256));
		let units = 0;
		while (new Uint8Array(flash.read(UNIT, units * UNIT))[0] !== 0xff) units++;
		const blank = new Uint8Array(flash.read(UNIT, units * UNIT)).every((byte) => byte === 0xff);
		ports.report({ name: "found", count, isWhole, units, blank, keys: [...store].length });
		const step = () => {
			count++;
			const value = new Uint8Array(4 + (count % 5000)).fill(count % 256);
			new DataView(value.buffer).setUint32(0, count);
			store.write("count", value);
			flash.write(new Uint8Array(UNIT).fill(1), units * UNIT);
			units++;
			ports.report({ name: "durable", count, units });
			ports.timer.set(step, 0);
		};
		step();
	}
	stop() {}
}`;

describe("storage of the Node host", () => {
	it("keeps every entry whole and every accepted write when the process is killed", async () => {
		const bench = new BoardBench({
			firmware: COUNTING_FIRMWARE,
			flashKiB: 1024,
			flashSync: "none",
		});
		try {
			await bench.board.powerOn();
			for (let life = 1; life <= 10; life++) {
				await bench.see("durable", bench.all("durable").length + 1 + life);
				await settle(life * 7);
				const told = bench.all("durable").at(-1);
				await bench.board.powerCut({ offMs: 5 });
				const found = await bench.see("found", life + 1);
				expect(found).toMatchObject({ isWhole: true, blank: true, keys: 1 });
				expect(found.count).toBeGreaterThanOrEqual(told?.count as number);
				expect(found.units).toBeGreaterThanOrEqual(told?.units as number);
			}
		} finally {
			await bench.close();
		}
	});
});
