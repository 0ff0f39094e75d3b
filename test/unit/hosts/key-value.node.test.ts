// Key-value storage in files has the rules of NVS. That it survives SIGKILL is tested with a board.
import { readdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { KeyValueFiles } from "../../../hosts/node/key-value.js";
import type { KeyValueStore } from "../../../src/ports.js";
import { TemporaryFolder } from "../../support/temporary-folder.js";

let folder: TemporaryFolder;

beforeEach(() => {
	folder = new TemporaryFolder();
});

afterEach(() => folder.remove());

function openStore(path = "hf-test"): KeyValueStore {
	return new KeyValueFiles({ folder: folder.path }).open({ path, format: "buffer" });
}

function textOf(value: ArrayBuffer | undefined): string | undefined {
	return value && Buffer.from(value).toString();
}

describe("KeyValueFiles", () => {
	it("keeps what was written, for the next life too", () => {
		const store = openStore();
		store.write("one", Buffer.from("first"));
		store.write("one", Uint8Array.from(Buffer.from("1")).buffer);
		store.write("empty", new Uint8Array(0));
		store.close();
		const again = openStore();
		expect(textOf(again.read("one"))).toBe("1");
		expect(again.read("empty")?.byteLength).toBe(0);
		expect(again.read("two")).toBeUndefined();
		expect(openStore("hf-other").read("one")).toBeUndefined();
	});

	it("lists and deletes keys, whatever their characters and their case", () => {
		const store = openStore();
		const keys = ["a", "A", "..", "a/b", "%41", " ", "tls-0", "~!*'()"];
		for (const key of keys) store.write(key, Buffer.from(key));
		expect([...store].sort()).toEqual([...keys].sort());
		for (const key of keys) expect(textOf(store.read(key))).toBe(key);
		store.delete("a");
		store.delete("a");
		expect(store.read("a")).toBeUndefined();
		expect(textOf(store.read("A"))).toBe("A");
	});

	it("gives and takes copies", () => {
		const store = openStore();
		const value = Buffer.from("value");
		store.write("key", value);
		value.fill(0);
		new Uint8Array(store.read("key") as ArrayBuffer).fill(0);
		expect(textOf(store.read("key"))).toBe("value");
	});

	it("enforces the limits of NVS", () => {
		const storage = new KeyValueFiles({ folder: folder.path });
		for (const path of ["", "0123456789abcdef", "é", undefined]) {
			expect(() => storage.open({ path: path as string, format: "buffer" })).toThrow("path");
		}
		expect(() => storage.open({ path: "p", format: "string" as never })).toThrow("format");
		expect(() => storage.open({ path: "p", format: "buffer", mode: "w" as never })).toThrow("mode");
		const store = openStore();
		expect(() => store.write("0123456789abcdef", Buffer.of(1))).toThrow("key");
		expect(() => store.write("", Buffer.of(1))).toThrow("key");
		expect(() => store.read("é")).toThrow("key");
		expect(() => store.write("key", "text" as never)).toThrow(TypeError);
		expect(() => store.write("key", new Uint8Array(8001))).toThrow(RangeError);
		store.write("key", new Uint8Array(8000));
	});

	it("is full as a partition is, and has room again after a delete", () => {
		const options = { folder: folder.path, partitionBytes: 0x6000 };
		const store = new KeyValueFiles(options).open({ path: "p", format: "buffer" });
		store.write("large", new Uint8Array(8000));
		store.write("small", new Uint8Array(3000));
		expect(codeOf(() => store.write("large", new Uint8Array(8000)))).toBe("none");
		store.write("more", new Uint8Array(4000));
		// The new value needs room beside the old one, as in NVS.
		expect(codeOf(() => store.write("large", new Uint8Array(8000)))).toBe("storage-full");
		const later = new KeyValueFiles(options).open({ path: "q", format: "buffer" });
		expect(codeOf(() => later.write("large", new Uint8Array(8000)))).toBe("storage-full");
		store.delete("more");
		expect(codeOf(() => store.write("large", new Uint8Array(8000)))).toBe("none");
	});

	it("does not write a store opened for reading, and finds none that is not there", () => {
		const storage = new KeyValueFiles({ folder: folder.path });
		const open = () => storage.open({ path: "hf-test", format: "buffer", mode: "r" });
		expect(codeOf(open)).toBe("storage-unreadable");
		openStore().write("key", Buffer.from("value"));
		expect(textOf(open().read("key"))).toBe("value");
		expect(() => open().write("key", Buffer.of(1))).toThrow("read only");
		expect(() => open().delete("key")).toThrow("read only");
	});

	it("close, close-twice, use-after-close, invalid-receiver", () => {
		const store = openStore();
		store.close();
		store.close();
		expect(() => store.read("key")).toThrow("closed");
		expect(() => store.write("key", Buffer.of(1))).toThrow("closed");
		expect(() => store.delete("key")).toThrow("closed");
		expect(() => [...store]).toThrow("closed");
		const stranger = Object.create(Object.getPrototypeOf(store) as object) as KeyValueStore;
		expect(() => stranger.read("key")).toThrow(TypeError);
		expect(() => stranger.close()).toThrow(TypeError);
	});

	it("lets nobody but its owner read", () => {
		openStore().write("key", Buffer.from("value"));
		const inside = join(folder.path, "hf-test");
		expect(statSync(inside).mode & 0o077).toBe(0);
		expect(statSync(join(inside, "key.value")).mode & 0o077).toBe(0);
	});

	it("removes what an interrupted write left, and reads the old value", () => {
		openStore().write("key", Buffer.from("old"));
		writeFileSync(join(folder.path, "hf-test", "key.temporary"), "half of the ne");
		const store = openStore();
		expect(textOf(store.read("key"))).toBe("old");
		expect([...store]).toEqual(["key"]);
		expect(readdirSync(join(folder.path, "hf-test"))).toEqual(["key.value"]);
	});
});

function codeOf(action: () => unknown): string {
	try {
		action();
		return "none";
	} catch (error) {
		return (error as { code: string }).code;
	}
}
