// `holdfast posture` as it is typed: what it prints, and how it ends.
import { readFileSync, writeFileSync } from "node:fs";
import { build, holdfast } from "../support/holdfast-command-line.js";
import { TemporaryFolder } from "../support/temporary-folder.js";

const PROFILE = ["--sdkconfig", "hosts/esp32/sdkconfig/production"];
const OTHERS = ["--partitions", "hosts/esp32/partitions.csv", "--manifest", "manifest.json"];
const TARGET = ["--target", "esp32c3"];

const folder = new TemporaryFolder();
beforeAll(build, 300_000);
afterAll(() => folder.remove());

describe("holdfast posture", () => {
	it("ends with 0 for the production profile on every chip", async () => {
		for (const chip of ["esp32", "esp32c3", "esp32s3"]) {
			const ran = await holdfast(["posture", ...PROFILE, ...OTHERS, "--target", chip, "--json"]);
			const told = JSON.parse(ran.output) as { isSafe: boolean; chip: string; judged: number };
			expect([ran.code, told.isSafe, told.chip]).toEqual([0, true, chip]);
			expect(told.judged).toBeGreaterThan(80);
		}
	});

	it("ends with 1, and says of an unsafe setting why and what mends it", async () => {
		const text = readFileSync("hosts/esp32/sdkconfig/production/sdkconfig.defaults", "utf8");
		const file = folder.file("sdkconfig.defaults");
		const chip = readFileSync("hosts/esp32/sdkconfig/production/sdkconfig.defaults.esp32c3");
		writeFileSync(file, text.replace("ENABLE_TO_NONE=y", "ENABLE_TO_UART=y"));
		writeFileSync(folder.file("sdkconfig.defaults.esp32c3"), chip);
		const ran = await holdfast(["posture", "--sdkconfig", folder.path, ...OTHERS, ...TARGET]);
		expect([ran.code, ran.output.split("\n").slice(0, 3)]).toEqual([
			1,
			[
				"unsafe: core-dump: CONFIG_ESP_COREDUMP_ENABLE_TO_NONE is not stated",
				expect.stringMatching(/^ +why: a core dump holds the keys in memory/) as string,
				"        mend: CONFIG_ESP_COREDUMP_ENABLE_TO_NONE=y",
			],
		]);
		expect(ran.output).toMatch(/1 rule of \d+ broken\n$/);
	});

	it("reads a device's report from standard input", async () => {
		const ran = await holdfast(["posture", "--report", "-"], '{"outcome":"done","detail":{}}');
		expect([ran.code, ran.output]).toEqual([1, expect.stringContaining("12 of 12 unsafe")]);
	});

	const wrong: [words: string[], complaint: string][] = [
		[[], "a build's folder, or --sdkconfig, --partitions and --manifest"],
		[["nowhere"], '"nowhere" is no folder'],
		[["nowhere", ...PROFILE], "do not go together"],
		[[...PROFILE, ...OTHERS], "--target: which chip a profile is judged for"],
		[[...PROFILE, ...OTHERS, "--target", "esp8266"], "--target: one of esp32, esp32c3"],
		[["--sdkconfig", "nothing", ...OTHERS, ...TARGET], "nothing cannot be read (ENOENT)"],
	];
	for (const [words, complaint] of wrong) {
		it(`ends with 2 for ${words.join(" ") || "nothing"}`, async () => {
			const ran = await holdfast(["posture", ...words]);
			expect([ran.code, ran.complaints]).toEqual([2, [expect.stringContaining(complaint)]]);
		});
	}

	it("ends with 1 for files that are something else", async () => {
		const ran = await holdfast(["posture", "--sdkconfig", "package.json", ...OTHERS, ...TARGET]);
		expect([ran.code, ran.complaints]).toEqual([
			1,
			['holdfast: package.json:1: not a setting: "{"'],
		]);
	});
});
