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

	it("loses nothing that cannot be read for a while, and does not throw", () => {
		for (const unreadableBytes of [0, 4096]) {
			const chip = new NORFlash({ blocks: 4 });
			const outbox = mount(chip);
			let next = 1;
			while (outbox.room(200).kind === "room") next = storeAnyway(outbox, next);
			for (const { sequence } of outbox.waiting(1, 12)) outbox.remove(sequence);
			const kept = outbox.waiting(undefined, 100);
			chip.unreadableBytes = unreadableBytes;
			outbox.flush();
			for (let count = 0; count < 60; count++) {
				outbox.store(entry(next));
				outbox.remove(next++);
			}
			if (unreadableBytes === 0) expect(outbox.read(kept[0]?.sequence as number)).toBeUndefined();
			chip.unreadableBytes = Infinity;
			for (const { sequence } of kept) expect(outbox.read(sequence)?.bytes).toHaveLength(200);
		}
	});

	it("takes no block for worn while flash does not answer, and erases none", () => {
		const chip = new NORFlash({ blocks: 8 });
		const outbox = mount(chip);
		outbox.store(entry(1));
		const erases = chip.erases;
		chip.unreadableBytes = 0;
		for (let sequence = 2; sequence <= 40; sequence++) {
			const unreadable = { kind: "failed", code: "storage-unreadable" };
			expect(outbox.store(entry(sequence))).toEqual(unreadable);
		}
		expect(chip.erases).toEqual(erases);
		chip.unreadableBytes = Infinity;
		expect(outbox.store(entry(41))).toEqual({ kind: "stored" });
		expect(outbox.status().wornBlocks).toBe(0);
		expect(mount(chip).read(41)?.bytes).toEqual(bytesOf(41));
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
		for (const blocks of [4, 9]) {
			const chip = new NORFlash({ blocks });
			let outbox = mount(chip);
			let next = 1;
			for (let round = 0; round < 700; round++) {
				next = storeAnyway(outbox, next, 1 + ((round * 37) % 1024));
				if (round % 97 === 0) outbox = mount(chip);
			}
			expect(outbox.status().records).toBeGreaterThan(4);
			const erases = chip.erases;
			expect(Math.max(...erases) - Math.min(...erases)).toBeLessThan(20);
		}
	});

	it("drops the oldest of the lowest class, and speaks for an earlier gap record", () => {
		const chip = new NORFlash({ blocks: 4 });
		const outbox = mount(chip);
		outbox.store(entry(1, 500, 2));
		outbox.store(entry(2, 500, 1));
		let next = 3;
		while (outbox.room(500).kind === "room") outbox.store(entry(next++, 500, 0));
		expect(outbox.store(entry(next, 500))).toEqual({
			kind: "full",
			victims: [{ first: 3, last: 4, count: 2 }],
		});
		expect(outbox.makeRoom(entry(next, 200, 2))).toEqual({ kind: "stored" });
		const gap = next++;
		for (const sequence of [1, 2, 5]) expect(outbox.read(sequence)).toBeDefined();
		for (const sequence of [3, 4]) expect(outbox.read(sequence)).toBeUndefined();
		while (outbox.room(500).kind === "room") outbox.store(entry(next++, 500, 0));
		const again = outbox.room(500);
		expect(again).toEqual({ kind: "full", victims: [{ first: 3, last: gap, count: 5 }] });
		outbox.makeRoom(entry(next, 200, 2));
		for (const life of [outbox, mount(chip)]) {
			const waiting = life.waiting(undefined, 100).map(({ sequence }) => sequence);
			expect(waiting.includes(gap)).toBe(false);
			expect(waiting.includes(next)).toBe(true);
			expect(waiting.slice(0, 3)).toEqual([1, 2, 7]);
		}
	});

	it("refuses too long a record before it writes anything", () => {
		const chip = new NORFlash({ blocks: 4 });
		const outbox = mount(chip);
		expect(outbox.store(entry(1, 1025)).kind).toBe("too-large");
		expect(chip.programs).toBe(0);
		expect(outbox.store(entry(1, 1024)).kind).toBe("stored");
		expect(() => outbox.store({ ...entry(2), bytes: new Uint8Array(0) })).toThrow(RangeError);
		expect(() => outbox.store(entry(1))).toThrow("used once");
	});

	it("takes a block that wears out out of use, and keeps its records", () => {
		const chip = new NORFlash({ blocks: 9 });
		let outbox = mount(chip);
		for (let sequence = 1; sequence <= 6; sequence++) outbox.store(entry(sequence, 900, 2));
		chip.wearOut(1);
		chip.wearOut(4);
		let next = 7;
		for (let round = 0; round < 300; round++) {
			next = storeAnyway(outbox, next, 300);
			for (let sequence = 1; sequence <= 6; sequence++) {
				expect(outbox.read(sequence)?.bytes).toEqual(bytesOf(sequence, 900));
			}
			if (round === 200) expect(outbox.status().wornBlocks).toBe(2);
			if (round % 50 === 49) outbox = mount(chip);
		}
	});

	it("goes on when any two blocks wear out at once, also the next two to be used", () => {
		for (let first = 0; first < 9; first++) {
			for (let second = first + 1; second < 9; second++) {
				const chip = new NORFlash({ blocks: 9 });
				let outbox = mount(chip);
				let next = 1;
				// Short lives: each leaves a block that holds little, and all of that is needed.
				for (let life = 0; life < 8; life++) {
					outbox = mount(chip);
					for (let count = 0; count < 2; count++) next = storeAnyway(outbox, next);
				}
				chip.wearOut(first);
				chip.wearOut(second);
				for (let count = 0; count < 60; count++) next = storeAnyway(outbox, next);
				for (const { sequence } of outbox.waiting(undefined, 100)) {
					expect(outbox.read(sequence)?.bytes.length).toBeGreaterThan(199);
				}
			}
		}
	});

	it("fails with storage-worn when no block is left, and still gives back what it has", () => {
		const chip = new NORFlash({ blocks: 4 });
		const outbox = mount(chip);
		expect(outbox.store(entry(1)).kind).toBe("stored");
		for (let block = 0; block < 4; block++) chip.wearOut(block);
		expect(outbox.store(entry(2))).toEqual({ kind: "failed", code: "storage-worn" });
		expect(outbox.store(entry(3))).toEqual({ kind: "failed", code: "storage-worn" });
		expect(outbox.read(1)?.bytes).toEqual(bytesOf(1));
		expect(mount(chip).read(1)?.bytes).toEqual(bytesOf(1));
	});

	it("notices a program that flash did not keep", () => {
		const chip = new NORFlash({ blocks: 8 });
		const flash = chip.open();
		let spoilt = 3;
		const outbox = Outbox.mount({
			flash: {
				read: (byteLength, byteOffset) => flash.read(byteLength, byteOffset),
				write(bytes, byteOffset) {
					const copy = new Uint8Array(bytes).slice();
					if (spoilt-- === 0) copy[40] = 0;
					flash.write(copy, byteOffset);
				},
				eraseBlock: (start, end) => flash.eraseBlock(start, end),
				status: () => flash.status(),
				close: () => flash.close(),
			},
		});
		if (outbox.kind !== "mounted") throw new Error(outbox.code);
		for (let sequence = 1; sequence <= 5; sequence++) {
			expect(outbox.outbox.store(entry(sequence)).kind).toBe("stored");
		}
		expect(outbox.outbox.status().wornBlocks).toBe(1);
		for (let sequence = 1; sequence <= 5; sequence++) {
			expect(mount(chip).read(sequence)?.bytes).toEqual(bytesOf(sequence));
		}
	});
});
