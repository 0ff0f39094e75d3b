// The steps of `npm run flash`. Development: mcconfig's own. Production: the plan, and with the
// address of one board also esptool, because the first start of such an image burns eFuses.
import { spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { print, printProgress, quote, UsageError } from "../command-line.js";
import { readBuild } from "../posture/build-files.js";
import type { Chip } from "../posture/chips.js";
import { reportPosture } from "../posture/posture-command.js";
import type { FirmwareOptions } from "./build-firmware.js";
import { FirmwareBuild } from "./firmware-build.js";
import {
	burnHmacKeyWords,
	burntAtFirstStart,
	HMAC_KEY_BLOCK,
	HMAC_KEY_BYTES,
	imagesToFlash,
	type FlashImage,
	readMac,
	readPurpose,
	readPurposeWords,
	signingCommands,
	writeFlashWords,
} from "./irreversible.js";
import { signedMismatch } from "./signed-mismatch.js";
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
	const words = ["--chip", build.chip, "--port", port ?? "PORT", ...writeFlashWords(plan)];
	printPlan(build.chip, images, port ?? "PORT", words);
	if (mac === undefined || isDryRun) {
		return print("Nothing was done. With --port, --signed and --burn-efuses-of MAC, 2 and 3 are.");
	}
	if (signed === undefined) throw new UsageError("--burn-efuses-of: needs --signed, the images");
	if (port === undefined) throw new UsageError("--burn-efuses-of: needs --port, one board");
	for (const image of plan) checkImage(image);
	checkBoard(port, mac);
	burnHmacKey(build.chip, port);
	runTool("esptool", words);
	print(`written to ${mac}, which now starts and burns: keep its power on for two minutes`);
}

function printPlan(chip: Chip, images: string, port: string, words: readonly string[]): void {
	print("1. Sign, on the machine that has the key, and bring the images back:");
	for (const command of signingCommands(images)) print(`   ${command}`);
	const burn = burnHmacKeyWords(chip, port, "KEYFILE");
	print("2. IRREVERSIBLE: burn the key of NVS, 32 random bytes that nobody keeps:");
	print(
		burn.length > 0 ? `   espefuse ${burn.join(" ")}` : `   nothing: ${chip} has no HMAC hardware`,
	);
	print("3. Write the images to the board:");
	print(`   esptool ${words.join(" ")}`);
	print("4. IRREVERSIBLE: the first start burns into this chip, for ever:");
	for (const step of burntAtFirstStart(chip)) print(`   - ${step}`);
}

/**
 * Throws for a file that is missing, and for one that is not the signed form of what was judged.
 */
function checkImage({ file, built }: FlashImage): void {
	if (!existsSync(file)) throw new Error(`${file} is not there`);
	const mismatch = built && signedMismatch(readFileSync(file), readFileSync(built));
	if (mismatch) throw new Error(`${file} ${mismatch}: nothing written`);
}

/** Burns a key that this program forgets; leaves one alone that is there. */
function burnHmacKey(chip: Chip, port: string): void {
	if (burnHmacKeyWords(chip, port, "").length === 0) return;
	const purpose = readPurpose(runTool("espefuse", readPurposeWords(chip, port)));
	if (purpose === "HMAC_UP") return print("the key of NVS is burnt already");
	if (purpose !== "USER") {
		throw new Error(`eFuse key block ${HMAC_KEY_BLOCK} is taken: ${purpose ?? "unreadable"}`);
	}
	const folder = mkdtempSync(join(tmpdir(), "holdfast-key-"));
	const file = join(folder, "key");
	try {
		writeFileSync(file, randomBytes(HMAC_KEY_BYTES), { mode: 0o600 });
		runTool("espefuse", burnHmacKeyWords(chip, port, file));
	} finally {
		writeFileSync(file, Buffer.alloc(HMAC_KEY_BYTES));
		rmSync(folder, { recursive: true });
	}
}

/** Throws unless the board on the port is the one that was named. */
function checkBoard(port: string, mac: string): void {
	const found = readMac(runTool("esptool", ["--port", port, "read-mac"]));
	if (found === mac.toLowerCase()) return;
	throw new Error(
		`the board on ${port} is ${found ?? "not readable"}, not ${mac}: nothing written`,
	);
}

function runTool(program: "esptool" | "espefuse", words: readonly string[]): string {
	printProgress(`${program} ${words.join(" ")}`);
	const { status, stdout, error } = spawnSync(program, words, {
		encoding: "utf8",
		stdio: ["ignore", "pipe", 2],
	});
	if (error) throw new Error(`${program} cannot be run (${error.message}): . $IDF_PATH/export.sh`);
	printProgress(stdout.trimEnd());
	if (status !== 0) throw new Error(`${program} ended with ${status ?? "a signal"}`);
	return stdout;
}
