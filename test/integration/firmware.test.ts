// `npm run firmware` and `npm run flash` with stand-ins for SDK, ESP-IDF, esptool and npm.
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { BoardToolchain } from "../support/board-toolchain.js";
import { build } from "../support/holdfast-command-line.js";

const PRODUCTION = ["--target", "esp32c3", "--profile", "production"];
const DEVELOPMENT = ["--target", "esp32c3"];

let tools: BoardToolchain;
beforeAll(build, 300_000);
beforeEach(() => (tools = new BoardToolchain()));
afterEach(() => tools.remove());

describe("npm run firmware", () => {
	it("judges, builds, judges again and says what is in a production image", () => {
		const told = tools.run("build", PRODUCTION);
		expect([told.code, told.complaints.includes("holdfast:")]).toEqual([0, false]);
		const output = tools.path("build/firmware/esp32c3-production/output");
		expect(tools.calls()).toEqual([
			{
				program: "mcconfig",
				words: ["-m", "-p", "esp32/esp32c3", "-o", output, "-t", "build", "manifest.json"],
			},
		]);
		expect(told.output.match(/production image for esp32c3: all \d+ rules hold/g)).toHaveLength(2);
		expect(told.output).toMatch(/image in its slot +1048576 +1638400 +589824/);
		expect(told.output).toContain("npm audit: nothing is known");
		const file = tools.path("build/firmware/esp32c3-production/sbom.json");
		const bill = JSON.parse(readFileSync(file, "utf8")) as { components: { name: string }[] };
		expect(bill.components.map(({ name }) => name)).toEqual([
			"mqtt-packet",
			"Moddable SDK and XS",
			"ESP-IDF",
			"mbedtls",
			"libsodium",
		]);
		expect(told.output).toContain("the version of libsodium is stated nowhere");
	});

	it("hands mcconfig the settings of profile and target", () => {
		expect(tools.run("build", ["--target", "qemu"]).code).toBe(0);
		const file = tools.path("build/firmware/qemu-development/sdkconfig/sdkconfig.defaults");
		expect(readFileSync(file, "utf8")).toContain("CONFIG_ETH_USE_OPENETH=y");
		expect(tools.calls()[0]?.words.slice(1, 3)).toEqual(["-p", "esp32:./hosts/esp32/qemu"]);
	});

	it("builds nothing that is unsafe before, and keeps nothing that is unsafe after", () => {
		const production = "hosts/esp32/sdkconfig/production/sdkconfig.defaults";
		const text = readFileSync(tools.path(production), "utf8");
		expect(tools.run("build", PRODUCTION, { CONDUCT: "unsafe" })).toMatchObject({
			code: 1,
			output: expect.stringContaining("unsafe: console: CONFIG_ESP_CONSOLE_NONE is n") as string,
		});
		tools.write(production, text.replace("CONFIG_SECURE_BOOT=y", "CONFIG_SECURE_BOOT=n"));
		expect(tools.run("build", PRODUCTION)).toMatchObject({
			code: 1,
			output: expect.stringContaining("unsafe: secure-boot:") as string,
		});
		expect(tools.calls()).toHaveLength(1);
	});

	it("judges what the SDK's template leaves in, before anything is built", () => {
		const template = "sdk/build/devices/esp32/xsProj-esp32c3/sdkconfig.defaults";
		tools.write(template, "CONFIG_ESP_CONSOLE_NONE=n\nnot a setting\n");
		const told = tools.run("build", DEVELOPMENT);
		expect([told.code, told.complaints]).toEqual([1, expect.stringContaining("not a setting")]);
		expect(tools.calls()).toEqual([]);
	});

	it("says when an image is too large for its slot", () => {
		const told = tools.run("build", DEVELOPMENT, { CONDUCT: "too-large" });
		expect([told.code, told.output]).toEqual([1, expect.stringContaining("1 TOO MANY")]);
	});

	it("does not take an old image for a new one", () => {
		expect(tools.run("build", DEVELOPMENT).code).toBe(0);
		const told = tools.run("build", DEVELOPMENT, { CONDUCT: "no-image" });
		expect([told.code, told.complaints]).toEqual([1, expect.stringContaining("made no image")]);
		const failed = tools.run("build", DEVELOPMENT, { CONDUCT: "fails" });
		expect(failed.complaints).toContain("mcconfig ended with 2");
	});

	it("builds nothing for production with a known weakness, or when nobody could be asked", () => {
		const weak = '{"vulnerabilities":{"mqtt-packet":{"severity":"high"},"aedes":{}}}';
		const refused = tools.run("build", PRODUCTION, { AUDIT: weak });
		expect([refused.code, refused.output]).toEqual([
			1,
			expect.stringContaining("npm audit: mqtt-packet: high\n"),
		]);
		const silent = { AUDIT: '{"message":"request failed, reason: getaddrinfo ENOTFOUND"}' };
		const unanswered = tools.run("build", PRODUCTION, silent);
		expect([unanswered.code, unanswered.output]).toEqual([
			1,
			expect.stringContaining(
				"npm audit: NO ANSWER (request failed, reason: getaddrinfo ENOTFOUND)",
			),
		]);
		expect(tools.calls()).toEqual([]);
		expect(tools.run("build", [...PRODUCTION, "--allow-no-audit"], silent).code).toBe(0);
	});

	it("does nothing in a dry run, and needs nothing for it", () => {
		const told = tools.run("build", [...PRODUCTION, "--dry-run"], { MODDABLE: "" });
		expect([told.code, tools.calls()]).toEqual([0, []]);
		expect(told.output).toContain("missing: MODDABLE names no Moddable SDK");
		expect(told.output).toContain("would run: mcconfig -m -p esp32/esp32c3");
	});
});

describe("a missing tool", () => {
	const failure = (environment: Readonly<Record<string, string>>) => {
		const { code, complaints } = tools.run("build", DEVELOPMENT, environment);
		expect(code).toBe(1);
		return complaints;
	};

	it("is named, with what to install", () => {
		expect(failure({ MODDABLE: "" })).toContain("git clone --branch 8.2.3 https://github.com");
		expect(failure({ MODDABLE: tools.path("none") })).toContain("no Moddable SDK in MODDABLE=");
		expect(failure({ IDF_PATH: "" })).toContain("--branch v6.0 https://github.com/espressif");
		expect(failure({ IDF_PATH: tools.path("none") })).toContain("no ESP-IDF in IDF_PATH=");
		expect(failure({ PATH: "/nowhere" })).toContain("mcconfig is not built: make -C");
	});

	it("is named when it has another version", () => {
		tools.writeVersion(5, 5, 2);
		expect(failure({})).toContain("ESP-IDF 5.5.2 in ");
		tools.writeVersion(6, 0, 2);
		tools.write("sdk/tools/VERSION", "8.1.0");
		expect(failure({})).toContain("Moddable SDK 8.1.0 in ");
	});
});

describe("a wrong command line", () => {
	const wrong: [words: string[], complaint: string][] = [
		[["--target", "esp8266"], "--target: one of esp32, esp32c3, esp32s3, qemu"],
		[["--profile", "none"], "Allowed choices are production, development"],
		[["--target", "qemu", "--profile", "production"], "the emulator is no product"],
		[["--burn"], "unknown option '--burn'"],
	];
	for (const [words, complaint] of wrong) {
		it(`is refused: ${words.join(" ")}`, () => {
			const told = tools.run("build", words);
			expect([told.code, told.complaints]).toEqual([2, expect.stringContaining(complaint)]);
		});
	}
});

describe("npm run flash", () => {
	const MAC = "7c:df:a1:00:11:22";

	it("has the SDK flash an image for the bench", () => {
		expect(tools.run("flash", DEVELOPMENT).complaints).toContain("nothing is built there yet: ");
		tools.run("build", DEVELOPMENT);
		expect(tools.run("flash", [...DEVELOPMENT, "--port", "/dev/ttyX"]).code).toBe(0);
		const call = tools.calls().at(-1);
		expect([call?.words.includes("deploy"), call?.UPLOAD_PORT]).toEqual([true, "/dev/ttyX"]);
	});

	it("for production only says what it would do, and what that does to the chip", () => {
		tools.run("build", PRODUCTION);
		const told = tools.run("flash", PRODUCTION);
		expect(told.code).toBe(0);
		expect(told.output).toContain("espsecure sign-data --version 2 --keyfile KEY.pem");
		expect(told.output).toContain("IRREVERSIBLE");
		expect(told.output).toMatch(
			/0x0 SIGNED\/bootloader.bin 0xc000 \S+partition-table.bin 0xd000 \S+ 0x10000 SIGNED\/xs/,
		);
		expect(told.output).toContain("Nothing was done.");
		expect(tools.calls()).toHaveLength(1);
	});

	it("writes to the one board that is named, with signed images that are there", () => {
		tools.run("build", PRODUCTION);
		const burn = (...words: string[]) => {
			return tools.run("flash", [...PRODUCTION, "--burn-efuses-of", ...words]);
		};
		const signed = ["--signed", tools.path("signed")];
		expect(burn("all").complaints).toContain("--burn-efuses-of: an address");
		expect(burn(MAC).complaints).toContain("needs --signed");
		expect(burn(MAC, ...signed).complaints).toContain("needs --port");
		expect(burn(MAC, ...signed, "--port", "X").complaints).toContain("is not there");
		tools.writeSigned("esp32c3");
		const other = burn("00:00:00:00:00:01", ...signed, "--port", "X");
		expect([other.code, other.complaints]).toEqual([
			1,
			expect.stringContaining(`the board on X is ${MAC}, not 00:00:00:00:00:01: nothing written`),
		]);
		const isWritten = () => tools.calls().some(({ words }) => words.includes("write-flash"));
		expect(isWritten()).toBe(false);
		const dry = tools.run("flash", [
			...[...PRODUCTION, "--burn-efuses-of", MAC, ...signed, "--port", "X", "--dry-run"],
		]);
		expect([dry.code, isWritten()]).toEqual([0, false]);
		expect(burn(MAC, ...signed, "--port", "X").code).toBe(0);
		expect(isWritten()).toBe(true);
		const order = tools.calls().slice(-4);
		expect(order.map(({ program }) => program)).toEqual([
			...["esptool", "espefuse", "espefuse", "esptool"],
		]);
		const key = order[2];
		expect([key?.bytes, key?.words.slice(-4, -2)]).toEqual([32, ["burn-key", "BLOCK_KEY5"]]);
		expect(existsSync(key?.words.at(-2) ?? "/")).toBe(false);
	});

	it("writes no image but the signed form of what was judged", () => {
		tools.run("build", PRODUCTION);
		const words = [...PRODUCTION, "--signed", tools.path("signed"), "--port", "X"];
		const burn = () => tools.run("flash", [...words, "--burn-efuses-of", MAC]).complaints;
		const file = tools.path("signed/xs_esp32.bin");
		tools.writeSigned("esp32c3");
		const bytes = readFileSync(file);
		writeFileSync(file, bytes.subarray(0, 1_000_000));
		expect(burn()).toContain("xs_esp32.bin bears no signature: nothing written");
		bytes[999_999] = 1;
		writeFileSync(file, bytes);
		expect(burn()).toContain("xs_esp32.bin is not what was built and judged: nothing written");
		expect(tools.calls().map(({ program }) => program)).toEqual(["mcconfig"]);
	});

	it("burns no second key for NVS, and none where something else lies", () => {
		tools.run("build", PRODUCTION);
		tools.writeSigned("esp32c3");
		const words = [...PRODUCTION, "--signed", tools.path("signed"), "--port", "X"];
		const burn = (PURPOSE: string) => {
			return tools.run("flash", [...words, "--burn-efuses-of", MAC], { PURPOSE });
		};
		expect(burn("HMAC_UP").output).toContain("the key of NVS is burnt already");
		expect(burn("SECURE_BOOT_DIGEST0").complaints).toContain(
			"eFuse key block 5 is taken: SECURE_BOOT_DIGEST0",
		);
		expect(tools.calls().filter(({ bytes }) => bytes !== undefined)).toEqual([]);
		expect(tools.calls().filter(({ words }) => words.includes("write-flash"))).toHaveLength(1);
	});

	it("flashes no board with what is unsafe, and none in the emulator", () => {
		tools.run("build", PRODUCTION, { CONDUCT: "unsafe" });
		expect(tools.run("flash", PRODUCTION).complaints).toContain("it is not safe to ship");
		expect(tools.run("flash", ["--target", "qemu"]).code).toBe(2);
		expect(existsSync(tools.path("build/firmware/qemu-development"))).toBe(false);
	});
});
