// Stand-ins for what builds and flashes for a board, in a project folder of a test's own: programs
// that note how they were called and make what the test wants of them. The real ones need a chip's
// compilers.
import { cpSync, existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { spawnSync } from "node:child_process";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { TemporaryFolder } from "./temporary-folder.js";

const PROJECT = fileURLToPath(new URL("../../", import.meta.url));
const SHARED = ["manifest.json", "hosts/esp32", "modules"];

/** What mcconfig does: `ok`, or a way to go wrong. */
export type Conduct = "ok" | "fails" | "no-image" | "unsafe" | "too-large";

const MCCONFIG = `#!${process.execPath}
import { appendFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
const words = process.argv.slice(2);
const { HOLDFAST_SDKCONFIG: settings, UPLOAD_PORT, CONDUCT: conduct, CALLS: calls } = process.env;
appendFileSync(calls, JSON.stringify({ program: "mcconfig", words, UPLOAD_PORT }) + "\\n");
if (conduct === "fails") process.exit(2);
const after = (option) => words[words.indexOf(option) + 1];
if (after("-t") === "build") {
	const target = after("-p").split(/[/:]/).at(-1);
	const chip = target === "qemu" ? "esp32c3" : target;
	const application = join(after("-o"), "tmp", "esp32", target, "release", "project");
	const project = join(application, "xsProj-" + chip);
	mkdirSync(join(project, "build", "bootloader"), { recursive: true });
	mkdirSync(join(project, "build", "partition_table"), { recursive: true });
	const creation = "65536,0,4096,0,512,32,32,53,3,1024,17,0,hosts/esp32/main,16384";
	const defines = "#define MODDEF_XS_ABORTHOOK (1)\\n#define MODDEF_TASK_QUEUELENGTH (32)\\n";
	writeFileSync(join(application, "mc.defines.h"), defines);
	writeFileSync(join(application, "makefile"), "CREATION = -c " + creation + "\\n");
	const unsafe = conduct === "unsafe" ? "CONFIG_ESP_CONSOLE_NONE=n\\n" : "";
	writeFileSync(
		join(project, "sdkconfig"),
		"# Automatically generated file. DO NOT EDIT.\\n" +
			'CONFIG_PARTITION_TABLE_CUSTOM_FILENAME="partitions.csv"\\n' +
			'CONFIG_IDF_TARGET="' + chip + '"\\nCONFIG_IDF_INIT_VERSION="6.0.0"\\n' +
			readFileSync(join(settings, "sdkconfig.defaults"), "utf8") + unsafe,
	);
	writeFileSync(
		join(project, "partitions.csv"),
		readFileSync("hosts/esp32/partitions.csv", "utf8"),
	);
	const build = join(project, "build");
	const bytes = conduct === "too-large" ? 0x190001 : 1_000_000;
	if (conduct !== "no-image") writeFileSync(join(build, "xs_esp32.bin"), Buffer.alloc(bytes));
	writeFileSync(join(build, "bootloader", "bootloader.bin"), Buffer.alloc(20_000));
	writeFileSync(join(build, "partition_table", "partition-table.bin"), Buffer.alloc(3072));
	writeFileSync(join(build, "ota_data_initial.bin"), Buffer.alloc(8192));
}
`;

const ESPTOOL = `#!${process.execPath}
import { appendFileSync } from "node:fs";
const words = process.argv.slice(2);
appendFileSync(process.env.CALLS, JSON.stringify({ program: "esptool", words }) + "\\n");
if (words.includes("read-mac")) console.log("esptool v5.1\\nMAC:                7c:df:a1:00:11:22");
`;

const NPM = `#!${process.execPath}
const component = (name) => ({ "bom-ref": name + "@1", name, version: "1", purl: name });
if (process.argv[2] === "sbom") {
	const components = ["commander", "mqtt-packet"].map(component);
	console.log(JSON.stringify({ metadata: { component: component("main") }, components }));
} else {
	console.log(process.env.AUDIT ?? '{"vulnerabilities":{}}');
}
`;

const ESPEFUSE = `#!${process.execPath}
import { appendFileSync, readFileSync } from "node:fs";
const words = process.argv.slice(2);
const isBurning = words.includes("burn-key");
const bytes = isBurning ? readFileSync(words.at(-2)).length : undefined;
appendFileSync(process.env.CALLS, JSON.stringify({ program: "espefuse", words, bytes }) + "\\n");
if (!isBurning) console.log("espefuse v5.1\\nConnecting....\\n" + (process.env.PURPOSE ?? "USER"));
`;

export interface Call {
	readonly program: string;
	readonly words: readonly string[];
	readonly UPLOAD_PORT?: string;
	/** Of the key that was burnt. */
	readonly bytes?: number;
}

export interface Told {
	readonly code: number | null;
	readonly output: string;
	readonly complaints: string;
}

export class BoardToolchain {
	readonly #folder = new TemporaryFolder();
	readonly #environment: Record<string, string>;

	constructor() {
		for (const path of SHARED) cpSync(join(PROJECT, path), this.path(path), { recursive: true });
		for (const path of ["build/firmware.js", "build/chunks"]) {
			cpSync(join(PROJECT, path), this.path(path), { recursive: true });
		}
		this.write("package.json", '{"type":"module"}');
		symlinkSync(join(PROJECT, "node_modules"), this.path("node_modules"));
		this.write("sdk/tools/VERSION", "8.2.3\n");
		for (const chip of ["esp32", "esp32c3", "esp32s3"]) {
			const template = `sdk/build/devices/esp32/xsProj-${chip}/sdkconfig.defaults`;
			this.write(template, "CONFIG_ESP_COREDUMP_ENABLE_TO_UART=y\n");
			this.write(`${template}.release`, "\n");
		}
		this.writeVersion(6, 0, 0);
		const mbedtls = "idf/components/mbedtls/mbedtls/include/mbedtls/build_info.h";
		this.write(mbedtls, '#define MBEDTLS_VERSION_STRING         "4.0.0"\n');
		const programs = {
			...{ mcconfig: MCCONFIG, esptool: ESPTOOL, espefuse: ESPEFUSE, npm: NPM },
			"idf.py": "#!/bin/sh\n",
		};
		for (const [name, text] of Object.entries(programs)) this.write(`bin/${name}`, text, 0o755);
		this.#environment = {
			MODDABLE: this.path("sdk"),
			IDF_PATH: this.path("idf"),
			PATH: this.path("bin"),
			CALLS: this.path("calls"),
		};
	}

	path(name: string): string {
		return this.#folder.file(name);
	}

	write(name: string, text: string, mode = 0o644): void {
		mkdirSync(dirname(this.path(name)), { recursive: true });
		writeFileSync(this.path(name), text, { mode });
	}

	/** What espsecure makes of the images that were built, with a signature of nobody's. */
	writeSigned(target: string): void {
		const path = `build/firmware/${target}-production/output/tmp/esp32/${target}/release/project`;
		const images = this.path(join(path, `xsProj-${target}`, "build"));
		for (const name of ["bootloader/bootloader.bin", "xs_esp32.bin"]) {
			const built = readFileSync(join(images, name));
			const bytes = Buffer.alloc(Math.ceil(built.length / 4096) * 4096 + 4096, 0xff);
			bytes.set(built);
			bytes.set([0xe7, 0x02], bytes.length - 4096);
			mkdirSync(this.path("signed"), { recursive: true });
			writeFileSync(this.path(`signed/${basename(name)}`), bytes);
		}
	}

	/** The version that the stand-in of ESP-IDF states. */
	writeVersion(major: number, minor: number, patch: number): void {
		const lines = Object.entries({ MAJOR: major, MINOR: minor, PATCH: patch }).map(
			([part, number]) => `set(IDF_VERSION_${part} ${number})\n`,
		);
		this.write("idf/tools/cmake/version.cmake", lines.join(""));
	}

	/** Runs `npm run firmware` or `npm run flash`, as package.json has them. */
	run(
		command: "build" | "flash",
		words: readonly string[],
		environment: Readonly<Record<string, string>> & { readonly CONDUCT?: Conduct } = {},
	): Told {
		const { status, stdout, stderr } = spawnSync(
			process.execPath,
			[this.path("build/firmware.js"), command, ...words],
			{ encoding: "utf8", env: { ...this.#environment, ...environment } },
		);
		return { code: status, output: stdout, complaints: stderr };
	}

	/** How the stand-ins were called so far. */
	calls(): Call[] {
		if (!existsSync(this.path("calls"))) return [];
		const lines = readFileSync(this.path("calls"), "utf8").trim().split("\n");
		return lines.map((line) => JSON.parse(line) as Call);
	}

	remove(): void {
		this.#folder.remove();
	}
}
