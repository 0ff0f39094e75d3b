// The chip's modules as a program of this machine: the XS host without the Linux half of modules,
// and the chip's C with test/engine/chip/board*.c below it, loaded beside. Bindings, engine and C
// are those of the chip; ESP-IDF is played.
import { cpSync, existsSync, mkdirSync } from "node:fs";
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { headerFolders, moduleSources } from "../../tools/firmware/chip-sources.js";
import { ROOT } from "./c-program.js";

const FOLDER = join(ROOT, "build/chip-board");
const XS = join(ROOT, "node_modules/@agoric/xsnap/moddable/xs");
const LIBRARIES = ["-lmbedtls", "-lmbedx509", "-lmbedcrypto", "-lsodium"];
/** As the engine was compiled, and as the chip's modules are: an ESP32-C3. */
const FLAGS = [
	...["-shared", "-fPIC", "-g", "-O1", "-std=gnu17", "-Wall", "-Wextra", "-Werror"],
	...["-Wno-unused-parameter", "-fsanitize=undefined", "-fno-sanitize-recover=all"],
	...["-Dmx32bitID=1", "-D_FILE_OFFSET_BITS=64", "-DESP_PLATFORM", "-DHOLDFAST_CHIP_ESP32C3"],
];

export interface ChipBoard {
	readonly program: string;
	readonly env: NodeJS.ProcessEnv;
}

/**
 * Builds both, after the XS host itself, whose engine it takes over. `flags` choose another board,
 * which has a name of its own.
 */
export function buildChipBoard(name = "chip", flags: readonly string[] = []): ChipBoard {
	mkdirSync(FOLDER, { recursive: true });
	const engine = join(FOLDER, "xs");
	if (!existsSync(engine)) {
		cpSync(join(ROOT, "build/linux/xs"), engine, { recursive: true, preserveTimestamps: true });
	}
	execFileSync(join(ROOT, "hosts/linux/build.sh"), ["MODULES=none", `OUT=${FOLDER}`], {
		stdio: "pipe",
	});
	const library = join(FOLDER, `${name}.so`);
	const ours = ["test/support/idf", "test/support/idf/sdk", "hosts/linux", ...headerFolders(ROOT)];
	const theirs = ["includes", "platforms"].flatMap((name) => ["-isystem", join(XS, name)]);
	// The rules of NVS are those of the Linux half.
	const linux = moduleSources(ROOT, "lin").sources.filter((path) => path.includes("/nvs/nvs-"));
	const { sources } = moduleSources(ROOT, "esp32");
	const played = ["board", "board-network", "board-storage"].map(
		(name) => `test/engine/chip/${name}.c`,
	);
	const all = new Set([...played, ...sources, ...linux]);
	const includes = ours.map((path) => `-I${join(ROOT, path)}`);
	const paths = [...all].map((path) => join(ROOT, path));
	const options = [...FLAGS, ...flags, ...includes, ...theirs, "-o", library];
	execFileSync("gcc", [...options, ...paths, ...LIBRARIES], {
		stdio: ["ignore", "pipe", "pipe"],
	});
	return { program: join(FOLDER, "xs-host"), env: { ...process.env, LD_PRELOAD: library } };
}
