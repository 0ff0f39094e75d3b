// The programs that build for the board: Moddable SDK and ESP-IDF, found and checked, or a message
// that says what to install and how.
import { accessSync, constants, existsSync, readFileSync } from "node:fs";
import { delimiter, join } from "node:path";

/** The versions against which modules, manifests and settings were written. */
export const SDK_VERSION = "8.2.3";
export const IDF_VERSION = "6.0";

export interface Toolchain {
	readonly sdk: Installed;
	readonly idf: Installed;
	/** The SDK's program that builds from a manifest. */
	readonly mcconfig: string;
}

export interface Installed {
	readonly folder: string;
	readonly version: string;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** A program is missing or has another version; the message says what mends it. */
export class ToolchainError extends Error {
	override readonly name = "ToolchainError";
}

/** Finds both. Throws a ToolchainError for the first that is missing. */
export function findToolchain(environment: Environment): Toolchain {
	const sdk = findSdk(environment);
	const idf = findIdf(environment);
	const system = process.platform === "darwin" ? "mac" : "lin";
	const built = join(sdk.folder, "build", "bin", system, "release", "mcconfig");
	const mcconfig = isProgram(built) ? built : onPath("mcconfig", environment);
	if (mcconfig === undefined) {
		throw new ToolchainError(
			`mcconfig is not built: make -C ${join(sdk.folder, "build", "makefiles", system)}`,
		);
	}
	if (onPath("idf.py", environment) === undefined) {
		throw new ToolchainError(
			`idf.py is not on PATH: run ${join(idf.folder, "install.sh")} once, then` +
				` ". ${join(idf.folder, "export.sh")}" in this shell`,
		);
	}
	return { sdk, idf, mcconfig };
}

/** The SDK, without asking whether its tools are built. */
export function findSdk({ MODDABLE }: Environment): Installed {
	const how =
		`git clone --branch ${SDK_VERSION} https://github.com/Moddable-OpenSource/moddable,` +
		" then export MODDABLE=its folder (hosts/esp32/README.md)";
	if (!MODDABLE) throw new ToolchainError(`MODDABLE names no Moddable SDK: ${how}`);
	const file = join(MODDABLE, "tools", "VERSION");
	if (!existsSync(file))
		throw new ToolchainError(`no Moddable SDK in MODDABLE=${MODDABLE}: ${how}`);
	const version = readFileSync(file, "utf8").trim();
	if (version === SDK_VERSION) return { folder: MODDABLE, version };
	throw new ToolchainError(
		`Moddable SDK ${version} in ${MODDABLE}: this firmware is built with ${SDK_VERSION}` +
			` (git -C ${MODDABLE} checkout ${SDK_VERSION}, and build its tools again)`,
	);
}

/** ESP-IDF, without asking whether its own programs are on PATH. */
export function findIdf({ IDF_PATH }: Environment): Installed {
	const how =
		`git clone --recursive --branch v${IDF_VERSION} https://github.com/espressif/esp-idf,` +
		" ./install.sh, and . ./export.sh in this shell (hosts/esp32/README.md)";
	if (!IDF_PATH) throw new ToolchainError(`IDF_PATH names no ESP-IDF: ${how}`);
	const file = join(IDF_PATH, "tools", "cmake", "version.cmake");
	if (!existsSync(file)) throw new ToolchainError(`no ESP-IDF in IDF_PATH=${IDF_PATH}: ${how}`);
	const text = readFileSync(file, "utf8");
	const [major, minor, patch] = ["MAJOR", "MINOR", "PATCH"].map((part) => {
		return new RegExp(`set\\(IDF_VERSION_${part} (\\d+)\\)`).exec(text)?.[1] ?? "?";
	});
	const version = `${major}.${minor}.${patch}`;
	if (version.startsWith(`${IDF_VERSION}.`)) return { folder: IDF_PATH, version };
	throw new ToolchainError(
		`ESP-IDF ${version} in ${IDF_PATH}: SDK ${SDK_VERSION} builds with ${IDF_VERSION}.x alone:` +
			` ${how}`,
	);
}

function onPath(name: string, { PATH = "" }: Environment): string | undefined {
	return PATH.split(delimiter)
		.filter((folder) => folder !== "")
		.map((folder) => join(folder, name))
		.find(isProgram);
}

function isProgram(path: string): boolean {
	try {
		accessSync(path, constants.X_OK);
		return true;
	} catch {
		return false;
	}
}
