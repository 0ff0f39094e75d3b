import { storageCodeOf } from "../../src/storage-code.js";

describe("storageCodeOf", () => {
	it("names what storage threw", () => {
		for (const code of ["storage-worn", "storage-full", "storage-unreadable"]) {
			expect(storageCodeOf(Object.assign(new Error("flash"), { code }))).toBe(code);
		}
	});

	it("throws on what is not storage's: a bug is not swallowed", () => {
		const others = [new Error("bug"), Object.assign(new Error("socket"), { code: "tcp" }), null];
		for (const other of [...others, undefined, "text"]) {
			let thrown: unknown = "nothing";
			try {
				storageCodeOf(other);
			} catch (error) {
				thrown = error;
			}
			expect(thrown).toBe(other);
		}
	});
});
