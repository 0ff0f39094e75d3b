// Key-value storage and flash on XS, against the checklist of every module. The program's first
// argument is a folder for what survives.
import { program } from "../../../hosts/linux/program.js";
import { flashPartitions } from "../../../modules/flash-partition/flash-partition.js";
import { nvs } from "../../../modules/nvs/nvs.js";
import type { FlashPartition, KeyValueStore } from "../../../src/ports.js";

program.setVariable("HOLDFAST_STATE", program.arguments[0] as string);
program.setVariable("HOLDFAST_FLASH_KIB", "16");

const hostile = [undefined, null, 1, "x", {}, [], Symbol("x"), () => 1, Object.create(null)];

function openStore(path = "hf-test"): KeyValueStore {
	return nvs.open({ path, format: "buffer" });
}

function openFlash(): FlashPartition {
	return flashPartitions.open({ path: "outbox" });
}

function bytes(...values: number[]): Uint8Array {
	return Uint8Array.from(values);
}

function listOf(buffer: ArrayBuffer | undefined): number[] | undefined {
	return buffer && [...new Uint8Array(buffer)];
}

/** The code of the error that `act` throws. */
function codeOf(act: () => unknown): unknown {
	try {
		act();
	} catch (error) {
		return (error as { code?: unknown }).code;
	}
	return "nothing was thrown";
}

/** Calls every method of `object` with wrong receivers. */
function refusesStrangers(object: object, others: readonly unknown[]): void {
	const prototype = Object.getPrototypeOf(object) as object;
	for (const name of Reflect.ownKeys(prototype)) {
		if (name === "constructor") continue;
		const method = Reflect.get(prototype, name) as (this: unknown) => unknown;
		for (const other of [...hostile, ...others]) {
			expect(() => method.call(other)).toThrow();
		}
	}
}

describe("nvs", () => {
	it("constructor: takes options and ignores unknown ones", () => {
		const options = Object.freeze({ path: "hf-test", format: "buffer", other: 1 } as const);
		nvs.open(options).close();
		nvs.open({ path: "0123456789abcde", format: "buffer", mode: "r+" }).close();
		nvs.open({ path: "0123456789abcde", format: "buffer", mode: "r" }).close();
	});

	it("constructor-invalid: names the wrong option", () => {
		const good = { path: "p", format: "buffer" };
		for (const options of [undefined, null, 1, "x"]) {
			expect(() => nvs.open(options as never)).toThrow(TypeError);
		}
		for (const path of [undefined, null, 1, "", "\n", "é", {}, "0123456789abcdef"]) {
			expect(() => nvs.open({ ...good, path } as never)).toThrow("path");
		}
		for (const format of [undefined, 1, "string", "", "uint8"]) {
			expect(() => nvs.open({ ...good, format } as never)).toThrow("format");
		}
		for (const mode of [null, 1, "w", "", "r++", "read"]) {
			expect(() => nvs.open({ ...good, mode } as never)).toThrow("mode");
		}
		const absent = { path: "hf-absent", format: "buffer", mode: "r" } as const;
		expect(codeOf(() => nvs.open(absent))).toBe("storage-unreadable");
	});

	it("close, close-twice, use-after-close", () => {
		const store = openStore();
		store.close();
		store.close();
		expect(() => store.read("key")).toThrow("closed");
		expect(() => store.write("key", bytes(1))).toThrow("closed");
		expect(() => store.delete("key")).toThrow("closed");
		expect(() => [...store]).toThrow("closed");
	});

	it("invalid-receiver", () => {
		refusesStrangers(openStore(), [openFlash()]);
	});

	it("format: gives and takes copies of bytes", () => {
		const store = openStore();
		const value = bytes(1, 2, 3, 4);
		store.write("view", value.subarray(1, 3));
		store.write("buffer", value.buffer as ArrayBuffer);
		store.write("empty", new ArrayBuffer(0));
		value.fill(0);
		expect(listOf(store.read("view"))).toEqual([2, 3]);
		new Uint8Array(store.read("view") as ArrayBuffer).fill(0);
		expect(listOf(store.read("view"))).toEqual([2, 3]);
		expect(listOf(store.read("buffer"))).toEqual([1, 2, 3, 4]);
		expect(listOf(store.read("empty"))).toEqual([]);
		expect(store.read("absent")).toBeUndefined();
		for (const wrong of [...hostile, openStore(), new Uint16Array(2)]) {
			expect(() => store.write("key", wrong as never)).toThrow(TypeError);
		}
	});

	it("refuses keys and values beyond the limits", () => {
		const store = openStore();
		for (const key of [undefined, null, 1, "", "é", "\0", "0123456789abcdef", {}]) {
			expect(() => store.read(key as never)).toThrow("key");
			expect(() => store.write(key as never, bytes(1))).toThrow("key");
			expect(() => store.delete(key as never)).toThrow("key");
		}
		expect(() => store.write("key", new Uint8Array(8001))).toThrow(RangeError);
		store.write("long", new Uint8Array(8000).fill(7));
		expect(store.read("long")?.byteLength).toBe(8000);
		store.delete("long");
	});

	it("lists, replaces and deletes keys, each path for itself", () => {
		const store = openStore("hf-list");
		for (const key of ["a", "A", " ", "0123456789abcde"]) store.write(key, bytes(1));
		store.write("a", bytes(2));
		openStore("hf-other").write("b", bytes(3));
		store.delete("A");
		store.delete("A");
		expect([...store].sort()).toEqual([" ", "0123456789abcde", "a"]);
		expect(listOf(store.read("a"))).toEqual([2]);
		for (const key of store) store.delete(key);
		expect([...store]).toEqual([]);
	});

	it("write-overflow: is full as a partition is, and has room again after a delete", () => {
		const store = openStore("hf-full");
		const written: string[] = [];
		let code: unknown;
		while (written.length < 20 && code === undefined) {
			const key = `value ${written.length}`;
			try {
				store.write(key, new Uint8Array(8000));
				written.push(key);
			} catch (error) {
				code = (error as { code?: unknown }).code;
			}
		}
		expect([code, written.length]).toEqual(["storage-full", 7]);
		store.delete("value 0");
		store.write("value 7", new Uint8Array(7000));
		for (const key of [...store]) store.delete(key);
	});

	it("does not write through a store that was opened for reading", () => {
		const reading = nvs.open({ path: "hf-test", format: "buffer", mode: "r" });
		expect(listOf(reading.read("view"))).toEqual([2, 3]);
		expect(() => reading.write("view", bytes(1))).toThrow("read only");
		expect(() => reading.delete("view")).toThrow("read only");
	});

	it("can be opened and forgotten: what is collected is closed", () => {
		for (let count = 0; count < 2000; count++) {
			openStore();
			if (count % 30 === 0) program.memory({ isCollecting: true });
		}
	});
});

describe("flash partition", () => {
	it("constructor and constructor-invalid", () => {
		flashPartitions.open(Object.freeze({ path: "log", mode: "r", other: 1 } as const)).close();
		for (const options of [undefined, null, 1, "x"]) {
			expect(() => flashPartitions.open(options as never)).toThrow(TypeError);
		}
		for (const path of [undefined, null, 1, "", {}, "0123456789abcdef"]) {
			expect(() => flashPartitions.open({ path } as never)).toThrow("path");
		}
		expect(() => flashPartitions.open({ path: "log", mode: "w" } as never)).toThrow("mode");
		expect(codeOf(() => flashPartitions.open({ path: "../log" }))).toBe("storage-unreadable");
	});

	it("close, close-twice, use-after-close", () => {
		const flash = openFlash();
		flash.close();
		flash.close();
		expect(() => flash.read(1, 0)).toThrow("closed");
		expect(() => flash.write(new Uint8Array(32), 0)).toThrow("closed");
		expect(() => flash.eraseBlock(0)).toThrow("closed");
		expect(() => flash.status()).toThrow("closed");
	});

	it("invalid-receiver", () => {
		refusesStrangers(openFlash(), [openStore()]);
	});

	it("tells its geometry", () => {
		expect(openFlash().status()).toEqual({
			size: 16_384,
			blockLength: 4096,
			blocks: 4,
			writeAlign: 32,
			eraseValue: 255,
		});
	});

	it("format: programs units once between erases", () => {
		const flash = openFlash();
		flash.eraseBlock(0, 4);
		flash.write(new Uint8Array(64).fill(5).subarray(16, 48), 32);
		flash.write(new Uint8Array(32).fill(6).buffer, 64);
		expect(listOf(flash.read(4, 30))).toEqual([255, 255, 5, 5]);
		expect(listOf(flash.read(4, 62))).toEqual([5, 5, 6, 6]);
		expect(() => flash.write(new Uint8Array(32), 32)).toThrow("twice");
		flash.eraseBlock(0);
		expect(listOf(flash.read(2, 32))).toEqual([255, 255]);
		expect(flash.read(0, 16_384).byteLength).toBe(0);
	});

	it("write-overflow: refuses what is outside or not whole units", () => {
		const flash = openFlash();
		const unit = new Uint8Array(32);
		for (const [length, offset] of [
			[1, 16_384],
			[16_385, 0],
			[-1, 0],
			[1, -1],
			[2 ** 32, 0],
			[1, 2 ** 32],
			[NaN, 0],
			[Infinity, 0],
		] as const) {
			expect(() => flash.read(length, offset)).toThrow(RangeError);
		}
		for (const length of [1.5, "1", null, undefined, {}]) {
			expect(() => flash.read(length as never, 0)).toThrow(TypeError);
		}
		expect(() => flash.write(unit, 16_384)).toThrow(RangeError);
		expect(() => flash.write(unit, 1)).toThrow(TypeError);
		expect(() => flash.write(unit.subarray(1), 0)).toThrow(TypeError);
		expect(() => flash.write(new Uint8Array(32_768), 0)).toThrow(RangeError);
		for (const wrong of [...hostile, flash]) {
			expect(() => flash.write(wrong as never, 0)).toThrow(TypeError);
		}
		for (const [start, end] of [
			[4, undefined],
			[0, 5],
			[1, 1],
			[2, 1],
			[-1, 1],
		] as const) {
			expect(() => flash.eraseBlock(start, end)).toThrow(RangeError);
		}
	});

	it("does not write through a partition that was opened for reading", () => {
		const flash = flashPartitions.open({ path: "outbox", mode: "r" });
		expect(() => flash.write(new Uint8Array(32), 0)).toThrow("read only");
		expect(() => flash.eraseBlock(0)).toThrow("read only");
	});
});
