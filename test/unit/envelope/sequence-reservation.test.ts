import { VirtualKeyValue } from "../../../hosts/simulator/key-value.js";
import { SequenceReservation } from "../../../src/envelope/sequence-reservation.js";
import { SEQUENCE_BLOCK, SEQUENCE_LEAP } from "../../../src/limits.js";

const PATH = "hf-seq";

function reserve(storage: VirtualKeyValue, highestSeen?: number): SequenceReservation {
	return new SequenceReservation(storage.open({ path: PATH, format: "buffer" }), highestSeen);
}

describe("SequenceReservation", () => {
	it("begins at 1 on a new device and counts on", () => {
		const reservation = reserve(new VirtualKeyValue());
		expect([reservation.next(), reservation.next(), reservation.next()]).toEqual([1, 2, 3]);
	});

	it("writes once per block, and nothing before the first number is asked for", () => {
		const storage = new VirtualKeyValue();
		const reservation = reserve(storage);
		expect(storage.writes).toBe(0);
		for (let count = 0; count < SEQUENCE_BLOCK; count++) reservation.next();
		expect(storage.writes).toBe(1);
		expect(reservation.next()).toBe(SEQUENCE_BLOCK + 1);
		expect(storage.writes).toBe(2);
	});

	it("skips what an earlier life reserved", () => {
		const storage = new VirtualKeyValue();
		reserve(storage).next();
		expect(reserve(storage, 1).next()).toBe(SEQUENCE_BLOCK + 1);
	});

	it("leaps over all that may have been used when the stored value is lost, damaged or old", () => {
		const lost = new VirtualKeyValue();
		expect(reserve(lost, 5000).next()).toBe(5001 + SEQUENCE_LEAP);
		const old = new VirtualKeyValue();
		reserve(old).next();
		expect(reserve(old, 5000).next()).toBe(5001 + SEQUENCE_LEAP);
		const written = old.peek(PATH, "next") as Uint8Array;
		for (let byte = 0; byte < written.length; byte++) {
			const damaged = new VirtualKeyValue();
			const value = written.slice();
			value[byte] = (value[byte] as number) ^ 1;
			damaged.plant(PATH, "next", value);
			expect(reserve(damaged).next()).toBe(1 + SEQUENCE_LEAP);
		}
		const short = new VirtualKeyValue();
		short.plant(PATH, "next", written.subarray(0, 8));
		expect(reserve(short, 7).next()).toBe(8 + SEQUENCE_LEAP);
	});

	it("gives no number that it could not reserve", () => {
		const storage = new VirtualKeyValue({ capacityBytes: 10 });
		const reservation = reserve(storage);
		expect(() => reservation.next()).toThrow("no room");
		expect(() => reservation.next()).toThrow("no room");
	});

	it("ends, and does not repeat, where safe integers end", () => {
		const most = Number.MAX_SAFE_INTEGER - SEQUENCE_LEAP - 1 - SEQUENCE_BLOCK;
		expect(reserve(new VirtualKeyValue(), most).next()).toBeGreaterThan(most);
		const reservation = reserve(new VirtualKeyValue(), most + 2);
		expect(() => reservation.next()).toThrow(RangeError);
	});
});
