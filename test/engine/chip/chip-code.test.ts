// The C of the chip as this machine can judge it: against the declarations of test/support/idf, for
// each chip, with two compilers, in 64 and in 32 bits. That the declarations say what ESP-IDF says
// is checked where it is installed: npm run firmware -- --check-idf.
import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
	allModuleSources,
	headerFolders,
	moduleSources,
} from "../../../tools/firmware/chip-sources.js";
import { describeWhere, missingFor, ROOT } from "../../support/c-program.js";
import { TemporaryFolder } from "../../support/temporary-folder.js";

const MINUTES_MS = 300_000;
const XS = "node_modules/@agoric/xsnap/moddable/xs";
const DECLARATIONS = ["test/support/idf", "test/support/idf/sdk"];
const CHIPS = ["ESP32", "ESP32C3", "ESP32S3"] as const;
const HEADERS = { "mbedtls/ssl.h": "libmbedtls-dev", "sodium.h": "libsodium-dev" };

const sources = moduleSources(ROOT, "esp32").sources;

interface Attempt {
	readonly compiler?: string;
	readonly flags?: readonly string[];
	readonly paths?: readonly string[];
}

/** What the compiler says of `paths`, which are all C files of the chip without it. */
function complaints({ compiler = "gcc", flags = [], paths = sources }: Attempt): string {
	const folders = [...DECLARATIONS, ...headerFolders(ROOT)].map((path) => `-I${join(ROOT, path)}`);
	const system = ["includes", "platforms"].flatMap((name) => ["-isystem", join(ROOT, XS, name)]);
	const chosen = paths.map((path) => (path.startsWith("/") ? path : join(ROOT, path)));
	const warnings = ["-std=gnu17", "-Wall", "-Wextra", "-Wshadow", "-Wconversion", "-Werror"];
	const options = ["-fsyntax-only", ...warnings, "-DESP32=1", "-DESP_PLATFORM", ...flags];
	const result = spawnSync(compiler, [...options, ...folders, ...system, ...chosen], {
		encoding: "utf8",
	});
	return result.error ? String(result.error) : result.stderr;
}

function canCompile(compiler: string, ...flags: string[]): boolean {
	const text = "#include <stdlib.h>\n#include <sys/socket.h>\n";
	const parts = [...flags, "-fsyntax-only", "-x", "c", "-"];
	return spawnSync(compiler, parts, { input: text }).status === 0;
}

describe("the sources of the chip", () => {
	it("are every C file of modules that is not for Linux", () => {
		const linux = moduleSources(ROOT, "lin").sources;
		const forOne = allModuleSources(ROOT).filter((path) => !sources.includes(path));
		expect(sources.length).toBeGreaterThan(20);
		expect(sources.filter((path) => path.includes("-linux"))).toEqual([]);
		expect(forOne.filter((path) => !linux.includes(path))).toEqual([]);
	});
});

describeWhere(missingFor("gcc", HEADERS), "the C of the chip", () => {
	for (const chip of CHIPS) {
		it(
			`has nothing that gcc complains about, for ${chip}`,
			() => expect(complaints({ flags: [`-DHOLDFAST_CHIP_${chip}`] })).toBe(""),
			MINUTES_MS,
		);
	}

	it(
		"has none on a board with a light, a UART and a build time of its own",
		() => {
			const flags = ["-DHOLDFAST_CHIP_ESP32C3", "-DHOLDFAST_BOARD_WITH_ALL"];
			const paths = sources.filter((path) => /system-esp32|usb-serial-esp32/.test(path));
			expect(paths).toHaveLength(2);
			expect(complaints({ flags, paths })).toBe("");
		},
		MINUTES_MS,
	);

	(canCompile("gcc", "-m32") ? it : it.skip)(
		"has none with pointers of 32 bits",
		() => expect(complaints({ flags: ["-m32", "-DHOLDFAST_CHIP_ESP32C3"] })).toBe(""),
		MINUTES_MS,
	);

	(canCompile("clang") ? it : it.skip)(
		"has nothing that clang complains about",
		() => {
			const flags = ["-DHOLDFAST_CHIP_ESP32S3", "-Wno-unused-command-line-argument"];
			expect(complaints({ compiler: "clang", flags })).toBe("");
		},
		MINUTES_MS,
	);

	// Each is a mistake that the SDK's own flags would let pass, or that only the chip would show.
	const planted: readonly [name: string, path: string, from: string, to: string][] = [
		["a call without a prototype", "wifi/wifi-esp32.c", "esp_wifi_stop();", "esp_wifi_halt();"],
		["a wrong argument", "watchdog/watchdog-esp32.c", "gTimer, kWatchdogTickMs", "kWatchdogTickMs"],
		["a field that is not there", "clock/clock-esp32.c", ".wait_for_sync", ".waits"],
		["a missing header", "entropy/entropy-esp32.c", '#include "esp_random.h"', ""],
		["a result of another type", "nvs/nvs-esp32.c", "*scheme = nvs", "scheme = nvs"],
	];
	for (const [name, path, from, to] of planted) {
		it(`is refused with ${name}`, () => {
			const folder = new TemporaryFolder();
			const text = readFileSync(join(ROOT, "modules", path), "utf8");
			expect(text).toContain(from);
			const draft = join(folder.path, "planted.c");
			const moved = text.replace(/"\.\.\//g, `"${join(ROOT, "modules")}/`);
			writeFileSync(draft, moved.replace(from, to));
			const flags = ["-DHOLDFAST_CHIP_ESP32C3"];
			writeFileSync(join(folder.path, "sound.c"), moved);
			const sound = complaints({ flags, paths: [join(folder.path, "sound.c")] });
			const found = complaints({ flags, paths: [draft] });
			folder.remove();
			expect(sound).toBe("");
			expect(found).toMatch(/error:/);
		});
	}
});
