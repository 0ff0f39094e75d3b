// The steps of `npm run firmware`: settings judged, image built, image judged, and for production
// what is in it and what is known against that.
import { writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { print, printProgress } from "../command-line.js";
import type { BuildFiles } from "../posture/build-files.js";
import { reportPosture } from "../posture/posture-command.js";
import { audit } from "./audit.js";
import { FirmwareBuild, type BuildOptions } from "./firmware-build.js";
import { billOfMaterials, unknownOf } from "./shipped.js";
import { findToolchain, ToolchainError, type Toolchain } from "./toolchain.js";

export interface FirmwareOptions extends BuildOptions {
	readonly isDryRun: boolean;
	/** Whether production may be built although nobody could be asked for known weaknesses. */
	readonly mayGoUnaudited: boolean;
}

/** Tells whether an image was made, or would be, that may be used for its profile. */
export function buildFirmware(options: FirmwareOptions): boolean {
	const { profile, isDryRun } = options;
	const build = new FirmwareBuild(options);
	const toolchain = isDryRun ? toolchainIfThere() : findToolchain(process.env);
	printProgress("settings, before the build:");
	if (!reportPosture(build.prepare(toolchain), profile)) return false;
	if (isDryRun || toolchain === undefined) {
		print(`would run: mcconfig ${build.words("build").join(" ")}`);
		return true;
	}
	const isAudited = profile !== "production" || reportAudit(options);
	if (!isAudited) return false;
	const { sdk, idf } = toolchain;
	printProgress(`building with Moddable SDK ${sdk.version} and ESP-IDF ${idf.version}`);
	build.run(toolchain, "build");
	printProgress("image, after the build:");
	const files = build.files();
	if (!reportPosture(files, profile)) return false;
	if (profile === "production") writeBill(options, build, toolchain, files);
	print(`image: ${join(files.images ?? "", "xs_esp32.bin")}`);
	if (profile === "production") print("next, where the key is: npm run flash prints the commands");
	return true;
}

function toolchainIfThere(): Toolchain | undefined {
	try {
		return findToolchain(process.env);
	} catch (error) {
		if (!(error instanceof ToolchainError)) throw error;
		print(`missing: ${error.message}`);
		return undefined;
	}
}

function writeBill(
	{ root }: FirmwareOptions,
	build: FirmwareBuild,
	toolchain: Toolchain,
	{ sdkconfig }: BuildFiles,
): void {
	const bill = billOfMaterials(root, toolchain, dirname(sdkconfig));
	const file = join(build.folder, "sbom.json");
	writeFileSync(file, `${JSON.stringify(bill, undefined, "\t")}\n`);
	print(`bill of materials: ${file} (${bill.components.length} components)`);
	for (const name of unknownOf(bill)) print(`  the version of ${name} is stated nowhere`);
}

/** Asks for known weaknesses of what ships, and says what was answered. */
function reportAudit({ root, mayGoUnaudited }: FirmwareOptions): boolean {
	const answer = audit(root);
	switch (answer.kind) {
		case "clean":
			print("npm audit: nothing is known against what ships");
			return true;
		case "weak":
			for (const weakness of answer.weaknesses) print(`npm audit: ${weakness}`);
			return false;
		case "unanswered":
			print(`npm audit: NO ANSWER (${answer.why}): what is known against this image is not known`);
			if (!mayGoUnaudited) print("  try where the registry answers, or add --allow-no-audit");
			return mayGoUnaudited;
	}
}
