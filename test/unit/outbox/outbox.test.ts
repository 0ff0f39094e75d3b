import { NORFlash } from "../../../hosts/simulator/flash.js";
import { Random } from "../../../hosts/simulator/random.js";
import { Outbox } from "../../../src/outbox/outbox.js";

function mount(chip: NORFlash): Outbox {
	const mounted = Outbox.mount({ flash: chip.open() });
	if (mounted.kind !== "mounted") throw new Error(mounted.code);
	return mounted.outbox;
}

function bytesOf(sequence: number, length = 200): Uint8Array {
	return new Random(sequence).bytes(length);
}

function entry(sequence: number, length = 200, recordClass: 0 | 1 | 2 = 0) {
	return { sequence, channel: recordClass, recordClass, bytes: bytesOf(sequence, length) };
}

/** Stores `sequence`, making room as the uplink does. Returns the next free sequence. */
function storeAnyway(outbox: Outbox, sequence: number, length = 200): number {
	let next = sequence;
	for (;;) {
		const room = outbox.room(length);
		if (room.kind === "room") break;
		expect(room.kind).toBe("full");
		expect(outbox.makeRoom(entry(next++, 220, 2)).kind).toBe("stored");
	}
	expect(outbox.store(entry(next++, length)).kind).toBe("stored");
	return next;
}

describe("Outbox", () => {
	it("gives back what was stored, oldest first, after a restart too", () => {
		const chip = new NORFlash({ blocks: 4 });
		const outbox = mount(chip);
		for (const sequence of [1, 2, 5]) expect(outbox.store(entry(sequence)).kind).toBe("stored");
		for (const life of [outbox, mount(chip)]) {
			expect(life.waiting(undefined, 10)).toEqual([
				{ sequence: 1, channel: 0 },
				{ sequence: 2, channel: 0 },
				{ sequence: 5, channel: 0 },
			]);
			expect(life.waiting(1, 1)).toEqual([{ sequence: 2, channel: 0 }]);
			expect(life.read(5)).toEqual({ channel: 0, bytes: bytesOf(5) });
			expect(life.lastSequence).toBe(5);
		}
	});

	it("never writes while it mounts", () => {
		const chip = new NORFlash({ blocks: 4 });
		const outbox = mount(chip);
		outbox.store(entry(1));
		const before = chip.programs;
		mount(chip);
		expect(chip.programs).toBe(before);
	});

	it("keeps the last sequence through acknowledgements and erases", () => {
		const chip = new NORFlash({ blocks: 4 });
		let outbox = mount(chip);
		expect(outbox.lastSequence).toBeUndefined();
		for (let sequence = 1; sequence <= 500; sequence++) {
			expect(outbox.store(entry(sequence)).kind).toBe("stored");
			expect(outbox.remove(sequence)).toBe(true);
		}
		outbox.flush();
		outbox = mount(chip);
		expect(outbox.status().records).toBe(0);
		expect(outbox.lastSequence).toBe(500);
	});

	it("runs for ever with more stored than fits, and announces all that it drops", () => {
		for (const blocks of [4, 5, 9, 16]) {
			const chip = new NORFlash({ blocks });
			let outbox = mount(chip);
			let next = 1;
			for (let round = 0; round < 1500; round++) {
				next = storeAnyway(outbox, next, 1 + ((round * 37) % 1024));
				if (round % 97 === 0) outbox = mount(chip);
			}
			expect(outbox.status().records).toBeGreaterThan(4);
			const erases = chip.erases;
			expect(Math.max(...erases) - Math.min(...erases)).toBeLessThan(20);
		}
	});
});
