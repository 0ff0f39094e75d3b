// What the posture reads: sdkconfig, the merge of mcconfig, partition tables, the memory of XS.
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import {
	findBuild,
	imageSizes,
	readBuild,
	type BuildFiles,
} from "../../../../tools/posture/build-files.js";
import { budgetsOf, isKept } from "../../../../tools/posture/budgets.js";
import { readMakefile, readManifest } from "../../../../tools/posture/build-manifest.js";
import { creationOf, creationOfMakefile } from "../../../../tools/posture/creation.js";
import { mergeSettings } from "../../../../tools/posture/merge-settings.js";
import { parsePartitions } from "../../../../tools/posture/partition-table.js";
import { readProfile } from "../../../../tools/posture/profile.js";
import { parseSettings } from "../../../../tools/posture/settings.js";
import { TemporaryFolder } from "../../../support/temporary-folder.js";

const CREATION = "CREATION = -c 65536,0,4096,0,512,256,0,127,127,32768,1993,0,main,16384\n";
const GENERATED = '#\n# Automatically generated file. DO NOT EDIT.\nCONFIG_IDF_TARGET="esp32c3"\n';

const folders: TemporaryFolder[] = [];
afterEach(() => folders.splice(0).forEach((folder) => folder.remove()));

function temporaryFolder(): string {
	const folder = new TemporaryFolder();
	folders.push(folder);
	return folder.path;
}

function put(folder: string, files: Readonly<Record<string, string>>): string {
	for (const [path, text] of Object.entries(files)) {
		mkdirSync(dirname(join(folder, path)), { recursive: true });
		writeFileSync(join(folder, path), text);
	}
	return folder;
}

describe("Settings", () => {
	it("reads values, the later line over the earlier", () => {
		const text = 'CONFIG_A=y\n# a comment\n\nCONFIG_B="x \\"y\\""\r\nCONFIG_N=0xC000\nCONFIG_A=n\n';
		const settings = parseSettings(text, "file");
		expect([settings.get("A"), settings.get("B"), settings.number("N")]).toEqual([
			"n",
			'x "y"',
			0xc000,
		]);
		expect([settings.number("A"), settings.get("C"), settings.isComplete]).toEqual([
			undefined,
			undefined,
			false,
		]);
	});

	it("takes what is unset, or empty, for n", () => {
		const settings = parseSettings("# CONFIG_A is not set\nCONFIG_B=\n", "file");
		expect([settings.get("A"), settings.get("B")]).toEqual(["n", "n"]);
	});

	it("takes what the generator left out for n, and knows its chip", () => {
		const settings = parseSettings(GENERATED, "file");
		expect([settings.isComplete, settings.get("ANY"), settings.chip]).toEqual([
			true,
			"n",
			"esp32c3",
		]);
	});

	it("names the line that is no setting", () => {
		expect(() => parseSettings("CONFIG_A=y\nconfig_b=y", "sdkconfig")).toThrow("sdkconfig:2: not");
		expect(() => parseSettings("x".repeat(5_000_000), "sdkconfig")).toThrow("too long");
	});
});

describe("mergeSettings", () => {
	// Seen in the files that mcconfig of SDK 8.2.3 writes.
	it("replaces in place, appends the rest after an empty line, and empties what becomes n", () => {
		const template = "CONFIG_A=y\n# CONFIG_B is not set\nCONFIG_C=1\nCONFIG_D=y\n";
		const merged = mergeSettings(template, ["CONFIG_A=n\nCONFIG_B=y\n", "CONFIG_C=2\nCONFIG_E=n"]);
		expect(merged).toBe(
			"CONFIG_A=\n# CONFIG_B is not set\nCONFIG_C=2\nCONFIG_D=y\n\nCONFIG_B=y\nCONFIG_E=n\n",
		);
	});

	it("drops comments and what follows a second =", () => {
		expect(mergeSettings("", ["# CONFIG_A is not set\nCONFIG_B=c=d\n"])).toBe("\nCONFIG_B=c\n");
	});

	it("changes the last line of a template without a line end", () => {
		expect(mergeSettings("CONFIG_A=1", ["CONFIG_A=2"])).toBe("CONFIG_A=2");
	});
});

describe("readProfile", () => {
	it("lays the lines of chip and target over those for all", () => {
		const folder = put(temporaryFolder(), {
			"sdkconfig.defaults": "CONFIG_A=y\n",
			"sdkconfig.defaults.esp32c3": "CONFIG_A=n\n",
			"sdkconfig.defaults.qemu": "CONFIG_B=y\n",
		});
		expect(parseSettings(readProfile(folder, "qemu"), "profile").get("A")).toBe("n");
		expect(parseSettings(readProfile(folder, "qemu"), "profile").get("B")).toBe("y");
		expect(parseSettings(readProfile(folder, "esp32"), "profile").get("A")).toBe("y");
	});

	it("refuses what mcconfig would drop without a word", () => {
		const text = "CONFIG_A=y\n# CONFIG_B is not set\n";
		const folder = put(temporaryFolder(), { "sdkconfig.defaults": text });
		expect(() => readProfile(folder, "esp32")).toThrow("sdkconfig.defaults:2: mcconfig drops");
		put(folder, { "sdkconfig.defaults": "CONFIG_A=b=c\n" });
		expect(() => readProfile(folder, "esp32")).toThrow("sdkconfig.defaults:1: not a setting");
		expect(() => readProfile(join(folder, "none"), "esp32")).toThrow("no sdkconfig.defaults");
	});
});

describe("parsePartitions", () => {
	const parse = (text: string) => parsePartitions(text, "p.csv", 0x9000);

	it("reads sizes in each notation, and fills offsets in as ESP-IDF does", () => {
		const table = parse(
			"# all\nnvs, data, nvs, , 24K,\nota_0, app, ota_0, , 1M, \nx,0x40,1,,0x1000,",
		);
		expect(table.map(({ offset, size }) => [offset, size])).toEqual([
			[0x9000, 24 * 1024],
			[0x10000, 1024 * 1024],
			[0x110000, 0x1000],
		]);
	});

	const wrong: [what: string, line: string, complaint: string][] = [
		["a field too many", "a, data, nvs, , 4K, , ,", "more than six fields"],
		["a long name", "abcdefghijklmnop, data, nvs, , 4K,", "a name of 1 to 15"],
		["no subtype", "a, data, , , 4K,", "type or subtype"],
		["a size in words", "a, data, nvs, , large,", "not a size"],
		["no size", "a, data, nvs, ,,", "not a size"],
		["an app off its boundary", "a, app, ota_0, 0x11000, 1M,", '"a" is not aligned'],
		["an unknown flag", "a, data, nvs, , 4K, secret", "no such flag"],
		["a name twice", "nvs, data, nvs, , 4K,", "a second partition"],
	];
	for (const [what, line, complaint] of wrong) {
		it(`refuses ${what}`, () => {
			expect(() => parse(`nvs, data, nvs, , 4K,\n${line}`)).toThrow(`p.csv:2: ${complaint}`);
		});
	}

	it("refuses an empty table", () => {
		expect(() => parse("# nothing\n")).toThrow("no partitions");
	});
});

describe("creation", () => {
	const manifest = {
		static: 0,
		chunk: { initial: 65536, incremental: 0 },
		heap: { initial: 4096, incremental: 0 },
		stack: 512,
		nativeStack: 16384,
	};

	it("is the same from a manifest and from the makefile made of it", () => {
		expect(creationOf({ ...manifest, main: "main" }, "m")).toEqual(manifest);
		expect(creationOfMakefile(`A = b\n${CREATION}B = c\n`, "makefile")).toEqual(manifest);
	});

	it("is refused where it is missing or not whole", () => {
		const without = { ...manifest, nativeStack: -1 };
		expect(() => creationOf(undefined, "m.json")).toThrow("m.json: no creation");
		expect(() => creationOf(without, "m.json")).toThrow("creation.nativeStack: a count");
		expect(() => creationOfMakefile("CREATION = -c 1,2\n", "makefile")).toThrow("no CREATION");
		expect(() => creationOfMakefile("", "makefile")).toThrow("makefile: no CREATION");
	});
});

describe("a build's manifest", () => {
	const creation = {
		...{ static: 0, stack: 512, nativeStack: 16384 },
		chunk: { initial: 1000, incremental: 0 },
		heap: { initial: 2000, incremental: 0 },
	};

	it("is merged from includes as mcconfig merges them: each one over what it includes", () => {
		const folder = put(temporaryFolder(), {
			"manifest.json": JSON.stringify({
				creation,
				platforms: {
					"esp32/qemu": { include: "./never.json" },
					esp32: { include: ["./chip/manifest.json", "$(MODDABLE)/none.json"] },
				},
			}),
			"chip/manifest.json": JSON.stringify({
				include: "../deep.json",
				defines: { task: { queueLength: 40 } },
			}),
			"deep.json": JSON.stringify({
				creation: { static: 94208 },
				defines: { task: { queueLength: 5 }, xs: { abortHook: 1 } },
			}),
		});
		const read = readManifest(join(folder, "manifest.json"), "esp32c3");
		expect(read).toEqual({ creation, isDebug: false, hasAbortHook: true, queueLength: 40 });
		expect(() => readManifest(join(folder, "manifest.json"), "qemu")).toThrow("never.json cannot");
	});

	it("is refused when it is no JSON, or includes itself", () => {
		const folder = put(temporaryFolder(), {
			"a.json": '{"include":"./a.json"}',
			"b.json": "{",
		});
		expect(() => readManifest(join(folder, "a.json"), "esp32")).toThrow("include each other");
		expect(() => readManifest(join(folder, "b.json"), "esp32")).toThrow("b.json: not JSON");
	});

	it("is read from what mcconfig made", () => {
		const folder = put(temporaryFolder(), { makefile: `DEBUG = 1\n${CREATION}` });
		const file = join(folder, "makefile");
		expect(readMakefile(file)).toMatchObject({
			isDebug: true,
			hasAbortHook: false,
			queueLength: 10,
		});
		put(folder, {
			makefile: CREATION,
			"mc.defines.h": "#define MODDEF_XS_ABORTHOOK (1)\n#define MODDEF_TASK_QUEUELENGTH (32)\n",
		});
		expect(readMakefile(file)).toMatchObject({
			isDebug: false,
			hasAbortHook: true,
			queueLength: 32,
		});
	});
});

describe("findBuild", () => {
	const project = "tmp/esp32/esp32c3/release/holdfast";
	const files = {
		[`${project}/makefile`]: CREATION,
		[`${project}/xsProj-esp32c3/sdkconfig.mc`]: "CONFIG_A=y\n",
		[`${project}/xsProj-esp32c3/partitions.csv`]: "ota_0, app, ota_0, , 1M,\n",
	};

	it("finds one build below, and prefers what ESP-IDF generated", () => {
		const folder = put(temporaryFolder(), files);
		expect(findBuild(folder)).toMatchObject({ target: "esp32c3" });
		expect(readBuild(findBuild(folder)).settings.get("A")).toBe("y");
		put(folder, { [`${project}/xsProj-esp32c3/sdkconfig`]: GENERATED });
		expect(readBuild(findBuild(folder)).settings.isComplete).toBe(true);
	});

	it("says what is missing, or ambiguous", () => {
		const folder = temporaryFolder();
		expect(() => findBuild(folder)).toThrow("no folder xsProj-*");
		expect(() => findBuild(join(folder, "none"))).toThrow("is no folder");
		put(folder, files);
		put(folder, { "other/xsProj-esp32/sdkconfig.mc": "" });
		expect(() => findBuild(folder)).toThrow("more than one build");
	});

	it("measures the images that are there", () => {
		const folder = put(temporaryFolder(), files);
		const found: BuildFiles = findBuild(folder);
		expect(imageSizes(found)).toEqual({ application: undefined, bootloader: undefined });
		put(folder, {
			[`${project}/xsProj-esp32c3/build/xs_esp32.bin`]: "x".repeat(100),
			[`${project}/xsProj-esp32c3/build/bootloader/bootloader.bin`]: "x".repeat(30),
		});
		expect(imageSizes(found)).toEqual({ application: 100, bootloader: 30 });
	});

	it("refuses a target that is not the build's", () => {
		const folder = put(temporaryFolder(), files);
		put(folder, { [`${project}/xsProj-esp32c3/sdkconfig`]: GENERATED });
		const found = findBuild(folder);
		expect(() => readBuild({ ...found, target: "esp32" })).toThrow("is for esp32c3, not esp32");
		expect(readBuild({ ...found, target: "qemu" }).chip).toBe("esp32c3");
	});
});

describe("budgetsOf", () => {
	const build = (settings: string) => ({
		chip: "esp32" as const,
		settings: parseSettings(settings, "s"),
		partitions: parsePartitions("ota_0, app, ota_0, 0x10000, 128K,\n", "p", 0),
		manifest: {
			...{ isDebug: false, hasAbortHook: true, queueLength: 32 },
			creation: creationOfMakefile(CREATION, "m"),
		},
	});
	const kept = (settings: string, application: number, bootloader: number) => {
		return budgetsOf(build(settings), { application, bootloader }).map(isKept);
	};

	it("holds image and bootloader to what the table leaves them", () => {
		const table = "CONFIG_PARTITION_TABLE_OFFSET=0x8000\n";
		expect(kept(table, 128 * 1024, 0x7000)).toEqual([true, true, true, true]);
		expect(kept(table, 128 * 1024 + 1, 0x7001)).toEqual([true, true, false, false]);
	});

	it("adds what a signature takes", () => {
		const signed = "CONFIG_SECURE_BOOT=y\nCONFIG_PARTITION_TABLE_OFFSET=0x8000\n";
		expect(kept(signed, 0x1f000, 0x6000)).toEqual([true, true, true, true]);
		expect(kept(signed, 0x1f001, 0x6001)).toEqual([true, true, false, false]);
	});
});
