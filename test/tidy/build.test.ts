// The build of the firmware as mcconfig would resolve it, for every platform it is made for: all
// files are there, every import has a script, every native name has C, and the rules of preload and
// of the heap hold. Each check is shown the repository with one line changed, and has to see it.

import { readFileSync } from "node:fs";
import { buildFindings, MAIN, moduleFindings, pathFindings } from "./build-checks.js";
import { resolveBuild } from "./manifest-resolver.js";
import { repositoryFiles } from "./repository.js";
import type { RepositoryFile } from "./repository.js";

type Files = readonly RepositoryFile[];

/** Stock targets stand for all: a target has no entry of its own. */
const CHIPS = ["esp32", "esp32/esp32c3", "esp32/esp32s3", "esp32/qemu"];
const PLATFORMS = [...CHIPS, "lin"];
const REFUSED = ["mac", "win", "esp", "pico", "wasm", "zephyr", "nrf52", "lin-x"];

describe("the build of the firmware", () => {
	const files = repositoryFiles();
	const modules = files
		.map(({ path }) => path)
		.filter((path) => /^modules\/[^/]+\/manifest\.json$/.test(path));
	/** The repository with `from` replaced by `to` in one file. */
	const changed = (path: string, from: string | RegExp, to: string): Files =>
		files.map((file) => {
			if (file.path !== path) return file;
			const text = file.text.replace(from, to);
			if (text === file.text) throw new Error(`${path}: nothing to replace`);
			return { path, text };
		});

	it("resolves for the chip, the emulator and the SDK's simulator", () => {
		for (const platform of PLATFORMS) expect(buildFindings(files, platform)).toEqual([]);
		const { scripts, sources } = resolveBuild(files, MAIN, "esp32");
		expect(scripts.get("holdfast/device")).toBe("build/device.js");
		expect(sources.size).toBeGreaterThan(15);
	});

	it("takes the same for every stock target as for the chip alone", () => {
		const [plain, ...targets] = CHIPS.slice(0, 3).map((name) => resolveBuild(files, MAIN, name));
		for (const target of targets) expect(target).toEqual(plain);
	});

	it("refuses every other platform with one sentence", () => {
		for (const platform of REFUSED) {
			expect(resolveBuild(files, MAIN, platform).errors).toHaveLength(1);
		}
		for (const path of modules) {
			expect(resolveBuild(files, path, "mac").errors).not.toEqual([]);
		}
	});

	it("has modules that another project can include by themselves", () => {
		expect(modules.length).toBeGreaterThan(10);
		expect(modules.flatMap((path) => moduleFindings(files, path))).toEqual([]);
	});

	it("is what mcpack finds when another package depends on this one", () => {
		const { exports } = JSON.parse(readFileSync("package.json", "utf8")) as {
			exports: Record<string, Record<string, string>>;
		};
		const { scripts } = resolveBuild(files, MAIN, "esp32");
		expect(exports["."]?.moddable).toBe(`./${scripts.get("holdfast/device") ?? ""}`);
	});

	it("finds the types of a specifier where its script is", () => {
		expect(pathFindings(files)).toEqual([]);
		const path = "hosts/esp32/tsconfig.json";
		expect(pathFindings(changed(path, "/nvs/nvs.ts", "/crypto/crypto.ts"))).toHaveLength(1);
	});

	const chip = "hosts/esp32/manifest-chip.json";
	const shared = "hosts/esp32/manifest.json";
	const bad: [name: string, path: string, from: string | RegExp, to: string][] = [
		["a manifest that is not there", MAIN, "manifest-wifi.json", "manifest-none.json"],
		["a module that is not there", shared, '"./abort"', '"./none"'],
		["an import that no manifest serves", "hosts/esp32/main.ts", "./abort.js", "./none.js"],
		["an SDK module that is not included", shared, "manifest_base", "manifest_other"],
		["a native name without C", "modules/nvs/nvs.ts", "xs_nvs_read", "xs_nvs_reed"],
		["C that is not linked", "modules/wifi/manifest.json", '"./wifi-esp32",', ""],
		["a header that cannot be found", "modules/nvs/manifest.json", '"./nvs-interface", ', ""],
		["a script that is not preloaded", MAIN, '"preload": ["holdfast/device"]', '"preload": []'],
		["a preload of nothing", MAIN, '["holdfast/device"]', '["holdfast/device", "none"]'],
		["a preloaded main", shared, '"preload": [', '"preload": ["hosts/esp32/main",'],
		["chunks that grow", MAIN, /"chunk": \{[^}]*\}/, '"chunk": { "initial": 1, "incremental": 1 }'],
		["slots that grow", MAIN, /"heap": \{[^}]*\}/, '"heap": { "initial": 1, "incremental": 1 }'],
		["a small native stack", MAIN, '"nativeStack": 16384', '"nativeStack": 10240'],
		["a main that is not there", MAIN, "hosts/esp32/main", "hosts/esp32/none"],
		["a short queue", chip, '"queueLength": 32', '"queueLength": 10'],
		["aborts without a cause", shared, '"abortHook": 1', '"abortHook": 0'],
	];
	for (const [name, path, from, to] of bad) {
		it(`is refused with ${name}`, () => {
			expect(buildFindings(changed(path, from, to), "esp32")).not.toEqual([]);
		});
	}

	it("is refused when the sdkconfig is not last", () => {
		const order = /("\.\/hosts\/esp32\/manifest-wifi\.json"),\s*("[^"]*sdkconfig\/manifest\.json")/;
		expect(buildFindings(changed(MAIN, order, "$2, $1"), "esp32")).toHaveLength(1);
	});

	it("is refused with a field in a class over Native", () => {
		const path = "modules/usb-serial/usb-serial.ts";
		const from = "\tconstructor(options: USBSerialOptions) {";
		const to = `\t#isClosed = false;\n${from}`;
		expect(buildFindings(changed(path, from, to), "lin")).toHaveLength(1);
	});

	it("is refused where a module hides the chip behind an entry for all targets", () => {
		const path = "modules/nvs/manifest.json";
		const hidden = changed(path, '"esp32": {', '"esp32/*": {},\n"esp32": {');
		expect(moduleFindings(hidden, path)).not.toEqual([]);
	});

	it("is refused when a module needs what its own manifest does not bring", () => {
		const path = "modules/key-store/manifest.json";
		expect(moduleFindings(changed(path, '"../tls-socket/compat", ', ""), path)).not.toEqual([]);
		const without = changed(path, '"../entropy/manifest.json", ', "");
		expect(moduleFindings(without, path)).not.toEqual([]);
		expect(moduleFindings(changed(path, '"idf": "mbedtls"', '"idf": "x"'), path)).toHaveLength(1);
		const folder = "$(IDF_PATH)/components/mbedtls/port/include/";
		expect(moduleFindings(changed(path, folder, "$(IDF_PATH)/x/"), path)).toHaveLength(1);
	});
});
