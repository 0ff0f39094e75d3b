// The steps of `npm run flash`. Development: mcconfig's own. Production: the plan, and with the
// address of one board also esptool, because the first start of such an image burns eFuses.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { print, printProgress, quote, UsageError } from "../command-line.js";
import { readBuild } from "../posture/build-files.js";
import { reportPosture } from "../posture/posture-command.js";
import type { FirmwareOptions } from "./build-firmware.js";
import { FirmwareBuild } from "./firmware-build.js";
import {
	burntAtFirstStart,
	imagesToFlash,
	readMac,
	signingCommands,
	writeFlashWords,
} from "./irreversible.js";
import { findToolchain } from "./toolchain.js";

const MAC = /^([0-9a-f]{2}:){5}[0-9a-f]{2}$/i;

export interface FlashOptions extends FirmwareOptions {
	readonly port: string | undefined;
	/** Folder of the images that were signed. */
	readonly signed: string | undefined;
	/** The board on which irreversible steps are wanted. */
	readonly mac: string | undefined;
}

/** Throws an Error for what is missing or refused. */
export function flashFirmware(options: FlashOptions): void {
	const { profile, target, mac, signed, isDryRun, port } = options;
	if (target === "qemu") throw new UsageError("--target qemu: run it (hosts/esp32/README.md)");
	if (profile === "production") return flashProduction(options);
	if (mac !== undefined || signed !== undefined) {
		throw new UsageError("--burn-efuses-of and --signed go with --profile production");
	}
	const build = new FirmwareBuild(options);
	if (isDryRun) return print(`would run: mcconfig ${build.words("deploy").join(" ")}`);
	const toolchain = findToolchain(process.env);
	if (!reportPosture(build.files(), profile))
		throw new Error("not flashed: it is not fit for that");
	build.run(toolchain, "deploy", port);
	print("flashed; next: holdfast provision --port PATH");
}

function flashProduction(options: FlashOptions): void {
	const { profile, mac, signed, port, isDryRun } = options;
	if (mac !== undefined && !MAC.test(mac)) {
		throw new UsageError(`--burn-efuses-of: an address like 7c:df:a1:00:11:22, not ${quote(mac)}`);
	}
	const files = new FirmwareBuild(options).files();
	if (!reportPosture(files, profile)) throw new Error("not flashed: it is not safe to ship");
	const build = readBuild(files);
	const { images = "" } = files;
	const tableOffset = build.settings.number("PARTITION_TABLE_OFFSET") as number;
	const plan = imagesToFlash(build.chip, build.partitions, tableOffset, {
		images,
		signed: signed ?? "SIGNED",
	});
	print("1. Sign, on the machine that has the key, and bring the images back:");
	for (const command of signingCommands(images)) print(`   ${command}`);
	print("2. Write them to the board:");
	const words = ["--chip", build.chip, "--port", port ?? "PORT", ...writeFlashWords(plan)];
	print(`   esptool ${words.join(" ")}`);
	print("3. IRREVERSIBLE: the first start burns into this chip, for ever:");
	for (const step of burntAtFirstStart(build.chip)) print(`   - ${step}`);
	if (mac === undefined || isDryRun) {
		return print(
			"Nothing was done. With --port, --signed and --burn-efuses-of MAC, step 2 is done.",
		);
	}
	if (signed === undefined) throw new UsageError("--burn-efuses-of: needs --signed, the images");
	if (port === undefined) throw new UsageError("--burn-efuses-of: needs --port, one board");
	const missing = plan.find(({ file }) => !existsSync(file));
	if (missing) throw new Error(`${missing.file} is not there`);
	checkBoard(port, mac);
	esptool(words);
	print(`written to ${mac}, which now starts and burns: keep its power on for two minutes`);
}

/** Throws unless the board on the port is the one that was named. */
function checkBoard(port: string, mac: string): void {
	const found = readMac(esptool(["--port", port, "read-mac"]));
	if (found === mac.toLowerCase()) return;
	throw new Error(
		`the board on ${port} is ${found ?? "not readable"}, not ${mac}: nothing written`,
	);
}

function esptool(words: readonly string[]): string {
	printProgress(`esptool ${words.join(" ")}`);
	const { status, stdout, error } = spawnSync("esptool", words, {
		encoding: "utf8",
		stdio: ["ignore", "pipe", 2],
	});
	if (error) throw new Error(`esptool cannot be run (${error.message}): . $IDF_PATH/export.sh`);
	printProgress(stdout.trimEnd());
	if (status !== 0) throw new Error(`esptool ended with ${status ?? "a signal"}`);
	return stdout;
}
