// Makes sdkconfig.h for a chip from a committed profile, with ESP-IDF's own generator: what a build
// would make before it compiles anything.
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

export interface SdkconfigRequest {
	readonly idf: string;
	readonly chip: string;
	/** Folder with sdkconfig.defaults, and sdkconfig.defaults.CHIP where it differs. */
	readonly profile: string;
	/** Where sdkconfig.h goes, with what is needed to make it. */
	readonly folder: string;
}

/** Throws an Error that says what to install where the generator is missing. */
export function makeSdkconfig({ idf, chip, profile, folder }: SdkconfigRequest): void {
	const python = pythonOf(process.env["IDF_PYTHON_ENV_PATH"]);
	const environment = writeEnvironment(idf, chip, folder);
	const settings = [
		...["--list-separator=semicolon", "--kconfig", join(idf, "Kconfig")],
		...["--sdkconfig-rename", join(idf, "sdkconfig.rename")],
		...["--config", join(folder, "sdkconfig")],
		...defaultsOf(profile, chip).flatMap((file) => ["--defaults", file]),
		...["--env", "IDF_MINIMAL_BUILD=n", "--env-file", environment],
		...["--output", "header", join(folder, "sdkconfig.h")],
	];
	const prepare = join(idf, "tools/kconfig_new/prepare_kconfig_files.py");
	run(python, [prepare, "--list-separator=semicolon", "--env-file", environment], idf);
	run(python, ["-m", "kconfgen", ...settings], idf);
}

function pythonOf(folder: string | undefined): string {
	const own = folder && join(folder, "bin", "python");
	return own && existsSync(own) ? own : "python3";
}

function defaultsOf(profile: string, chip: string): string[] {
	const base = join(profile, "sdkconfig.defaults");
	return [base, `${base}.${chip}`].filter((file) => existsSync(file));
}

/** The file by which ESP-IDF's CMake tells the generator of all components. */
function writeEnvironment(idf: string, chip: string, folder: string): string {
	const listed = (name: string) =>
		readdirSync(join(idf, "components"))
			.map((component) => join(idf, "components", component, name))
			.filter((file) => existsSync(file))
			.join(";");
	const file = join(folder, "kconfig-environment.json");
	const environment = {
		COMPONENT_KCONFIGS: listed("Kconfig"),
		COMPONENT_KCONFIGS_PROJBUILD: listed("Kconfig.projbuild"),
		COMPONENT_KCONFIGS_EXCLUDED: "",
		COMPONENT_KCONFIGS_PROJBUILD_EXCLUDED: "",
		COMPONENT_KCONFIGS_SOURCE_FILE: join(folder, "kconfigs.in"),
		COMPONENT_KCONFIGS_PROJBUILD_SOURCE_FILE: join(folder, "kconfigs-projbuild.in"),
		COMPONENT_KCONFIGS_EXCLUDED_SOURCE_FILE: join(folder, "kconfigs-excluded.in"),
		COMPONENT_KCONFIGS_PROJBUILD_EXCLUDED_SOURCE_FILE: join(folder, "kconfigs-none.in"),
		...{ IDF_PATH: idf, IDF_TARGET: chip, IDF_TOOLCHAIN: "gcc", IDF_ENV_FPGA: "" },
		...{ IDF_VERSION: "6.0.0", IDF_INIT_VERSION: "6.0.0" },
	};
	writeFileSync(file, JSON.stringify(environment));
	return file;
}

function run(python: string, parts: readonly string[], idf: string): void {
	const env = { ...process.env, IDF_PATH: idf };
	const { status, stderr, error } = spawnSync(python, parts, { encoding: "utf8", env });
	if (status === 0) return;
	const lacks = /No module named '?kconfgen/.test(stderr ?? "");
	throw new Error(
		lacks
			? `${python} has no kconfgen: run ${join(idf, "install.sh")}, then ". ${idf}/export.sh"`
			: `${python} ${parts[0] ?? ""}: ${error ? String(error) : stderr}`,
	);
}
