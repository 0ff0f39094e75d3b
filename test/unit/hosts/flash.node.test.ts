// Flash partitions in files: what NOR forbids is refused, what was programmed is there in the next
// life.
import { readFileSync, statSync, truncateSync } from "node:fs";
import { join } from "node:path";
import { FlashFiles } from "../../../hosts/node/flash.js";
import type { FlashPartition } from "../../../src/ports.js";
import { TemporaryFolder } from "../../support/temporary-folder.js";

const SIZE = 4 * 4096;

let folder: TemporaryFolder;

beforeEach(() => {
	folder = new TemporaryFolder();
});

afterEach(() => folder.remove());

function openOutbox(sync: "always" | "none" = "always", mode?: "r"): FlashPartition {
	const flash = new FlashFiles({ folder: folder.path, partitions: { outbox: SIZE }, sync });
	return flash.open({ path: "outbox", ...(mode && { mode }) });
}

function unit(byte: number, count = 1): Uint8Array {
	return new Uint8Array(32 * count).fill(byte);
}

describe("FlashFiles", () => {
	it("starts blank and tells its geometry", () => {
		const flash = openOutbox();
		const [blocks, blockLength, writeAlign, eraseValue] = [4, 4096, 32, 0xff];
		expect(flash.status()).toEqual({ size: SIZE, blocks, blockLength, writeAlign, eraseValue });
		expect(new Uint8Array(flash.read(SIZE, 0)).every((byte) => byte === 0xff)).toBe(true);
	});

	it("keeps programmed units, in place, with and without sync", () => {
		for (const sync of ["always", "none"] as const) {
			const flash = openOutbox(sync);
			flash.write(unit(sync.length, 2), 4096 - 32);
			flash.close();
			const again = openOutbox(sync);
			expect(new Uint8Array(again.read(64, 4096 - 32))).toEqual(unit(sync.length, 2));
			expect(new Uint8Array(again.read(1, 4096 + 32))).toEqual(Uint8Array.of(0xff));
			again.eraseBlock(0, 4);
			again.close();
		}
		expect(statSync(join(folder.path, "outbox.flash")).size).toBe(SIZE);
		expect(readFileSync(join(folder.path, "outbox.flash")).every((byte) => byte === 255)).toBe(
			true,
		);
	});

	it("refuses to program a unit twice, until its block is erased", () => {
		const flash = openOutbox();
		flash.write(unit(1), 64);
		expect(() => flash.write(unit(0), 64)).toThrow("twice");
		// A write that covers a used unit programs nothing at all.
		expect(() => flash.write(unit(2, 3), 32)).toThrow("twice");
		expect(new Uint8Array(flash.read(32, 32))).toEqual(unit(0xff));
		flash.close();
		const again = openOutbox();
		expect(() => again.write(unit(1), 64)).toThrow("twice");
		again.eraseBlock(0);
		again.write(unit(2), 64);
		expect(new Uint8Array(again.read(32, 64))).toEqual(unit(2));
	});

	it("refuses what is not whole, aligned units inside the partition", () => {
		const flash = openOutbox();
		expect(() => flash.write(unit(1), 16)).toThrow("byteOffset");
		expect(() => flash.write(new Uint8Array(31), 0)).toThrow("units");
		expect(() => flash.write(unit(1), SIZE)).toThrow(RangeError);
		expect(() => flash.write(unit(1), -32)).toThrow(RangeError);
		expect(() => flash.write("text" as never, 0)).toThrow(TypeError);
		expect(() => flash.read(33, SIZE - 32)).toThrow(RangeError);
		expect(() => flash.read(-1, 0)).toThrow(RangeError);
		expect(() => flash.read(1.5, 0)).toThrow(TypeError);
	});

	it("erases whole blocks only, from start up to end", () => {
		const flash = openOutbox();
		for (let block = 0; block < 4; block++) flash.write(unit(block), block * 4096);
		flash.eraseBlock(1, 3);
		const first = [0, 1, 2, 3].map((block) => new Uint8Array(flash.read(1, block * 4096))[0]);
		expect(first).toEqual([0, 0xff, 0xff, 3]);
		expect(() => flash.eraseBlock(4)).toThrow(RangeError);
		expect(() => flash.eraseBlock(2, 2)).toThrow(RangeError);
		expect(() => flash.eraseBlock(0, 5)).toThrow(RangeError);
		expect(() => flash.eraseBlock(0.5)).toThrow(TypeError);
	});

	it("constructor-invalid: checks options, partition names and modes", () => {
		const options = { folder: folder.path, partitions: { outbox: SIZE } };
		expect(() => new FlashFiles({ ...options, folder: "" })).toThrow("folder");
		expect(() => new FlashFiles({ ...options, partitions: { outbox: 100 } })).toThrow("outbox");
		expect(() => new FlashFiles({ ...options, sync: "often" as never })).toThrow("sync");
		const flash = new FlashFiles(options);
		expect(() => flash.open({ path: "nvs" })).toThrow("no such partition");
		expect(() => flash.open({ path: "toString" })).toThrow("no such partition");
		expect(() => flash.open({ path: "outbox", mode: "w" as never })).toThrow("mode");
	});

	it("reads but does not program a partition opened for reading", () => {
		openOutbox().write(unit(7), 0);
		const flash = openOutbox("always", "r");
		expect(new Uint8Array(flash.read(32, 0))).toEqual(unit(7));
		expect(() => flash.write(unit(1), 32)).toThrow("read only");
		expect(() => flash.eraseBlock(0)).toThrow("read only");
	});

	it("close, close-twice, use-after-close, invalid-receiver", () => {
		const flash = openOutbox();
		flash.close();
		flash.close();
		expect(() => flash.read(1, 0)).toThrow("closed");
		expect(() => flash.write(unit(1), 0)).toThrow("closed");
		expect(() => flash.eraseBlock(0)).toThrow("closed");
		expect(() => flash.status()).toThrow("closed");
		const stranger = Object.create(Object.getPrototypeOf(flash) as object) as FlashPartition;
		expect(() => stranger.read(1, 0)).toThrow(TypeError);
		expect(() => stranger.close()).toThrow(TypeError);
	});

	it("reports an image of another size as unreadable", () => {
		openOutbox().close();
		truncateSync(join(folder.path, "outbox.flash"), SIZE - 4096);
		expect(() => openOutbox()).toThrow("size");
	});
});
