import { NORFlash } from "../../../hosts/simulator/flash.js";
import { Random } from "../../../hosts/simulator/random.js";
import { fromHex, toHex } from "../../../src/bytes/hex.js";
import { decodeUTF8, encodeUTF8 } from "../../../src/bytes/text.js";
import { Outbox } from "../../../src/outbox/outbox.js";
import vector from "../../vectors/outbox.json" with { type: "json" };

function mount(chip: NORFlash): Outbox {
	const mounted = Outbox.mount({ flash: chip.open() });
	if (mounted.kind !== "mounted") throw new Error(mounted.code);
	return mounted.outbox;
}

/** A chip whose first block holds `units`, and after them what a life left erased. */
function chipOf(units: readonly string[]): NORFlash {
	const chip = new NORFlash({ blocks: 4 });
	units.forEach((unit, index) => chip.plant(fromHex(unit) as Uint8Array, index * 32));
	return chip;
}

function sequencesOf(outbox: Outbox): number[] {
	return outbox.waiting(undefined, 10_000).map(({ sequence }) => sequence);
}

const RECORD = vector.units.slice(0, 4);

describe("recovery", () => {
	// FORMAT.md, "Example"
	it("reads the example of the format", () => {
		const alone = mount(chipOf(RECORD));
		expect(alone.waiting(undefined, 10)).toEqual([{ sequence: 7, channel: 0 }]);
		expect(decodeUTF8(alone.read(7)?.bytes as Uint8Array)).toBe(vector.record.text);
		expect(alone.lastSequence).toBe(7);
		const whole = mount(chipOf(vector.units));
		expect(whole.waiting(undefined, 10)).toEqual([{ sequence: 10, channel: 1 }]);
		expect(decodeUTF8(whole.read(10)?.bytes as Uint8Array)).toBe(vector.gap.text);
		expect(whole.lastSequence).toBe(10);
	});

	it("writes the example of the format", () => {
		const chip = new NORFlash({ blocks: 4 });
		const outbox = mount(chip);
		const bytes = encodeUTF8(vector.record.text);
		expect(outbox.store({ sequence: 7, channel: 0, recordClass: 0, bytes }).kind).toBe("stored");
		outbox.remove(7);
		outbox.flush();
		expect(toHex(chip.image().subarray(0, 5 * 32))).toBe(vector.units.slice(0, 5).join(""));
	});

	it("yields nothing of a record of which any bit is wrong", () => {
		for (let unit = 0; unit < RECORD.length; unit++) {
			// The last body unit has 2 bytes of the record; the rest is filling.
			const bits = unit === 3 ? 3 * 8 : 256;
			for (let bit = 0; bit < bits; bit++) {
				const units = [...RECORD];
				const bytes = fromHex(units[unit] as string) as Uint8Array;
				bytes[bit >> 3] = (bytes[bit >> 3] as number) ^ (1 << (bit & 7));
				units[unit] = toHex(bytes);
				expect(sequencesOf(mount(chipOf(units)))).toEqual([]);
			}
		}
	});

	it("goes on behind a unit that is not whole", () => {
		const units = [...vector.units];
		units[1] = "00".repeat(32); // the header of record 7: its body must not be mistaken for units
		expect(sequencesOf(mount(chipOf(units)))).toEqual([10]);
	});

	it("ignores units of another epoch and of another place", () => {
		expect(sequencesOf(mount(chipOf([RECORD[0] as string, ...RECORD])))).toEqual([]);
		const other = chipOf(RECORD);
		// The header of the second block is that of the first, which is not its own place's epoch.
		other.plant(fromHex(RECORD.join("")) as Uint8Array, 4096);
		expect(sequencesOf(mount(other))).toEqual([7]);
	});

	it("takes noise, and any mixture of noise and records, for an outbox without them", () => {
		for (let seed = 0; seed < 50; seed++) {
			const random = new Random(seed);
			const chip = new NORFlash({ blocks: 4 });
			chip.plant(random.bytes(4 * 4096), 0);
			const outbox = mount(chip);
			expect(sequencesOf(outbox)).toEqual([]);
			expect(outbox.lastSequence).toBeUndefined();
			const bytes = random.bytes(100);
			expect(outbox.store({ sequence: 1, channel: 0, recordClass: 0, bytes }).kind).toBe("stored");
			expect(mount(chip).read(1)?.bytes).toEqual(bytes);
		}
	});

	it("refuses a partition that is too small, or of other units", () => {
		const flash = new NORFlash({ blocks: 3 }).open();
		expect(Outbox.mount({ flash })).toEqual({ kind: "unusable", code: "storage-geometry" });
	});
});
