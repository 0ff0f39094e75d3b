// Builds a test program around nvs-linux.c, with the calls that change files in our hands, and runs
// it in folders that are gone afterwards.
import { execFileSync } from "node:child_process";
import { buildProgram, missingFor } from "../../support/c-program.js";
import { TemporaryFolder } from "../../support/temporary-folder.js";

export const NVS_SOURCES = ["file", "index", "linux", "log", "record"].map(
	(name) => `modules/nvs/nvs-${name}.c`,
);
const WRAPPED = ["pwrite", "fsync", "fdatasync", "rename", "ftruncate"];

export const missing = missingFor("gcc", { "stdlib.h": "libc6-dev" });

export class StorageBench {
	readonly #program: string;
	readonly #folders: TemporaryFolder[] = [];

	constructor(name: "life" | "rules") {
		this.#program = buildProgram({
			name: `nvs-${name}`,
			sources: [`test/engine/nvs/${name}.c`, "test/engine/nvs/power.c", ...NVS_SOURCES],
			includes: ["modules/nvs"],
			flags: [`-Wl,${WRAPPED.map((call) => `--wrap=${call}`).join(",")}`],
		});
	}

	/** What the program says; throws with what is wrong. */
	run(life: string): string {
		const folder = new TemporaryFolder();
		this.#folders.push(folder);
		return execFileSync(this.#program, [life, folder.path], {
			encoding: "utf8",
			stdio: ["ignore", "pipe", "pipe"],
		});
	}

	close(): void {
		for (const folder of this.#folders.splice(0)) folder.remove();
	}
}
