// One build of the firmware for a target and a profile: where it lies, what is run for it.
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { findBuild, type BuildFiles } from "../posture/build-files.js";
import { chipOf, type Target } from "../posture/chips.js";
import { mergeSettings } from "../posture/merge-settings.js";
import { PARTITIONS_FILE, PROFILES_FOLDER, readProfile, type Profile } from "../posture/profile.js";
import type { Toolchain } from "./toolchain.js";

export interface BuildOptions {
	/** The project's folder. */
	readonly root: string;
	readonly target: Target;
	readonly profile: Profile;
}

/** How mcconfig calls our targets; qemu is a subplatform of ours. */
const PLATFORMS: Readonly<Record<Target, string>> = {
	esp32: "esp32",
	esp32c3: "esp32/esp32c3",
	esp32s3: "esp32/esp32s3",
	qemu: "esp32:./hosts/esp32/qemu",
};

/** What a build needs before it runs, and what it made. Paths are below `root`. */
export class FirmwareBuild {
	readonly #options: BuildOptions;

	constructor(options: BuildOptions) {
		this.#options = { ...options };
	}

	get folder(): string {
		const { root, target, profile } = this.#options;
		return join(root, "build", "firmware", `${target}-${profile}`);
	}

	/** What mcconfig writes. */
	get output(): string {
		return join(this.folder, "output");
	}

	get #settingsFolder(): string {
		return join(this.folder, "sdkconfig");
	}

	/**
	 * Writes the settings that mcconfig is to lay over its template, and, with an SDK at hand, the
	 * result of that, so that it can be judged before anything is built.
	 */
	prepare(toolchain: Pick<Toolchain, "sdk"> | undefined): BuildFiles {
		const { root, target, profile } = this.#options;
		const text = readProfile(join(root, PROFILES_FOLDER, profile), target);
		mkdirSync(this.#settingsFolder, { recursive: true });
		mkdirSync(this.output, { recursive: true });
		const file = join(this.#settingsFolder, "sdkconfig.defaults");
		writeIfChanged(file, text);
		let judged = file;
		if (toolchain) {
			judged = join(this.#settingsFolder, "sdkconfig.expected");
			const [template, added] = this.#template(toolchain);
			writeIfChanged(judged, mergeSettings(template, [...added, text]));
		}
		return {
			sdkconfig: judged,
			partitions: join(root, PARTITIONS_FILE),
			manifest: join(root, "manifest.json"),
			target,
		};
	}

	/** The SDK's own settings for this chip: its template, and what it adds for a release. */
	#template({ sdk }: Pick<Toolchain, "sdk">): [string, string[]] {
		const name = `xsProj-${chipOf(this.#options.target)}`;
		const base = join(sdk.folder, "build", "devices", "esp32", name, "sdkconfig.defaults");
		const addition = `${base}.release`;
		return [
			readFileSync(base, "utf8"),
			existsSync(addition) ? [readFileSync(addition, "utf8")] : [],
		];
	}

	/** The words of the command line, for `build` or `deploy` of the SDK's makefile. */
	words(goal: "build" | "deploy"): string[] {
		const platform = PLATFORMS[this.#options.target];
		return ["-m", "-p", platform, "-o", this.output, "-t", goal, "manifest.json"];
	}

	/** What is added to the environment for mcconfig and all that it starts. */
	environment(toolchain: Pick<Toolchain, "sdk" | "mcconfig">, port?: string) {
		const { root } = this.#options;
		const programs = [join(toolchain.mcconfig, ".."), join(root, "node_modules", ".bin")];
		return {
			...process.env,
			HOLDFAST_SDKCONFIG: this.#settingsFolder,
			PATH: [...programs, process.env.PATH ?? ""].join(delimiter),
			...(port !== undefined && { UPLOAD_PORT: port }),
		};
	}

	/**
	 * Runs mcconfig, its output going to ours. Throws an Error if it fails, and if it says that it
	 * did not and there is no image: the SDK's makefile carries on after ESP-IDF failed.
	 */
	run(toolchain: Toolchain, goal: "build" | "deploy", port?: string): void {
		if (goal === "build") {
			for (const image of this.#images()) rmSync(image);
		}
		const { status, error } = spawnSync(toolchain.mcconfig, this.words(goal), {
			cwd: this.#options.root,
			env: this.environment(toolchain, port),
			stdio: ["ignore", 2, 2],
		});
		if (error) throw new Error(`mcconfig cannot be run: ${error.message}`);
		if (status !== 0) throw new Error(`mcconfig ended with ${status ?? "a signal"}`);
		if (goal === "build" && this.#images().length === 0) {
			throw new Error("mcconfig made no image: what it printed says why");
		}
	}

	/** The application's image, if there is one. */
	#images(): string[] {
		const tmp = join(this.output, "tmp");
		if (!existsSync(tmp)) return [];
		const { images = "" } = this.files();
		return [join(images, "xs_esp32.bin")].filter((file) => existsSync(file));
	}

	/** What was built. Throws where nothing was. */
	files(): BuildFiles {
		const { target, profile } = this.#options;
		if (!existsSync(join(this.output, "tmp"))) {
			const words = `--target ${target} --profile ${profile}`;
			throw new Error(`nothing is built there yet: npm run firmware -- ${words}`);
		}
		return findBuild(this.output);
	}
}

/** A file that did not change keeps its time: what depends on it is not made anew. */
function writeIfChanged(file: string, text: string): void {
	if (existsSync(file) && readFileSync(file, "utf8") === text) return;
	writeFileSync(file, text);
}
