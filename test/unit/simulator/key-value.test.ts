import { VirtualKeyValue } from "../../../hosts/simulator/key-value.js";
import { PowerCut, PowerSupply } from "../../../hosts/simulator/power.js";
import { KEY_VALUE_BYTES_MAX } from "../../../src/limits.js";

const one = Uint8Array.of(1);
const two = Uint8Array.of(2);

describe("VirtualKeyValue", () => {
	it("keeps copies under path and key", () => {
		const storage = new VirtualKeyValue();
		const store = storage.open({ path: "hf-a", format: "buffer" });
		const value = Uint8Array.of(1, 2, 3);
		store.write("key", value);
		value[0] = 9;
		expect([...new Uint8Array(store.read("key") as ArrayBuffer)]).toEqual([1, 2, 3]);
		expect(storage.open({ path: "hf-b", format: "buffer" }).read("key")).toBeUndefined();
		expect([...store]).toEqual(["key"]);
		store.delete("key");
		expect(store.read("key")).toBeUndefined();
		expect(storage.writes).toBe(2);
	});

	it("enforces the limits of NVS", () => {
		const storage = new VirtualKeyValue({ capacityBytes: 9000 });
		const store = storage.open({ path: "123456789012345", format: "buffer" });
		expect(() => storage.open({ path: "1234567890123456", format: "buffer" })).toThrow(RangeError);
		expect(() => store.write("1234567890123456", one)).toThrow(RangeError);
		expect(() => store.write("", one)).toThrow(RangeError);
		expect(() => store.write("\u00e9", one)).toThrow(RangeError);
		expect(() => store.write("key", new Uint8Array(KEY_VALUE_BYTES_MAX + 1))).toThrow(RangeError);
		store.write("key", new Uint8Array(KEY_VALUE_BYTES_MAX));
		store.write("key", new Uint8Array(KEY_VALUE_BYTES_MAX));
		expect(() => store.write("more", new Uint8Array(1000))).toThrow("no room");
		store.close();
		expect(() => store.read("key")).toThrow("closed");
	});

	it("leaves the old value or the new one after a power cut", () => {
		const found = new Set<number>();
		for (const manner of ["before", "after", "torn"] as const) {
			for (let seed = 0; seed < 8; seed++) {
				const power = new PowerSupply();
				const storage = new VirtualKeyValue({ power });
				storage.plant("hf-a", "key", one);
				power.planCut({ operation: 1, manner, seed });
				const store = storage.open({ path: "hf-a", format: "buffer" });
				expect(() => store.write("key", two)).toThrow(PowerCut);
				expect(() => store.read("key")).toThrow(PowerCut);
				const value = (storage.peek("hf-a", "key") as Uint8Array)[0] as number;
				if (manner === "before") expect(value).toBe(1);
				if (manner === "after") expect(value).toBe(2);
				if (manner === "torn") found.add(value);
			}
		}
		expect([...found].sort()).toEqual([1, 2]);
	});

	it("fails to write, or cannot be read, as long as it is told to", () => {
		const storage = new VirtualKeyValue();
		const store = storage.open({ path: "hf-a", format: "buffer" });
		store.write("key", one);
		storage.writeFault = "storage-worn";
		expect(() => store.write("key", two)).toThrow("write failed");
		expect(() => store.delete("key")).toThrow("write failed");
		expect([...new Uint8Array(store.read("key") as ArrayBuffer)]).toEqual([1]);
		storage.writeFault = undefined;
		storage.isUnreadable = true;
		expect(() => store.read("key")).toThrow("read failed");
		expect(() => [...store]).toThrow("read failed");
		expect(() => storage.open({ path: "hf-a", format: "buffer" })).toThrow("read failed");
		storage.isUnreadable = false;
		store.write("key", two);
		expect([...new Uint8Array(store.read("key") as ArrayBuffer)]).toEqual([2]);
	});
});
