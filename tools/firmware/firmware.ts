// `npm run firmware` and `npm run flash`: an image for the board from the tested bundle, judged
// before and after, and onto a board. What cannot be undone happens only where it is asked for.
import { fileURLToPath } from "node:url";
import { Command, CommanderError, Option } from "commander";
import {
	addExamples,
	describeFailure,
	EXIT_FAILURE,
	EXIT_USAGE,
	print,
	UsageError,
} from "../command-line.js";
import { CHIPS, parseTarget, type Target } from "../posture/chips.js";
import { PROFILES, type Profile } from "../posture/profile.js";
import { buildFirmware, type FirmwareOptions } from "./build-firmware.js";
import { checkIDF } from "./check-idf.js";
import { flashFirmware } from "./flash-firmware.js";
import { findIdf, findSdk } from "./toolchain.js";

/** The project's folder: this runs as build/firmware.js. */
const ROOT = fileURLToPath(new URL("..", import.meta.url));

interface Options {
	readonly target: Target;
	readonly profile: Profile;
	readonly dryRun?: boolean;
	readonly audit: boolean;
	readonly port?: string;
	readonly signed?: string;
	readonly burnEfusesOf?: string;
}

function firmwareOptions(options: Options): FirmwareOptions {
	const { target, profile, dryRun = false, audit } = options;
	if (target === "qemu" && profile === "production") {
		throw new UsageError("--target qemu: only --profile development: the emulator is no product");
	}
	return { root: ROOT, target, profile, isDryRun: dryRun, mayGoUnaudited: !audit };
}

function withCommonOptions(command: Command): Command {
	return command
		.addOption(
			new Option("--target <chip>", "esp32, esp32c3, esp32s3 or qemu")
				.argParser(parseTarget)
				.default("esp32c3"),
		)
		.addOption(
			new Option("--profile <profile>", "settings").choices(PROFILES).default("development"),
		)
		.option("--dry-run", "say what would be done, and judge the settings");
}

function makeProgram(): Command {
	const build = withCommonOptions(new Command("build"))
		.description("Build an image with the Moddable SDK and ESP-IDF, and judge it.")
		.option("--check-idf", "instead: compile the C files against ESP-IDF's and the SDK's headers")
		.option("--allow-no-audit", "production: build although npm audit gives no answer")
		.action((options: Options & { allowNoAudit?: boolean; checkIdf?: boolean }) => {
			const { allowNoAudit = false, checkIdf = false, ...others } = options;
			if (checkIdf) return compileForChips();
			if (!buildFirmware(firmwareOptions({ ...others, audit: !allowNoAudit }))) {
				process.exitCode = EXIT_FAILURE;
			}
		});
	addExamples(build, [
		["npm run firmware -- --target esp32c3", "an image for the bench"],
		["npm run firmware -- --target esp32s3 --profile production", "what ships, unsigned"],
	]);
	const flash = withCommonOptions(new Command("flash"))
		.description("Put what was built onto a board. Production: only the plan, unless asked for.")
		.option("--port <path>", "serial port of the board (without it the SDK looks for one)")
		.option("--signed <folder>", "production: where the signed images are")
		.option(
			"--burn-efuses-of <mac>",
			"production: flash the board with this address, whose first start burns eFuses FOR EVER",
		)
		.action((options: Options) => {
			const { port, signed, burnEfusesOf: mac } = options;
			flashFirmware({ ...firmwareOptions({ ...options, audit: true }), port, signed, mac });
		});
	addExamples(flash, [
		["npm run flash -- --target esp32c3 --port /dev/ttyACM0", "onto a board on the bench"],
		["npm run flash -- --target esp32c3 --profile production", "what production would do"],
	]);
	return new Command("firmware").addCommand(build, { isDefault: true }).addCommand(flash);
}

function compileForChips(): void {
	const isSound = checkIDF({
		root: ROOT,
		idf: findIdf(process.env).folder,
		sdk: findSdk(process.env).folder,
		chips: CHIPS,
		report: print,
	});
	if (!isSound) process.exitCode = EXIT_FAILURE;
}

const HELP_WANTED = new Set(["commander.helpDisplayed", "commander.version", "commander.help"]);

try {
	const program = makeProgram();
	for (const command of [program, ...program.commands]) {
		command.exitOverride().configureOutput({
			outputError: (text, write) =>
				write(`${describeFailure(text.replace(/^error: /, "").trim())}\n`),
		});
	}
	await program.parseAsync(process.argv);
} catch (error) {
	if (error instanceof CommanderError) {
		process.exitCode = HELP_WANTED.has(error.code) ? 0 : EXIT_USAGE;
	} else {
		process.stderr.write(`${describeFailure(error)}\n`);
		process.exitCode = error instanceof UsageError ? EXIT_USAGE : EXIT_FAILURE;
	}
}
