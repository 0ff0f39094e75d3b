// Builds the test programs around key-store.c and runs them in folders that are gone afterwards.
import { execFileSync } from "node:child_process";
import { buildProgram, missingFor } from "../../support/c-program.js";
import { MBEDTLS_LIBRARIES } from "../../support/mbedtls-libraries.js";
import { TemporaryFolder } from "../../support/temporary-folder.js";
import { NVS_SOURCES } from "../nvs/bench.js";

const COMMON = {
	includes: ["modules/nvs", "modules/key-store", "modules/tls-socket", "test/engine/nvs"],
};
const WRAPPED = ["pwrite", "fsync", "fdatasync", "rename", "ftruncate", "malloc", "calloc"];

export const missing = missingFor("gcc", {
	"mbedtls/ssl.h": "libmbedtls-dev",
	"sodium.h": "libsodium-dev",
});

export class KeyStoreBench {
	readonly #folders: TemporaryFolder[] = [];
	readonly #store = buildProgram({
		...COMMON,
		name: "key-store",
		sources: [
			"test/engine/key-store/store.c",
			"test/engine/nvs/power.c",
			"modules/key-store/key-store.c",
			...NVS_SOURCES,
		],
		flags: [
			...MBEDTLS_LIBRARIES,
			"-lsodium",
			`-Wl,${WRAPPED.map((call) => `--wrap=${call}`).join(",")}`,
		],
	});
	readonly #wiping = buildProgram({
		...COMMON,
		name: "key-store-wiping",
		sources: ["test/engine/key-store/wiping.c", "modules/key-store/key-store.c", ...NVS_SOURCES],
		flags: [...MBEDTLS_LIBRARIES, "-l:libsodium.a", "-lpthread", "-Wl,--wrap=free"],
	});

	/** What the store's program says; throws with what is wrong. */
	run(use: string, input = ""): string {
		return this.#execute(this.#store, [use], input);
	}

	/** Where traces of private keys were found. */
	searchForKeys(): string {
		return this.#execute(this.#wiping, [], "");
	}

	close(): void {
		for (const folder of this.#folders.splice(0)) folder.remove();
	}

	#execute(program: string, words: readonly string[], input: string): string {
		const folder = new TemporaryFolder();
		this.#folders.push(folder);
		return execFileSync(program, [...words, folder.path], { encoding: "utf8", input });
	}
}
