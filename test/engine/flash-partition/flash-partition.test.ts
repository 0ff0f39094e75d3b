// Flash partitions in C on Linux: what NOR forbids is refused, and nothing outside is touched.
import { execFileSync } from "node:child_process";
import { buildProgram, describeWhere, missingFor } from "../../support/c-program.js";
import { TemporaryFolder } from "../../support/temporary-folder.js";

const WRAPPED = ["pwrite", "fsync", "fdatasync", "rename", "ftruncate"];

describeWhere(missingFor("gcc", { "stdlib.h": "libc6-dev" }), "flash partition in C", () => {
	let program: string;
	let folder: TemporaryFolder;
	beforeAll(() => {
		program = buildProgram({
			name: "flash-partition",
			sources: [
				"test/engine/flash-partition/nor.c",
				"test/engine/nvs/power.c",
				"modules/flash-partition/flash-partition-linux.c",
			],
			includes: ["modules/flash-partition", "test/engine/nvs"],
			flags: [`-Wl,${WRAPPED.map((call) => `--wrap=${call}`).join(",")}`],
		});
	});
	beforeEach(() => {
		folder = new TemporaryFolder();
	});
	afterEach(() => folder.remove());

	const uses: Readonly<Record<string, string>> = {
		programming: "programs a unit once between erases, and erases whole blocks",
		bounds: "refuses what is outside, and what is not whole units",
		table: "opens the partitions of its table in the size that they have",
		failing: "tells that flash is worn, and works when it is not",
	};
	for (const [use, behaviour] of Object.entries(uses)) {
		it(behaviour, () => {
			expect(execFileSync(program, [use, folder.path], { encoding: "utf8" })).toBe("");
		});
	}
});
