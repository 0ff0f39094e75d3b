// Key-value storage, flash, keys and crypto in C, each behind its port on XS and against its
// checklist.
import { engine } from "../support/engine.js";
import { TemporaryFolder } from "../support/temporary-folder.js";

describe("storage and keys on XS", () => {
	let folder: TemporaryFolder;
	beforeEach(() => {
		folder = new TemporaryFolder();
	});
	afterEach(() => folder.remove());

	engine.it("key-value storage and flash", async () => {
		const bundle = engine.bundle("storage", ["test/engine/native/storage.ts"]);
		expect(engine.summary(await engine.run(bundle, [folder.path])).failed).toEqual([]);
	});

	engine.it("keys and crypto, in two lives", async () => {
		const bundle = engine.bundle("keys", ["test/engine/native/keys.ts"]);
		for (let life = 0; life < 2; life++) {
			expect(engine.summary(await engine.run(bundle, [folder.path])).failed).toEqual([]);
		}
	});
});
