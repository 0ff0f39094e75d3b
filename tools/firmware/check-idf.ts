// Compiles the chip's C against the real headers of ESP-IDF and of the Moddable SDK, as the SDK's
// own build would find them, and compares the declarations of test/support/idf with them. Needs no
// board; links nothing.
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Chip } from "../posture/chips.js";
import { PROFILES, PROFILES_FOLDER, type Profile } from "../posture/profile.js";
import { headerFolders, moduleSources } from "./chip-sources.js";
import { declaredFunctions, declarationHeaders } from "./declared-functions.js";
import { makeSdkconfig } from "./sdkconfig-header.js";

export interface IDFCheckOptions {
	/** The project's folder. */
	readonly root: string;
	/** ESP-IDF with its submodules. */
	readonly idf: string;
	/** The Moddable SDK. */
	readonly sdk: string;
	readonly chips: readonly Chip[];
	readonly report: (line: string) => void;
}

/** How the SDK numbers its chips, and which processor they have (tools/mcconfig/make.esp32.mk). */
const SDK_NUMBERS: Readonly<Record<Chip, number>> = { esp32: 1, esp32c3: 4, esp32s3: 3 };
const ARCHITECTURES: Readonly<Record<Chip, "riscv" | "xtensa">> = {
	esp32: "xtensa",
	esp32c3: "riscv",
	esp32s3: "xtensa",
};

/** Those of the SDK's compiler flags that headers ask for. */
const SDK_FLAGS = [
	...["-D__ets__", "-U__STRICT_ANSI__", "-DESP_PLATFORM", "-DBOOTLOADER_BUILD=1", "-std=gnu17"],
	...["-DmxUseDefaultSharedChunks=1", "-DWITH_POSIX", "-DHAVE_CONFIG_H"],
];
const WARNINGS = ["-fsyntax-only", "-Wall", "-Wextra", "-Wshadow", "-Wconversion", "-Werror"];

interface Compiler {
	readonly command: string;
	readonly flags: readonly string[];
	/** It is another processor's, which for headers is near enough. */
	readonly isStandIn: boolean;
}

/** `true`: nothing was found. Throws an Error that says what to install where something lacks. */
export function checkIDF(options: IDFCheckOptions): boolean {
	const scratch = mkdtempSync(join(tmpdir(), "holdfast-idf-"));
	try {
		let isSound = true;
		for (const chip of options.chips) {
			for (const profile of PROFILES) {
				if (!checkChip(options, { chip, profile, scratch })) isSound = false;
			}
		}
		return isSound;
	} finally {
		rmSync(scratch, { recursive: true });
	}
}

interface Case {
	readonly chip: Chip;
	readonly profile: Profile;
	readonly scratch: string;
}

function checkChip(options: IDFCheckOptions, { chip, profile, scratch }: Case): boolean {
	const { root, idf, report } = options;
	const folder = join(scratch, `${chip}-${profile}`);
	mkdirSync(folder);
	const compiler = findCompiler(chip, folder, idf);
	makeSdkconfig({ idf, chip, folder, profile: join(root, PROFILES_FOLDER, profile) });
	const flags = [...compiler.flags, ...compileFlags(options, chip, folder)];
	const { sources } = moduleSources(root, "esp32");
	const compile = (path: string, more: readonly string[] = []) =>
		spawnSync(compiler.command, [...WARNINGS, ...more, ...flags, path], { encoding: "utf8" });
	const failures: string[] = [];
	for (const source of sources) {
		// Only the emulator's settings have this controller, which no chip has.
		const more = source.includes("/ethernet/") ? ["-DCONFIG_ETH_USE_OPENETH=1"] : [];
		const { status, stderr } = compile(join(root, source), more);
		if (status !== 0) failures.push(stderr);
	}
	const comparison = join(folder, "declarations.c");
	writeFileSync(comparison, declarationsAgainst(root, chip));
	const declared = compile(comparison, ["-DCONFIG_ETH_USE_OPENETH=1", "-Wno-unused"]);
	if (declared.status !== 0) failures.push(declared.stderr);
	for (const failure of failures) report(failure.trimEnd());
	const verdict = failures.length === 0 ? "sound" : `${failures.length} files with errors`;
	const by = compiler.isStandIn ? `${compiler.command}, in place of the chip's` : compiler.command;
	report(`${chip}, ${profile}: ${sources.length} files and our declarations: ${verdict} (${by})`);
	return failures.length === 0;
}

/** A file that includes the real headers and then says our prototypes: a difference is an error. */
function declarationsAgainst(root: string, chip: Chip): string {
	const headers = declarationHeaders(root).map((name) => `#include "${name}"`);
	return [...headers, ...declaredFunctions(root, chip)].join("\n") + "\n";
}

// ---------------------------------------------------------------- the compiler and its folders

function findCompiler(chip: Chip, folder: string, idf: string): Compiler {
	const isXtensa = ARCHITECTURES[chip] === "xtensa";
	const own = isXtensa ? `xtensa-${chip}-elf-gcc` : "riscv32-esp-elf-gcc";
	const machine = ["-march=rv32imc", "-mabi=ilp32"];
	if (isThere(own)) {
		return { command: own, flags: isXtensa ? ["-mlongcalls"] : machine, isStandIn: false };
	}
	const other = "riscv64-unknown-elf-gcc";
	if (!isThere(other)) {
		throw new Error(
			`${own} is not on PATH: run ESP-IDF's export.sh, or as a stand-in: ` +
				"sudo apt-get install gcc-riscv64-unknown-elf picolibc-riscv64-unknown-elf",
		);
	}
	const flags = [...machine, "--specs=picolibc.specs"];
	if (!isXtensa) return { command: other, flags, isStandIn: true };
	// <xtensa/config/core.h> looks for "../hal.h", which lies beside it in the chip's compiler.
	const fake = join(folder, "xtensa");
	mkdirSync(join(fake, "config"), { recursive: true });
	symlinkSync(join(idf, "components/xtensa/include/xtensa/hal.h"), join(fake, "hal.h"));
	const disguise = ["-U__riscv", "-D__XTENSA__=1", "-D__xtensa__=1", `-I${join(fake, "config")}`];
	return { command: other, flags: [...flags, ...disguise], isStandIn: true };
}

function isThere(command: string): boolean {
	return !spawnSync(command, ["--version"]).error;
}

function compileFlags({ root, idf, sdk }: IDFCheckOptions, chip: Chip, folder: string): string[] {
	const named = [...sdkFolders(sdk), ...moduleSources(root, "esp32").idfFolders];
	const values: Readonly<Record<string, string>> = {
		IDF_PATH: idf,
		ESP32_SUBCLASS: chip,
		ESP32_BT_SUBCLASS: chip,
		ESP_ARCH: ARCHITECTURES[chip],
	};
	const resolved = named.map((name) =>
		name.replace(/\$\((\w+)\)/g, (_, variable: string) => values[variable] ?? ""),
	);
	const engine = ["includes", "sources", "platforms/esp", "platforms/mc"].map((name) =>
		join(sdk, "xs", name),
	);
	const ours = headerFolders(root).map((name) => `-I${join(root, name)}`);
	makeGenerated(folder);
	const theirs = [folder, ...resolved, ...engine, join(sdk, "modules/base/timer")];
	return [
		...SDK_FLAGS,
		`-DESP32=${SDK_NUMBERS[chip]}`,
		...ours,
		...theirs.filter((path) => existsSync(path)).flatMap((path) => ["-isystem", path]),
	];
}

/** What the SDK's make rules have on the path, whatever a manifest adds. */
function sdkFolders(sdk: string): string[] {
	const text = readFileSync(join(sdk, "tools/mcconfig/make.esp32.mk"), "utf8");
	const part = text.slice(text.indexOf("DRIVER_DIRS ="), text.indexOf("XS_OBJ ="));
	return [...part.matchAll(/\$\(IDF_PATH\)\/components[^\s\\]*/g)].map(([path]) => path);
}

/** What a build generates or fetches: mcconfig's defines, and libsodium from the registry. */
function makeGenerated(folder: string): void {
	writeFileSync(join(folder, "mc.defines.h"), "");
	if (!existsSync("/usr/include/sodium.h")) {
		throw new Error("libsodium's headers are missing: sudo apt-get install libsodium-dev");
	}
	for (const name of ["sodium.h", "sodium"]) {
		symlinkSync(join("/usr/include", name), join(folder, name));
	}
}
